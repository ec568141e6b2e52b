"""Classify: a picture in every usable model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.data.dataset import DatasetError
from vit_explorer.ui.core.payloads import (
    PicturePayload,
    TimedPrediction,
    picture_payload,
    reading_order,
    timed_prediction,
)
from vit_explorer.ui.core.pictures import UnknownPicture
from vit_explorer.ui.core.requests import Fit
from vit_explorer.ui.core.session import Session

MOST = 12  # pictures that the page holds


@dataclass(frozen=True)
class ClassifyRequest:
    """A picture by its name."""

    picture: str
    fit: Fit


@dataclass(frozen=True)
class FindRequest:
    """Pictures by their names, as a link holds them."""

    pictures: tuple[str, ...]


class FoundPayload(TypedDict):
    """The pictures that are here, in the order in which they were named; ``missing`` counts the others."""

    pictures: list[PicturePayload]
    missing: int


class ClassifyPayload(TypedDict):
    """A prediction per model, in reading order."""

    results: list[TimedPrediction]


def find_pictures(session: Session, request: FindRequest) -> FoundPayload:
    """Find the first pictures of a list, as many as the page holds."""
    found, missing = list[PicturePayload](), 0
    for name in request.pictures[:MOST]:
        try:
            found.append(picture_payload(session.picture(name)))
        except (UnknownPicture, DatasetError):
            missing += 1
    return {"pictures": found, "missing": missing}


def classify_picture(session: Session, request: ClassifyRequest) -> ClassifyPayload:
    """Predict with every usable model."""
    picture = session.picture(request.picture)
    usable, _ = session.checkpoints()
    return {"results": [timed_prediction(picture, one, request.fit) for one in reading_order(usable)]}
