"""The Attention tab: attention weights, what flows into the prediction, and how faithful maps of it are."""

from __future__ import annotations

import gradio as gr

from vit_explorer.ui.attention.ablate import export_ablation, predict_ablated
from vit_explorer.ui.attention.explain import (
    explain_maps,
    explain_progress,
    explain_scores,
    export_explanations,
    leave_scores,
)
from vit_explorer.ui.attention.features import feature_maps
from vit_explorer.ui.attention.heads import attention_layer, attention_matrix, attention_rows, export_heads
from vit_explorer.ui.attention.inside import export_inside, look_inside
from vit_explorer.ui.attention.layers import export_layers
from vit_explorer.ui.attention.rollout import export_rollout, rollout_stack
from vit_explorer.ui.attention.tryall import leave_try, try_all, try_progress
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch
from vit_explorer.ui.core.widget import widget


def place_attention(session: Session) -> None:
    """Place the tab: six views, one at a time; four of them have something else for a model without attention."""
    with gr.Tabs(elem_id="attention-tabs", elem_classes="vx-subtabs"):
        with gr.Tab("Heads", id="heads"):
            place_no_attention(session)
            heads = serve(
                session,
                attention_rows=attention_rows,
                attention_matrix=attention_matrix,
                attention_layer=attention_layer,
                export=export_heads,
            )
            widget(__file__, "attention-heads", heads, elem_id="attention-heads")
        with gr.Tab("Inside a head", id="inside"):
            place_no_attention(session)
            inside = serve(session, inside=look_inside, export=export_inside)
            widget(__file__, "inside", inside, elem_id="attention-inside")
        with gr.Tab("Rollout", id="rollout"):
            place_no_attention(session)
            rollout = serve(session, rollout_stack=rollout_stack, export=export_rollout)
            widget(__file__, "attention-rollout", rollout, elem_id="attention-rollout")
        with gr.Tab("Explain", id="explain"):
            watch = Watch()
            explain = [
                *serve(session, maps=explain_maps, export=export_explanations),
                *serve(session, watch, scores=explain_scores, progress=explain_progress),
                *serve(watch, leave=leave_scores),
            ]
            widget(__file__, "explain", explain, elem_id="attention-explain")
        with gr.Tab("Test it", id="test"):
            trying = Watch()
            ablate = [
                *serve(session, test_prediction=predict_ablated, maps=explain_maps, export=export_ablation),
                *serve(session, trying, try_all=try_all),
                *serve(trying, try_progress=try_progress, leave_try=leave_try),
            ]
            widget(__file__, "ablate", ablate, elem_id="attention-test")
        with gr.Tab("Layers", id="layers"):
            place_no_attention(session)
            widget(__file__, "layers", serve(session, export=export_layers), elem_id="attention-layers")


def place_no_attention(session: Session) -> None:
    """Place the view that a model without attention shows instead; it hides itself for all others."""
    widget(__file__, "attention-none", serve(session, features=feature_maps))
