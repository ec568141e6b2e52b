"""The views of the Attention tab that answer: explain a prediction, test it, follow it layer by layer."""

from __future__ import annotations

from typing import Any

from vit_explorer.ui.attention.ablate import predict_ablated
from vit_explorer.ui.attention.explain import explain_maps, explain_picture
from vit_explorer.ui.attention.features import feature_maps
from vit_explorer.ui.attention.files import export_explanations, export_layers, export_test
from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.widget import widget


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
