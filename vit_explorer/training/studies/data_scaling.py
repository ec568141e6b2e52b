"""Data scaling: kinds of networks on more and more pictures, every run with as many updates as the others."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from statistics import mean, stdev
from typing import Any

from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.studies.sweep import TAUGHT, Cell

BATCH = 50  # divides every size; small, for at few passes more steps do more than larger batches
SIZES = (500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000)  # training pictures
MODELS = ("cnn", "vit", "vit-conv", "hybrid", "deit")  # the CNN first: it teaches the DeiT
UPDATES = 1_000  # of every run: 50,000 pictures shown, each of the 50,000 once, each of 500 a hundred times

COMMON = Recipe(
    batch_size=BATCH, lr=1e-3, optimizer="adamw", schedule="linear", warmup=0.05, weight_decay=0.05,
    augment="crop-flip", test_each_epoch=False, snapshots=2,
)  # fmt: skip


def scaling_recipe(model: str, size: int, seed: int = 0, updates: int = UPDATES, **fields: Any) -> Recipe:
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


def scaling_cells(
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
    recipe = scaling_recipe(model, size, seed, updates, teacher=teacher, **fields)
    return Cell(name, {"model": model, "size": size}, recipe, export_as=of_cnn if model == "cnn" else "")


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
        wanted = scaling_recipe(recipe.model, recipe.subset or 0, recipe.seed, updates)
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
