"""A line about a trained network for lists and tables."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import TypedDict

from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.zoo import model_spec


class ModelSummary(TypedDict):
    """Facts about a trained network; None where the card states none.

    ``title``, ``short`` and ``gist`` are those of its ``architecture``; ``data``, ``n_train``, ``n_test``, ``epochs``
    and ``augment`` are of its training.
    """

    name: str
    title: str
    short: str
    gist: str
    architecture: str
    data: str
    n_classes: int
    n_train: int | None
    n_test: int | None
    test_accuracy: float | None
    parameters: int
    multiply_adds: int | None
    epochs: float | None
    augment: str | None


def in_percent(accuracy: float) -> Decimal:
    """An accuracy, 0 to 1, in percent with one digit, halves upwards, as JavaScript's toFixed rounds."""
    return Decimal(100 * accuracy).quantize(Decimal("0.1"), ROUND_HALF_UP)


def accuracy_percent(accuracy: float) -> str:
    """An accuracy, 0 to 1, as the documents and the page print it: "85.2 %"."""
    return f"{in_percent(accuracy)} %"


def model_summary(checkpoint: Checkpoint) -> ModelSummary:
    """Facts from a checkpoint's card; None for a missing one."""
    card = checkpoint.card
    spec = model_spec(card["model"])
    return {
        "name": checkpoint.name,
        "title": card.get("title", spec.title),
        "short": card.get("short", spec.short),
        "gist": spec.gist,
        "architecture": card["model"],
        "data": card["dataset"]["name"],
        "n_classes": len(checkpoint.class_names),
        "n_train": card["dataset"].get("n_train"),
        "n_test": card["dataset"].get("n_test"),
        "test_accuracy": card.get("test_accuracy"),
        "parameters": sum(parameter.numel() for parameter in checkpoint.model.parameters()),
        "multiply_adds": card.get("multiply_adds"),
        "epochs": card.get("recipe", {}).get("epochs"),
        "augment": card.get("recipe", {}).get("augment"),
    }
