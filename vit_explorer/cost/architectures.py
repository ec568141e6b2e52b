"""The table of architectures: cost, growth, accuracy and time on this machine."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import torch

from vit_explorer.cost.growth import Doubled, attention_growth, doubled_cost
from vit_explorer.cost.model_timing import Passed, Timed, time_models
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.summary import model_summary
from vit_explorer.models.zoo import MODELS, create_model


def architecture_rows(checkpoints: Sequence[Checkpoint], grown: bool = True) -> list[dict[str, Any]]:
    """Rows of the checkpoints, then of the kinds of network without one.

    Args:
        grown: count what twice the side costs, which takes seconds the first time; without, both numbers are None.
    Returns:
        of each ``model_summary``, and: "law" of attention and its "tokens" and "window", "side" of the image,
        "doubled" (the factor by which its multiply-adds rise when the side doubles), "twice" (that many), "trained".
    """
    known = {checkpoint.card["model"] for checkpoint in checkpoints}
    rows = [_row(checkpoint) for checkpoint in checkpoints] + [_untrained(kind) for kind in MODELS if kind not in known]
    return [{**row, **(_growth(row) if grown else {"doubled": None, "twice": None})} for row in rows]


def _row(checkpoint: Checkpoint) -> dict[str, Any]:
    card, model = checkpoint.card, checkpoint.model
    recipe, summary = card.get("recipe", {}), model_summary(checkpoint)
    overrides = json.dumps(card["overrides"], sort_keys=True)
    return {
        **summary,
        "multiply_adds": summary["multiply_adds"] or _counted(card["model"], overrides, model.img_size).once,
        "epochs": card.get("epochs_trained", recipe.get("epochs")),
        "teacher": recipe.get("teacher", "").rpartition("/")[2] or None,
        "trained": True,
        **asdict(attention_growth(model)),
        "side": model.img_size,
        "overrides": overrides,
    }


@lru_cache(maxsize=len(MODELS))
def _untrained(kind: str) -> dict[str, Any]:
    with torch.random.fork_rng(devices=[]):
        model = create_model(kind)
    names = ("data", "n_classes", "n_train", "n_test", "test_accuracy", "epochs", "augment", "teacher")
    return {
        "name": kind,
        "title": MODELS[kind].title,
        "short": MODELS[kind].short,
        "gist": MODELS[kind].gist,
        "architecture": kind,
        **dict.fromkeys(names),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
        "multiply_adds": _counted(kind, "{}", model.img_size).once,
        "trained": False,
        **asdict(attention_growth(model)),
        "side": model.img_size,
        "overrides": "{}",
    }


def _growth(row: Mapping[str, Any]) -> dict[str, Any]:
    cost = _counted(row["architecture"], row["overrides"], row["side"])
    return {"doubled": cost.factor, "twice": cost.twice}


@lru_cache(maxsize=64)
def _counted(kind: str, overrides: str, side: int) -> Doubled:
    """The same network is counted once."""
    return doubled_cost(kind, json.loads(overrides), side)


def time_architectures(checkpoints: Sequence[Checkpoint]) -> Iterator[Passed | Timed]:
    """Time all rows in turns, untrained kinds with fresh weights."""
    rows = architecture_rows(checkpoints, grown=False)
    models = {checkpoint.name: checkpoint.model for checkpoint in checkpoints}
    with torch.random.fork_rng(devices=[]):
        models |= {row["name"]: create_model(row["name"]).eval() for row in rows if not row["trained"]}
    yield from time_models(models, {row["name"]: row["multiply_adds"] for row in rows})
