"""The Attention tab: who looks at whom, what flows into the answer, and how far to believe the maps of it."""

from __future__ import annotations

import gradio as gr

from vit_explorer.ui.attention.answers import place_explain, place_layers, place_no_attention, place_test
from vit_explorer.ui.attention.maps import place_heads, place_rollout
from vit_explorer.ui.core.session import Session


def place_attention(session: Session) -> None:
    """Place the tab: five views, one at a time; three of them have something else for a model without attention."""
    with gr.Tabs(elem_id="attention-tabs"):
        with gr.Tab("Heads", id="heads"):
            place_no_attention(session)
            place_heads(session)
        with gr.Tab("Rollout", id="rollout"):
            place_no_attention(session)
            place_rollout(session)
        with gr.Tab("Explain", id="explain"):
            place_explain(session)
        with gr.Tab("Test it", id="test"):
            place_test(session)
        with gr.Tab("Layers", id="layers"):
            place_no_attention(session)
            place_layers(session)
