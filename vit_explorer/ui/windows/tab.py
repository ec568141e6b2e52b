"""The Windows tab: the inside of a Swin on the image, and the cost of attention in windows."""

from __future__ import annotations

import threading
from pathlib import Path

import gradio as gr

from vit_explorer.ui.core.jobs import Jobs
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.windows.cost import WindowTimes, start_windows
from vit_explorer.ui.windows.payload import window_weights, windows_payload
from vit_explorer.ui.windows.unmasked import answer_unmasked


def place_windows(session: Session, runs_folder: Path, machine: threading.Lock) -> None:
    """Place the tab: a bar that requests the data of all views, and four views, one at a time.

    Args:
        runs_folder: measurements are kept in its measurements/windows.jsonl; ``machine`` is held while one is taken.
    """
    widget(
        __file__, "windows-bar", serve(session, windows=windows_payload, weights=window_weights), elem_id="windows-bar"
    )
    masks = serve(session, unmasked=answer_unmasked)
    with gr.Tabs(elem_id="windows-tabs"):
        with gr.Tab("Step by step", id="steps"):
            widget(__file__, "windows-steps", masks, elem_id="windows-steps")
        with gr.Tab("Masks", id="masks"):
            widget(__file__, "windows-masks", masks, elem_id="windows-masks")
            widget(__file__, "windows-bias", elem_id="windows-bias")
        with gr.Tab("Hierarchy", id="hierarchy"):
            widget(__file__, "windows-pyramid", elem_id="windows-pyramid")
        with gr.Tab("Cost", id="cost"):
            jobs = Jobs(machine, WindowTimes(runs_folder / "measurements" / "windows.jsonl"))
            measured = serve(windows_measured=jobs.status, stop_windows=jobs.stop)
            widget(
                __file__,
                "windows-cost",
                [*serve(jobs, measure_windows=start_windows), *measured],
                elem_id="windows-cost",
            )
