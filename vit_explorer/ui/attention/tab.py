"""The Attention tab: who looks at whom, what flows into the answer, and how far to believe the maps of it."""

from __future__ import annotations

from typing import Any

import gradio as gr

from vit_explorer.ui.attention.ablate import export_test, predict_ablated
from vit_explorer.ui.attention.explain import explain_maps, explain_picture, export_explanations
from vit_explorer.ui.attention.features import feature_maps
from vit_explorer.ui.attention.heads import export_heads, matrix_of, rows_of
from vit_explorer.ui.attention.layers import export_layers
from vit_explorer.ui.attention.request import look
from vit_explorer.ui.attention.rollout import export_rollout, stack_of
from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget


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


def place_heads(session: Session) -> None:
    """Place the view of all heads. It is drawn from the trace's payload; where weights are many, rows are fetched."""

    @answered
    def attention_rows(request: dict[str, Any]) -> dict[str, Any]:
        return rows_of(look(session, request), request)

    @answered
    def attention_matrix(request: dict[str, Any]) -> dict[str, Any]:
        return matrix_of(look(session, request), request)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_heads(look(session, request), request)

    widget(__file__, "attention-heads", [attention_rows, attention_matrix], elem_id="attention-heads")
    widget(__file__, "attention-export", [export], elem_id="attention-heads-export")


def place_rollout(session: Session) -> None:
    """Place the view of the rollout; each change of an option asks the server for all its steps."""

    @answered
    def rollout_stack(request: dict[str, Any]) -> dict[str, Any]:
        return stack_of(look(session, request), request)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_rollout(look(session, request), request)

    widget(__file__, "attention-rollout", [rollout_stack], elem_id="attention-rollout")
    widget(__file__, "attention-export", [export], elem_id="attention-rollout-export")


def place_no_attention(session: Session) -> None:
    """Place what a model without attention has instead; it hides itself for every other."""

    @answered
    def features(request: dict[str, Any]) -> dict[str, Any]:
        return feature_maps(session, request)

    widget(__file__, "attention-none", [features])


def place_explain(session: Session) -> None:
    """Place the maps of one prediction with their scores. The maps come first, the scores take about a second."""

    @answered
    def maps(request: dict[str, Any]) -> dict[str, Any]:
        return explain_maps(session, request)

    @answered
    def scores(request: dict[str, Any]) -> dict[str, Any]:
        return explain_picture(session, request)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_explanations(session, request)

    widget(__file__, "explain", [maps, scores, export], elem_id="attention-explain")


def place_test(session: Session) -> None:
    """Place the picture and the network that a person takes parts away from."""

    @answered
    def test_prediction(request: dict[str, Any]) -> dict[str, Any]:
        return predict_ablated(session, request)

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_test(session, request)

    widget(__file__, "ablate", [test_prediction, export], elem_id="attention-test")


def place_layers(session: Session) -> None:
    """Place the logit lens and the distances; both are drawn from the trace, the server only makes their figure."""

    @answered
    def export(request: dict[str, Any]) -> dict[str, Any]:
        return export_layers(session, request)

    widget(__file__, "layers", [export], elem_id="attention-layers")
