"""The Classify tab: a visitor's own pictures, each classified by every usable model, side by side."""

from __future__ import annotations

from statistics import median
from typing import Any

from vit_explorer.models.summary import model_summary
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.answers import answered
from vit_explorer.ui.frame import keep_upload
from vit_explorer.ui.payloads import prediction_payload
from vit_explorer.ui.session import Picture, Session
from vit_explorer.ui.widgets import ServerFunction, widget

TIMED_PASSES = 3
LEADING_DATASET = "cifar10"  # models trained on it come first: its classes are things that people photograph


def place_classify(session: Session) -> None:
    """Place the tab; its script first shows the picture at the left, then what the visitor adds."""
    widget("classify", classify_functions(session), elem_id="classify")


def classify_functions(session: Session) -> list[ServerFunction]:
    """What the tab's script may call: ``take`` and ``classify``."""

    @answered
    def take(request: dict[str, Any]) -> dict[str, Any]:
        """{title, data: base64} -> the payload of the picture, which is kept in memory only."""
        return keep_upload(session, request)

    @answered
    def classify(request: dict[str, Any]) -> dict[str, Any]:
        """{picture, fit} -> {results}: of each usable model its summary and its prediction, in reading order."""
        picture = session.picture(request["picture"])
        usable, _ = session.checkpoints()
        return {"results": [timed_prediction(picture, one, request["fit"]) for one in reading_order(usable)]}

    return [take, classify]


def reading_order(checkpoints: list[Checkpoint]) -> list[Checkpoint]:
    """Models trained on CIFAR-10 first, then by the name of their dataset; else as they came."""

    def place(checkpoint: Checkpoint) -> tuple[bool, str]:
        data = checkpoint.card["dataset"]["name"]
        return data != LEADING_DATASET, data

    return sorted(checkpoints, key=place)


def timed_prediction(picture: Picture, checkpoint: Checkpoint, fit: str) -> dict[str, Any]:
    """A model's summary and its prediction; ``seconds`` is the plain forward pass of this one picture, here and now.

    A first pass through a model also pays for memory and for the choice of kernels: it is thrown away, untimed. Then
    ``timed_passes`` follow, and ``seconds`` is their median, so that one moment of a busy machine does not decide.
    """
    prediction_payload(picture, checkpoint, fit)
    passes = [prediction_payload(picture, checkpoint, fit) for _ in range(TIMED_PASSES)]
    seconds = median(one["seconds"] for one in passes)
    return {**model_summary(checkpoint), **passes[-1], "seconds": seconds, "timed_passes": TIMED_PASSES}
