"""A line about a trained network for lists and tables."""

from __future__ import annotations

from typing import Any

from vit_explorer.models.zoo import Checkpoint, model_spec


def model_summary(checkpoint: Checkpoint) -> dict[str, Any]:
    """What its card says; None for what it does not say."""
    card = checkpoint.card
    spec = model_spec(card["model"])
    return {
        "name": checkpoint.name,
        "title": card.get("title", spec.title),
        "short": card.get("short", spec.short),
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
