"""The Windows tab: a Swin from the inside, on the picture at hand, and what its windows cost."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import gradio as gr

from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.windows.cost import place_windows_cost
from vit_explorer.ui.windows.payload import windows_payload


def place_windows(session: Session, runs_folder: Path, machine: threading.Lock) -> None:
    """Place the tab: a bar that asks the server for all its views, and four views, one at a time.

    Args:
        runs_folder: where measurements are kept; ``machine`` is held while one is taken.
    """

    @answered
    def windows(request: dict[str, Any]) -> dict[str, Any]:
        return windows_payload(session, request)

    widget(__file__, "windows-bar", [windows], elem_id="windows-bar")
    with gr.Tabs(elem_id="windows-tabs"):
        with gr.Tab("Step by step", id="steps"):
            widget(__file__, "windows-steps", elem_id="windows-steps")
        with gr.Tab("Masks", id="masks"):
            widget(__file__, "windows-masks", elem_id="windows-masks")
            widget(__file__, "windows-bias", elem_id="windows-bias")
        with gr.Tab("Hierarchy", id="hierarchy"):
            widget(__file__, "windows-pyramid", elem_id="windows-pyramid")
        with gr.Tab("Cost", id="cost"):
            place_windows_cost(runs_folder, machine)
