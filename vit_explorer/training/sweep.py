"""The hunger for data: kinds of networks on more and more pictures, every run with as many updates as the others.

A sweep is a folder of runs, one for each cell, and ``results.json``, written anew after each. What is there already is
not trained again, so a sweep may be stopped and gone on with at any time.
"""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import torch

from vit_explorer.data.dataset import Dataset
from vit_explorer.training.card import current_commit, describe_hardware
from vit_explorer.training.events import Event, Finished
from vit_explorer.training.keep import keep_run
from vit_explorer.training.races import Race
from vit_explorer.training.recipe import Recipe
from vit_explorer.training.runner import Runner
from vit_explorer.training.runs import RunFolder
from vit_explorer.training.standing import write_json

BATCH = 125  # divides every size
SIZES = (500, 1_000, 2_000, 5_000, 10_000, 25_000, 50_000)  # training pictures
MODELS = ("cnn", "vit", "vit-conv", "hybrid", "deit")  # the CNN first: it teaches the DeiT
UPDATES = 2_000  # of every run, unless somebody chooses another number
MAX_SEEDS = 20
OF_A_CELL = ("model", "overrides", "subset", "epochs", "seed", "teacher")  # of a recipe, what is not the same for all
RESULTS, TAUGHT = "results.json", "taught"  # in a sweep's folder: what came out, and the teachers

_COMMON = Recipe(
    batch_size=BATCH, lr=2e-3, optimizer="adamw", schedule="linear", warmup=0.05, weight_decay=0.05,
    augment="crop-flip", test_each_epoch=False, snapshots=2,
)  # fmt: skip


@dataclass(frozen=True)
class Cell:
    """One run of a sweep."""

    model: str
    size: int
    seed: int

    @property
    def name(self) -> str:
        return f"{self.model}-{self.size}-seed{self.seed}"


def cells(seeds: int = 1, models: tuple[str, ...] = MODELS, sizes: tuple[int, ...] = SIZES) -> list[Cell]:
    """All runs in the order in which they are made: a whole curve of every model for a seed, then the next seed."""
    return [Cell(model, size, seed) for seed in range(seeds) for size in sizes for model in models]


def recipe_of(
    cell: Cell, folder: Path, updates: int = UPDATES, device: str = "cpu", precision: str = "float32"
) -> Recipe:
    """What the run of a cell does: as many epochs as make ``updates`` steps.

    A DeiT is taught by the CNN of the same pictures and seed: a teacher that had seen more would feed it.

    Raises:
        ValueError: if the size divides no whole number of updates into epochs; the message says which numbers do.
    """
    steps = cell.size // BATCH
    if cell.size % BATCH or updates % steps:
        raise ValueError(
            f"{updates} updates are no whole epochs of {cell.size:,} pictures: take a multiple of {max(steps, 1)}"
        )
    teacher = str(folder / TAUGHT / _teacher_name(cell)) if cell.model == "deit" else ""
    return replace(
        _COMMON, model=cell.model, subset=cell.size, epochs=updates // steps, seed=cell.seed, teacher=teacher,
        device=device, precision=precision,
    )  # fmt: skip


class Sweep:
    """A sweep in its folder.

    Args:
        folder: where its runs are, or will be.
        recipes: of each cell, in the order in which they are trained.
        datasets: gives the data of a recipe.
    """

    def __init__(self, folder: Path, recipes: Mapping[Cell, Recipe], datasets: Callable[[Recipe], Dataset]) -> None:
        self.folder = folder
        self._recipes = dict(recipes)
        self._datasets = datasets

    def events(self) -> Iterator[tuple[Cell, Event]]:
        """Train what is missing, and tell whose event each is; the results are written after each run."""
        for cell, recipe in self._recipes.items():
            run = self._run(cell, recipe)
            if _finished(run) is None:
                with Runner(Race.at(run.path), self._datasets) as runner:
                    for _, event in runner.events():
                        yield cell, event
            self._after(cell, recipe, run)

    def results(self) -> dict[str, Any]:
        """What has come out so far: ``points`` with model, size, seed and accuracies, and how they were made."""
        points = []
        for cell in self._recipes:
            finished = _finished(RunFolder(self.folder / cell.name))
            if finished is not None:
                points.append(
                    {
                        "model": cell.model,
                        "size": cell.size,
                        "seed": cell.seed,
                        "test_accuracy": finished.test_accuracy,
                        "seconds": finished.seconds,
                    }
                )
        one = next(iter(self._recipes.values()))
        return {
            "sweep": "hunger",
            "points": points,
            "updates": one.epochs * (one.subset // one.batch_size),
            "recipe": {key: value for key, value in one.to_dict().items() if key not in OF_A_CELL},
            "hardware": describe_hardware(one.device),
            "versions": {"python": platform.python_version(), "torch": torch.__version__},
            "commit": current_commit(),
        }  # fmt: skip

    def _run(self, cell: Cell, recipe: Recipe) -> RunFolder:
        path = self.folder / cell.name
        if not path.exists():
            return RunFolder.create(path, recipe)
        found = RunFolder(path)
        if found.recipe() != recipe:
            raise ValueError(f"{path} holds a run of another recipe: take another folder, or delete it")
        return found

    def _after(self, cell: Cell, recipe: Recipe, run: RunFolder) -> None:
        if _finished(run) is None:
            return
        name, taught = _teacher_name(cell), self.folder / TAUGHT
        if cell.model == "cnn" and not (taught / f"{name}.json").exists():
            keep_run(run, name, taught, dataset=self._datasets(recipe))
        write_json(self.folder / RESULTS, self.results())


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


def _teacher_name(cell: Cell) -> str:
    return f"cnn-{cell.size}-seed{cell.seed}"


def _finished(run: RunFolder) -> Finished | None:
    if not run.path.exists():
        return None
    return next((event for event in reversed(run.events()) if isinstance(event, Finished)), None)
