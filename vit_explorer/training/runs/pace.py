"""What a race takes on this machine: measured while one trains, written beside it, and the next one estimated by it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import torch

from vit_explorer.cost.multiply_adds import count_multiply_adds
from vit_explorer.models.checkpoint import MODEL_FOLDERS, find_card
from vit_explorer.models.zoo import create_model
from vit_explorer.training.loop.looks import LookPlan, Pace
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.schedule import FORWARD_SHARE
from vit_explorer.training.runs.atomic import write_json
from vit_explorer.training.runs.card import describe_hardware

FILE = "pace.json"  # in a race's folder: label -> MeasuredPace
# Multiply-adds a second of training where nothing has been measured: two cores of 2020, and a large GPU.
ROUGH_RATES = {"cpu": 5e10, "cuda": 3e12}
ROUGH_START = 2.0  # seconds until the first step is done

Basis = Literal["measured", "other", "rough"]


@dataclass(frozen=True)
class MeasuredPace:
    """What one run took on this machine, seconds and seconds an image.

    Attributes:
        model, device: of its recipe. machine: as :func:`describe_hardware` names it.
        work: multiply-adds that training on one image is, see :func:`work_of`.
        training, evaluating, snapshot: see :class:`Pace`. start: until its first step was done.
        at: when, in seconds since 1970.
    """

    model: str
    device: str
    machine: str
    work: float
    training: float
    evaluating: float
    snapshot: float
    start: float
    at: float

    @classmethod
    def of(cls, pace: Pace, recipe: Recipe, work: float, start: float) -> MeasuredPace:
        """The pace of a run now."""
        evaluating = FORWARD_SHARE * pace.training if pace.evaluating is None else pace.evaluating
        return cls(
            recipe.model, recipe.device, _machine(recipe.device), work, pace.training, evaluating, pace.snapshot,
            start, time.time(),
        )  # fmt: skip


@dataclass(frozen=True)
class Estimate:
    """Seconds that a run is expected to take: starting, its steps, and its looks.

    ``basis``: "measured" by the last run of this kind of network on this machine, "other" by that of another kind, in
    proportion to the multiply-adds, or "rough", not measured at all.
    """

    start: float
    training: float
    looks: float
    basis: Basis
    at: float | None

    @property
    def seconds(self) -> float:
        return self.start + self.training + self.looks


def work_of(recipe: Recipe, overrides: Mapping[str, Any]) -> float:
    """Multiply-adds of training on one image: forward and twice as many backward, and the teacher's answer.

    ``overrides``: the options of the network, its sizes among them.
    """
    teacher = 0
    if recipe.teacher:
        folder, name = Path(recipe.teacher).parent, Path(recipe.teacher).name
        card = find_card(name, MODEL_FOLDERS if name == recipe.teacher else [folder])
        teacher = json.loads(card.read_text(encoding="utf-8")).get("multiply_adds") or 0
    return _forward(recipe.model, json.dumps(dict(overrides), sort_keys=True)) / FORWARD_SHARE + teacher


def estimate(recipe: Recipe, work: float, plan: LookPlan, n_images: int, paces: Iterable[MeasuredPace]) -> Estimate:
    """Estimate a run by the newest pace of this machine, of its kind of network where there is one.

    Args:
        n_images: that it trains on, each as often as it is shown.
        paces: in any order, of other machines and devices too.
    """
    evaluated, snapshots = plan.evaluated_from(0), plan.snapshots_from(0)
    machine = _machine(recipe.device)
    here = [one for one in paces if (one.device, one.machine) == (recipe.device, machine)]
    same = [one for one in here if one.model == recipe.model]
    if not here:
        each = work / ROUGH_RATES[torch.device(recipe.device).type]
        return Estimate(ROUGH_START, n_images * each, evaluated * FORWARD_SHARE * each, "rough", None)
    last = max(same or here, key=lambda one: one.at)
    factor = work / last.work
    looks = factor * (evaluated * last.evaluating + snapshots * last.snapshot)
    return Estimate(last.start, factor * n_images * last.training, looks, "measured" if same else "other", last.at)


def note_pace(folder: Path, label: str, pace: MeasuredPace) -> None:
    """Write the pace of a contender into the folder of its race. Raises RunError if it cannot be written."""
    known = {one_label: asdict(one) for one_label, one in _read(folder).items()}
    write_json(folder / FILE, known | {label: asdict(pace)})


def read_paces(folders: Iterable[Path]) -> list[MeasuredPace]:
    """The paces in these folders of races; a file that holds none is passed over."""
    return [pace for folder in folders for pace in _read(folder).values()]


def _read(folder: Path) -> dict[str, MeasuredPace]:
    try:
        written = json.loads((folder / FILE).read_text(encoding="utf-8"))
        return {label: MeasuredPace(**values) for label, values in written.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


@cache
def _forward(model: str, overrides: str) -> int:
    options = json.loads(overrides)
    with torch.random.fork_rng(devices=[]):
        return count_multiply_adds(create_model(model, **options), options["img_size"])


@cache
def _machine(device: str) -> str:
    return describe_hardware(device)
