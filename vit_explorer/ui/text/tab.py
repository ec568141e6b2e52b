"""The Roots tab: a text Transformer from the inside, how it decodes, and what the key-value cache saves."""

from __future__ import annotations

import threading

import gradio as gr

from vit_explorer.ui.core.jobs import Jobs
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.text.cache import DecodeTimes, start_decoding
from vit_explorer.ui.text.decoding import beam_payload, find_difference
from vit_explorer.ui.text.networks import TextNetworks
from vit_explorer.ui.text.sequence import sequence_payload


def place_text(machine: threading.Lock) -> None:
    """Place the tab: a bar that reads a sequence for all views, and three views, one at a time.

    Args:
        machine: held while decoding is timed.
    """
    networks = TextNetworks()
    widget(__file__, "text-bar", serve(networks, read_sequence=sequence_payload), elem_id="text-bar")
    with gr.Tabs(elem_id="text-tabs", elem_classes="vx-subtabs"):
        with gr.Tab("Cross-attention", id="cross"):
            widget(__file__, "text-sequence", elem_id="text-sequence")
            widget(__file__, "text-inside", elem_id="text-inside")
            widget(__file__, "text-bridge", elem_id="text-bridge")
        with gr.Tab("Decoding", id="decoding"):
            functions = serve(networks, search_beam=beam_payload, find_difference=find_difference)
            widget(__file__, "text-decoding", functions, elem_id="text-decoding")
        with gr.Tab("KV cache", id="cache"):
            jobs = Jobs(machine, DecodeTimes())
            measured = serve(decoding_measured=jobs.status, stop_decoding=jobs.stop)
            functions = [*serve(jobs, measure_decoding=start_decoding), *measured]
            widget(__file__, "text-cache", functions, elem_id="text-cache")
