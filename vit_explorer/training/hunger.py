"""The hunger for data: kinds of networks on more and more pictures, every run with as many updates as the others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from vit_explorer.training.recipe import Recipe
from vit_explorer.training.sweep import TAUGHT, Cell

BATCH = 50  # divides every size; small, for at few passes more steps do more than larger batches
SIZES = (500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000)  # training pictures
MODELS = ("cnn", "vit", "vit-conv", "hybrid", "deit")  # the CNN first: it teaches the DeiT
UPDATES = 1_000  # of every run: 50,000 pictures shown, each of the 50,000 once, each of 500 a hundred times

# What is made of the results: from which number of pictures on the mission expects a draw, and what counts as one.
MANY, MOST = 10_000, 100_000  # training pictures
CLOSE = 0.03  # of accuracy: two means at most so far apart are called close
CLEAR = (
    0.005  # of accuracy: from here on a mean distance is called smaller; counting test pictures moves it half as far
)
HELPED = {"vit-conv": "a convolutional stem", "hybrid": "a CNN backbone", "deit": "a CNN teacher"}

MINUS = "\N{MINUS SIGN}"

Curves = Mapping[str, list[tuple[int, float, float, int]]]  # what ``curves`` gives

COMMON = Recipe(
    batch_size=BATCH, lr=1e-3, optimizer="adamw", schedule="linear", warmup=0.05, weight_decay=0.05,
    augment="crop-flip", test_each_epoch=False, snapshots=2,
)  # fmt: skip


def hunger_recipe(model: str, size: int, seed: int = 0, updates: int = UPDATES, **fields: Any) -> Recipe:
    """One point: as many epochs as make ``updates`` steps.

    Args:
        fields: of the recipe, such as the device, and the teacher of a DeiT.
    Raises:
        ValueError: if the size divides no whole number of updates into epochs; the message says which numbers do.
    """
    steps = size // BATCH
    if size < BATCH or size % BATCH or updates % steps:
        raise ValueError(
            f"{updates} updates are no whole epochs of {size:,} pictures: take a multiple of {max(steps, 1)}"
        )
    return replace(COMMON, model=model, subset=size, epochs=updates // steps, seed=seed, **fields)


def hunger_cells(
    folder: Path, seeds: int = 1, updates: int = UPDATES, *, models: tuple[str, ...] = MODELS,
    sizes: tuple[int, ...] = SIZES, **fields: Any,
) -> list[Cell]:  # fmt: skip
    """All runs in the order in which they are made: a whole curve of every model for a seed, then the next seed.

    A DeiT is taught by the CNN of the same pictures and seed: a teacher that had seen more would feed it.
    """
    return [
        _cell(folder, model, size, seed, updates, fields) for seed in range(seeds) for size in sizes for model in models
    ]


def _cell(folder: Path, model: str, size: int, seed: int, updates: int, fields: Mapping[str, Any]) -> Cell:
    name, of_cnn = f"{model}-{size}-seed{seed}", f"cnn-{size}-seed{seed}"
    teacher = str(folder / TAUGHT / of_cnn) if model == "deit" else ""
    recipe = hunger_recipe(model, size, seed, updates, teacher=teacher, **fields)
    return Cell(name, {"model": model, "size": size}, recipe, kept_as=of_cnn if model == "cnn" else "")


def curves(results: Mapping[str, Any]) -> dict[str, list[tuple[int, float, float, int]]]:
    """By model, over growing sizes: (pictures, mean test accuracy, standard deviation over seeds, seeds)."""
    found: dict[str, dict[int, list[float]]] = {}
    for point in results["points"]:
        found.setdefault(point["model"], {}).setdefault(point["size"], []).append(point["test_accuracy"])
    return {
        model: [
            (size, mean(values), stdev(values) if len(values) > 1 else 0.0, len(values))
            for size, values in sorted(sizes.items())
        ]
        for model, sizes in found.items()
    }


def updates_of(results: Mapping[str, Any]) -> int:
    """With how many updates the runs of a sweep were made; UPDATES where there is none yet."""
    return results["points"][0]["images"] // BATCH if results["points"] else UPDATES


def possible_sizes(updates: int, n_train: int) -> list[int]:
    """All numbers of training pictures, of ``n_train``, that whole epochs of so many updates can be made of."""
    return [BATCH * steps for steps in range(1, min(updates, n_train // BATCH) + 1) if updates % steps == 0]


def is_point(recipe: Recipe, updates: int) -> bool:
    """Whether a run was made as those of the sweep, apart from its data, its machine and its teacher."""
    try:
        wanted = hunger_recipe(recipe.model, recipe.subset or 0, recipe.seed, updates)
    except ValueError:
        return False
    free = {name: getattr(recipe, name) for name in ("data", "device", "precision", "teacher", "probe")}
    return recipe.model in MODELS and recipe == replace(wanted, **free)


def on_curve(curve: list[tuple[int, float, float, int]], size: int) -> float | None:
    """The accuracy of a curve at a number of pictures, between two points on the straight line that is drawn there.

    The axis of pictures is logarithmic. None outside of the curve.
    """
    for at, accuracy, _, _ in curve:
        if at == size:
            return accuracy
    for (low, before, _, _), (high, after, _, _) in pairwise(curve):
        if low < size < high:
            return before + (after - before) * math.log(size / low) / math.log(high / low)
    return None


@dataclass(frozen=True)
class Expectation:
    """What the mission expected beside what was found.

    Attributes:
        criterion: by which ``agrees`` was decided.
        agrees: None where the runs that it takes are not there.
    """

    expected: str
    criterion: str
    found: str
    agrees: bool | None


def expectations(results: Mapping[str, Any]) -> list[Expectation]:
    """The mission's expectations beside the results, by differences of means over seeds.

    CNN and ViT are compared at every size; what is said to narrow the gap, by the mean of its distances to the CNN over
    all sizes where CNN, ViT and itself were trained.
    """
    found = curves(results)
    return [_ahead(found), _close(found), *(_narrows(found, model) for model in HELPED)]


def _ahead(found: Curves) -> Expectation:
    gaps = {size: gap for size, gap in _gaps(found, "vit").items() if size < MANY}
    return Expectation(
        f"The CNN is ahead of the ViT under {MANY:,} pictures.",
        "Agrees if its mean is the higher one at every size there",
        _listed(gaps),
        all(gap > 0 for gap in gaps.values()) if gaps else None,
    )


def _close(found: Curves) -> Expectation:
    gaps = {size: gap for size, gap in _gaps(found, "vit").items() if MANY <= size <= MOST}
    return Expectation(
        f"CNN and ViT are close between {MANY:,} and {MOST:,} pictures.",
        f"Agrees if the means are at most {100 * CLOSE:g} points apart at every size there",
        _listed(gaps),
        all(abs(gap) <= CLOSE for gap in gaps.values()) if gaps else None,
    )


def _narrows(found: Curves, model: str) -> Expectation:
    plain, helped = _gaps(found, "vit"), _gaps(found, model)
    sizes = [size for size in plain if size in helped]
    expected = f"{HELPED[model][0].upper()}{HELPED[model][1:]} narrows the gap."
    criterion = (
        f"Agrees if its mean distance to the CNN is at least {100 * CLEAR:g} points smaller than the plain ViT's"
    )
    if not sizes:
        return Expectation(expected, criterion, "No run of this sweep tells yet.", None)
    before, after = mean(plain[size] for size in sizes), mean(helped[size] for size in sizes)
    counted = "at the one size" if len(sizes) == 1 else f"in the mean over {len(sizes)} sizes"
    told = f"With it {_beside(after)} the CNN {counted}, the plain ViT {_beside(before)} it."
    return Expectation(expected, criterion, told, before > 0 and before - after >= CLEAR)


def _gaps(found: Curves, model: str) -> dict[int, float]:
    """By how much the CNN's mean is above another's, at every size that both have."""
    other = {size: accuracy for size, accuracy, _, _ in found.get(model, [])}
    return {size: accuracy - other[size] for size, accuracy, _, _ in found.get("cnn", []) if size in other}


def _listed(gaps: Mapping[int, float]) -> str:
    if not gaps:
        return "No run of this sweep tells yet."
    said = [f"{_points(gap)} at {size:,}" for size, gap in gaps.items()]
    return f"CNN less ViT, in points: {', '.join(said)}."


def _points(gap: float) -> str:
    """A difference of accuracies in points, with its sign; 0.0 has none."""
    text = f"{abs(100 * gap):.1f}"
    return text if text == "0.0" else f"{'+' if gap > 0 else MINUS}{text}"


def _beside(gap: float) -> str:
    return f"{abs(100 * gap):.1f} points {'behind' if gap >= 0 else 'ahead of'}"


def settings(results: Mapping[str, Any]) -> str:
    """How the points came about, in two sentences."""
    updates = updates_of(results)
    sizes, seeds = ({point[key] for point in results["points"]} for key in ("size", "seed"))
    ends = sorted({min(sizes), max(sizes)}) if sizes else [SIZES[0], SIZES[-1]]
    passes = " and ".join(f"each of {size:,} pictures {_times(updates * BATCH / size)}" for size in ends)
    spread = f"means of up to {len(seeds)} seeds, bars their standard deviation" if len(seeds) > 1 else "one seed"
    return (
        f"Equal updates, not equal passes: every run makes {updates:,} updates of {BATCH} pictures, and so sees "
        f"{passes}. Measured on the whole test split, {spread}."
    )


def _times(passes: float) -> str:
    return "once" if passes == 1 else f"{passes:,.4g} times"
