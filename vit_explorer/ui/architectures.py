"""The table of architectures: what each costs, how that grows and what it reached; and what others published."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from functools import lru_cache
from typing import Any

import torch

from vit_explorer.explain.growth import Doubled, attention_growth, doubled_cost
from vit_explorer.explain.model_timing import Passed, Timed, time_models
from vit_explorer.models.published import PUBLISHED, Published
from vit_explorer.models.zoo import MODELS, Checkpoint, create_model
from vit_explorer.ui.payloads import model_summary
from vit_explorer.ui.session import Session

PLAIN = "none"  # the pre-training of a line without any


def architecture_rows(session: Session, grown: bool = True) -> list[dict[str, Any]]:
    """A row for each usable checkpoint, then one for each kind of network that has none, which has no accuracy.

    Args:
        grown: count what twice the side costs, which takes seconds the first time; without, both numbers are None.
    Returns:
        of each ``model_summary``, and: "law" of attention and its "tokens" and "window", "side" of the picture,
        "doubled" (the factor by which its multiply-adds rise when the side doubles), "twice" (that many), "trained".
    """
    usable, _ = session.checkpoints()
    known = {checkpoint.card["model"] for checkpoint in usable}
    rows = [_row(checkpoint) for checkpoint in usable] + [_untrained(kind) for kind in MODELS if kind not in known]
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


def time_architectures(session: Session) -> Iterator[Passed | Timed]:
    """Time all rows in turns, those without weights with fresh ones: what a pass takes does not depend on them."""
    rows = architecture_rows(session, grown=False)
    with torch.random.fork_rng(devices=[]):
        models = {
            row["name"]: session.checkpoint(row["name"]).model if row["trained"] else create_model(row["name"]).eval()
            for row in rows
        }
    yield from time_models(models, {row["name"]: row["multiply_adds"] for row in rows})


def published_rows() -> list[dict[str, Any]]:
    """The lines of ``models.published``."""
    return [asdict(line) for line in PUBLISHED]


def mixing_example(lines: Sequence[Published] = PUBLISHED) -> str:
    """What it does to mix resolutions and pre-trainings, on the ViT-B/16 and Swin-B of the table, in a sentence or two.

    Raises:
        ValueError: if the lines do not hold both with and without.
    """
    plain = _best(lines, "ViT-B/16", without=True)
    best = _best(lines, "ViT-B/16", without=False)
    rival = _best(lines, "Swin-B", without=True)
    spread = 100 * (best.top1 - plain.top1)
    ahead, behind = 100 * (best.top1 - rival.top1), 100 * (rival.top1 - plain.top1)
    mixed = f"set beside Swin-B's {_percent(rival)} without, the second puts the ViT {_points(ahead)}"
    return (
        f"ViT-B/16 is {_percent(plain)} at {plain.resolution} px without pre-training and {_percent(best)} at "
        f"{best.resolution} px with {best.pretraining.partition(':')[0]}: {spread:.1f} points between two lines of one "
        f"architecture. Mixed up, {mixed}; on equal terms ({rival.resolution} px, none) it is {_points(-behind)}."
    )


def _best(lines: Sequence[Published], name: str, without: bool) -> Published:
    found = [line for line in lines if line.name == name and (line.pretraining == PLAIN) == without]
    if not found:
        raise ValueError(f"there is no line of {name} {'without' if without else 'with'} pre-training")
    return max(found, key=lambda line: line.top1)


def _percent(line: Published) -> str:
    return f"{100 * line.top1:.1f} %"


def _points(difference: float) -> str:
    return f"{abs(difference):.1f} points {'ahead' if difference > 0 else 'behind'}"
