"""What a model confuses: its answers to the test pictures of its dataset, and the pictures behind each number."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import Annotated, Literal, TypedDict

import torch

from vit_explorer.explain.confusion import confusion_matrix, most_confused, precision, recall
from vit_explorer.figures.confusion import confusion_figure
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.summary import model_summary
from vit_explorer.ui.compare.predictions import Predictions, PredictionStore
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.datasets import Source
from vit_explorer.ui.core.downloads import FileAnswer, csv_bytes, export_file
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.payloads import PicturePayload, picture_payload
from vit_explorer.ui.core.requests import Range
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session

PAIRS = 12  # of classes that are confused most
MAX_PICTURES = 24  # of a cell in one answer


@dataclass(frozen=True)
class ConfusionRequest:
    """A model, and the secret of a visitor, whose own data may be the model's."""

    model: str
    owner: str


@dataclass(frozen=True)
class CellRequest(ConfusionRequest):
    """A cell of the matrix; ``first``: the number of the first picture wanted."""

    truth: Annotated[int, Range(0, 999)]
    answer: Annotated[int, Range(0, 999)]
    first: Annotated[int, Range(0, 10_000_000)]


@dataclass(frozen=True)
class ConfusionExport(ConfusionRequest):
    """The matrix of a model in a format."""

    format: str


class PairPayload(TypedDict):
    """So many pictures of class ``truth`` were called ``answer``."""

    truth: int
    answer: int
    count: int


class StatedAccuracy(TypedDict):
    """What a card says: the share of so many test pictures that the network answers rightly."""

    accuracy: float
    n_test: int


class ConfusionPayload(TypedDict):
    """``state``: "none" if no test pictures are here, for a ``reason``; "counting" with ``done`` of ``total``; "ready".

    ``cells`` (k, 3): truth, answer and count where it is not 0. ``recall`` and ``precision`` are shares per
    class, None without pictures. ``data`` is what people call the dataset. ``accuracy`` is that of these counts,
    ``stated`` the card's.
    """

    model: str
    state: Literal["none", "counting", "ready"]
    reason: str | None
    data: str
    done: int
    total: int
    classes: list[str]
    accuracy: float | None
    stated: StatedAccuracy | None
    cells: Packed | None
    recall: list[float | None]
    precision: list[float | None]
    pairs: list[PairPayload]


class ConfusedPicture(PicturePayload):
    """A picture with the ``probability`` of the model's answer."""

    probability: float


class ConfusedPayload(TypedDict):
    """Pictures of a cell from the ``first`` on, those the model is surest of first; ``total`` of the cell."""

    first: int
    total: int
    pictures: list[ConfusedPicture]


def count_confusions(session: Session, store: PredictionStore, request: ConfusionRequest) -> ConfusionPayload:
    """Count what a model confuses, or tell how far the counting is."""
    checkpoint = session.checkpoint(request.model)
    source, reason = _source_of(session, checkpoint, request.owner)
    if source is None:
        return _payload(checkpoint, "none", checkpoint.card["dataset"]["name"], reason=reason)
    found = store.of(checkpoint, source)
    if found.fault:
        raise UserError(found.fault)
    if not found.complete:
        return _payload(checkpoint, "counting", source.title, done=found.done, total=found.total)
    matrix = confusion_matrix(source.test.y, found.answers, len(checkpoint.class_names))
    places = matrix.nonzero()
    return {
        **_payload(checkpoint, "ready", source.title, done=found.total, total=found.total),
        "accuracy": float(matrix.diagonal().sum()) / found.total,
        "cells": pack(torch.cat([places, matrix[places[:, 0], places[:, 1], None]], dim=1)),
        "recall": [_share(value) for value in recall(matrix).tolist()],
        "precision": [_share(value) for value in precision(matrix).tolist()],
        "pairs": [{"truth": t, "answer": a, "count": n} for t, a, n in most_confused(matrix, PAIRS)],
    }


