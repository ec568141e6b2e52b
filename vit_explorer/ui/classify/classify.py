"""Classify: a picture in every usable model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.ui.core.payloads import TimedPrediction, reading_order, timed_prediction
from vit_explorer.ui.core.requests import Fit
from vit_explorer.ui.core.session import Session


@dataclass(frozen=True)
class ClassifyRequest:
    """A picture by its name."""

    picture: str
    fit: Fit


class ClassifyPayload(TypedDict):
    """A prediction per model, in reading order."""

    results: list[TimedPrediction]


def classify_picture(session: Session, request: ClassifyRequest) -> ClassifyPayload:
    """Predict with every usable model."""
    picture = session.picture(request.picture)
    usable, _ = session.checkpoints()
    return {"results": [timed_prediction(picture, one, request.fit) for one in reading_order(usable)]}
