"""A ladder from the plain ViT to the DeiT: one ingredient of the recipe more on every rung, all else equal.

Source of the ingredients and their order: Touvron et al. 2021 (DeiT), table 9, weaker for pictures of 32 pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.studies.sweep import TAUGHT, Cell

STOCHASTIC_DEPTH = 0.1  # of the last layer
TEACHER = "teacher"

COMMON = Recipe(
    model="vit", lr=1e-3, optimizer="adamw", schedule="linear", warmup=0.05, weight_decay=0.05, test_each_epoch=False,
    snapshots=2,
)  # fmt: skip


@dataclass(frozen=True)
class Length:
    """How much every run of a ladder learns: training pictures, epochs, and a batch that three divides."""

    pictures: int
    epochs: int
    batch: int


LENGTHS = {  # by the name of the sweep
    "ladder": Length(5_000, 20, 60),  # minutes a rung on two cores: too short for the recipe to pay
    "ladder-long": Length(50_000, 100, 480),  # for a GPU
}


@dataclass(frozen=True)
class Rung:
    """What a rung adds to all below it: ``fields`` of the recipe."""

    name: str
    title: str
    fields: dict[str, Any]


RUNGS = (
    Rung("plain", "Plain ViT", {}),
    Rung("crop-flip", "crop and flip", {"augment": "crop-flip"}),
    Rung("smoothing", "label smoothing", {"label_smoothing": 0.1}),
    Rung("rand-augment", "RandAugment", {"rand_augment": 9}),
    Rung("erasing", "random erasing", {"erasing": 0.25}),
    Rung("mixing", "mixup or CutMix", {"mixup": 0.8, "cutmix": 1.0}),
    Rung("depth", "stochastic depth", {"overrides": {"stochastic_depth": STOCHASTIC_DEPTH}}),
    Rung("repeats", "repeated augmentation", {"repeats": 3}),
    Rung("distillation", "distillation token and teacher", {"model": "deit"}),
)


def ladder_cells(folder: Path, seeds: int = 1, length: Length = LENGTHS["ladder"], **fields: Any) -> list[Cell]:
    """For every seed the rungs from below, and before the last its teacher: a CNN of the same pictures and seed."""
    cells: list[Cell] = []
    sizes: dict[str, Any] = {"subset": length.pictures, "epochs": length.epochs, "batch_size": length.batch}
    for seed in range(seeds):
        taught, recipe = f"{TEACHER}-seed{seed}", replace(COMMON, seed=seed, **sizes, **fields)
        cnn = replace(recipe, model="cnn", augment="crop-flip")
        for rung in RUNGS:
            recipe = replace(recipe, **rung.fields)
            if recipe.model == "deit":
                cells.append(Cell(taught, {"rung": TEACHER}, cnn, export_as=taught))
                recipe = replace(recipe, teacher=str(folder / TAUGHT / taught))
            cells.append(Cell(f"{rung.name}-seed{seed}", {"rung": rung.name}, recipe))
    return cells


@dataclass(frozen=True)
class Step:
    """What came out on one rung. Accuracies and gains are shares, 0.01 is a point.

    Attributes:
        tests, trains: by seed, on the whole test split and on the training pictures as they are.
        gains: by seed, over the rung below; of the seeds that both have.
    """

    rung: Rung
    tests: Mapping[int, float]
    trains: Mapping[int, float]
    gains: Mapping[int, float]

    @property
    def mean(self) -> float:
        return mean(self.tests.values())

    @property
    def spread(self) -> float:
        """Standard deviation over seeds; 0 of one seed."""
        return _spread(self.tests)

    @property
    def train(self) -> float:
        return mean(self.trains.values())

    @property
    def gap(self) -> float:
        """By how much the training accuracy is above that on the test split."""
        return self.train - self.mean

    @property
    def gain(self) -> float | None:
        """The mean of ``gains``; None where the rung below has none of these seeds."""
        return mean(self.gains.values()) if self.gains else None

    @property
    def gain_spread(self) -> float:
        """Standard deviation of ``gains``; 0 of one seed."""
        return _spread(self.gains)

    @property
    def clear(self) -> bool:
        """Whether the gain has the same sign for every seed, of two at least."""
        values = self.gains.values()
        return len(values) > 1 and (min(values) > 0 or max(values) < 0)


@dataclass(frozen=True)
class Summary:
    """What a ladder says as a whole.

    Attributes:
        best: with the largest gain; None where nothing gained.
        hurt: that lost accuracy in the mean, the largest loss first.
        totals: by seed, from the plain ViT to ``top``; of the seeds that both have.
        top: the highest rung that has a result; None where no rung has.
    """

    best: Step | None
    hurt: tuple[Step, ...]
    totals: Mapping[int, float]
    top: Step | None

    @property
    def total(self) -> float | None:
        """The mean of ``totals``; None where there are none."""
        return mean(self.totals.values()) if self.totals else None

    @property
    def total_spread(self) -> float:
        """Standard deviation of ``totals``; 0 of one seed."""
        return _spread(self.totals)


def steps(results: Mapping[str, Any]) -> list[Step]:
    """The rungs that have results, from below. Raises ValueError for a rung that the ladder does not have."""
    tests, trains = _by_seed(results, "test_accuracy"), _by_seed(results, "train_accuracy")
    unknown = tests.keys() - {rung.name for rung in RUNGS} - {TEACHER}
    if unknown:
        raise ValueError(f"the ladder has no rung {min(unknown)!r}, which its results name")
    return [
        Step(rung, tests[rung.name], trains[rung.name], _gains(tests.get(below.name, {}), tests[rung.name]))
        for below, rung in zip((Rung("", "", {}), *RUNGS), RUNGS, strict=False)
        if rung.name in tests
    ]


def teacher_step(results: Mapping[str, Any]) -> Step | None:
    """What came out of the teacher, which stands on no rung; None where it has not been trained."""
    tests, trains = _by_seed(results, "test_accuracy"), _by_seed(results, "train_accuracy")
    if TEACHER not in tests:
        return None
    return Step(Rung(TEACHER, "The teacher, a CNN", {}), tests[TEACHER], trains[TEACHER], {})


def summary(found: Sequence[Step]) -> Summary:
    """The largest gain, what cost accuracy, and from the lowest rung to the highest that has a result."""
    gained = [(step.gain, step) for step in found if step.gain is not None]
    best = max(gained, key=lambda one: one[0], default=(0.0, None))
    hurt = sorted((one for one in gained if one[0] < 0), key=lambda one: one[0])
    whole = len(found) > 1 and found[0].rung is RUNGS[0]
    return Summary(
        best[1] if best[0] > 0 else None,
        tuple(step for _, step in hurt),
        _gains(found[0].tests, found[-1].tests) if whole else {},
        found[-1] if found else None,
    )


def rung_recipes(results: Mapping[str, Any], folder: Path) -> dict[str, Recipe]:
    """The recipes behind the results by rung, those of the first seed, with the teacher's.

    Args:
        folder: of the sweep, where the teacher is kept.
    """
    common = results["recipe"]
    return {str(cell.facts["rung"]): Recipe.from_dict(cell.recipe.to_dict() | common) for cell in ladder_cells(folder)}


def _by_seed(results: Mapping[str, Any], field: str) -> dict[str, dict[int, float]]:
    found: dict[str, dict[int, float]] = {}
    for point in results["points"]:
        found.setdefault(point["rung"], {})[point["seed"]] = point[field]
    return found


def _gains(below: Mapping[int, float], above: Mapping[int, float]) -> dict[int, float]:
    return {seed: above[seed] - below[seed] for seed in sorted(above.keys() & below.keys())}


def _spread(values: Mapping[int, float]) -> float:
    return stdev(values.values()) if len(values) > 1 else 0.0