def list_cell(session: Session, store: PredictionStore, request: CellRequest) -> ConfusedPayload:
    """List the test pictures behind a cell. Raises UserError while they are counted."""
    found = _complete(session, store, request)
    cell = (found.source.test.y == request.truth) & (found.answers == request.answer)
    places = cell.nonzero().flatten()
    ordered = places[found.probabilities[places].argsort(descending=True, stable=True)]
    shown = ordered[request.first : request.first + MAX_PICTURES].tolist()
    pictures: list[ConfusedPicture] = [
        {
            **picture_payload(session.picture(f"{found.source.name}:{index}")),
            "probability": float(found.probabilities[index]),
        }
        for index in shown
    ]
    return {"first": request.first, "total": len(ordered), "pictures": pictures}


@terms(long=True)
def export_confusions(session: Session, store: PredictionStore, request: ConfusionExport) -> FileAnswer:
    """Write the matrix to a file: a row per true class, a column per answer."""
    found = _complete(session, store, request)
    names = found.checkpoint.class_names
    matrix = confusion_matrix(found.source.test.y, found.answers, len(names))
    right = float(matrix.diagonal().sum()) / found.total
    title = f"{found.checkpoint.name}: {right:.2%} right on {found.total:,} test images of {found.source.title}"
    caption = "Rows are true classes, columns the model's answers; colours are the share of the row."
    return export_file(
        f"{found.checkpoint.name}-confusions",
        request.format,
        lambda: confusion_figure(matrix.numpy(), names, title, caption),
        {"csv": lambda: csv_bytes(_table(names, matrix.tolist()))},
    )


def _table(names: list[str], rows: list[list[int]]) -> str:
    text = io.StringIO()
    table = csv.writer(text)
    table.writerow(["true class", *names])
    table.writerows([name, *row] for name, row in zip(names, rows, strict=True))
    return text.getvalue()


def _complete(session: Session, store: PredictionStore, request: ConfusionRequest) -> Predictions:
    checkpoint = session.checkpoint(request.model)
    source, reason = _source_of(session, checkpoint, request.owner)
    if source is None:
        raise UserError(reason)
    found = store.of(checkpoint, source)
    if not found.complete:
        raise UserError("The answers are still being counted: wait for the matrix.")
    return found


def _source_of(session: Session, checkpoint: Checkpoint, secret: str) -> tuple[Source | None, str]:
    """The dataset that a model was trained on, by its name and its classes; None with the reason."""
    data, names = checkpoint.card["dataset"]["name"], tuple(checkpoint.class_names)
    if not names:
        return None, f"{checkpoint.name} has no head: it predicts no class."
    held = [one.name for one in session.brought.of(secret) if one.complete] if session.brought else []
    usable = session.datasets.usable(brought=held)
    for source in usable.sources:
        if data in (source.name, source.title) and source.names == names:
            return source, ""
    if any(reading.name == data for reading in usable.reading):
        return None, f"The pictures of {data} are still being read."
    return None, f"No test pictures of {data}, which {checkpoint.name} was trained on, are on this machine."


def _payload(
    checkpoint: Checkpoint,
    state: Literal["none", "counting", "ready"],
    data: str,
    reason: str | None = None,
    done: int = 0,
    total: int = 0,
) -> ConfusionPayload:
    return {
        "model": checkpoint.name,
        "state": state,
        "reason": reason,
        "data": data,
        "done": done,
        "total": total,
        "classes": checkpoint.class_names,
        "accuracy": None,
        "stated": _stated(checkpoint),
        "cells": None,
        "recall": [],
        "precision": [],
        "pairs": [],
    }


def _stated(checkpoint: Checkpoint) -> StatedAccuracy | None:
    told = model_summary(checkpoint)
    accuracy, n_test = told["test_accuracy"], told["n_test"]
    return None if accuracy is None or n_test is None else {"accuracy": accuracy, "n_test": n_test}


def _share(value: float) -> float | None:
    return None if math.isnan(value) else value
