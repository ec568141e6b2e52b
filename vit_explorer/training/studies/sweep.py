"""A sweep: many runs whose recipes differ in what is studied, in one folder, and what came out of them in one file.

What is there already is not trained again, so a sweep may be stopped and gone on with at any time.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from vit_explorer.data.dataset import Dataset
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER
from vit_explorer.training.loop.events import Event, Finished
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.atomic import write_json
from vit_explorer.training.runs.card import current_commit, describe_hardware
from vit_explorer.training.runs.checkpoint import export_checkpoint
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.race import Race
from vit_explorer.training.runs.runner import SAVE_EVERY, Runner

MAX_SEEDS = 20
RESULTS, TAUGHT = "results.json", "taught"  # in a sweep's folder: what came out, and the teachers
MADE = "made.json"  # in a run's folder: where and by which code it was begun
SEVERAL = "; "  # between what differs from run to run
MEASURED = ("seed", "images", "train_accuracy", "test_accuracy", "seconds")  # of each run, beside its facts
SHIPPED_FOLDER = CHECKPOINT_FOLDER / "sweeps"  # NAME.json: results that ship beside the weights


@dataclass(frozen=True)
class Cell:
    """One run of a sweep.

    Attributes:
        name: of its folder.
        facts: what sets it apart from the others, as it stands in the results.
        export_as: the name under which it is exported for runs that it teaches; "" if it teaches none.
    """

    name: str
    facts: Mapping[str, str | int]
    recipe: Recipe
    export_as: str = ""


class Sweep:
    """A sweep in its folder.

    Args:
        name: what it studies.
        folder: where its runs are, or will be.
        cells: in the order in which they are trained.
        datasets: gives the data of a recipe.
        stride: see :class:`Trainer`.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        cells: Sequence[Cell],
        datasets: Callable[[Recipe], Dataset],
        stride: int = 1,
    ) -> None:
        self.name, self.folder, self._stride = name, folder, stride
        self._cells = tuple(cells)
        self._datasets = datasets

    def events(self) -> Iterator[tuple[Cell, Event]]:
        """Train what is missing, and tell whose event each is; the results are written after each run."""
        for cell in self._cells:
            for event in train_cell(self.folder, cell, self._datasets, stride=self._stride):
                yield cell, event
            if _finished(RunFolder(self.folder / cell.name)) is not None:
                write_json(self.folder / RESULTS, self.results())

    def results(self) -> dict[str, Any]:
        """What has come out so far: ``points`` with facts and accuracies, and how they were made.

        ``recipe`` holds the fields that are the same in all cells; ``hardware``, ``torch`` and ``commit`` are those
        with which the runs were begun.
        """
        first, *others = (cell.recipe.to_dict() for cell in self._cells)
        common = {field: value for field, value in first.items() if all(one[field] == value for one in others)}
        points = {cell.name: point for cell in self._cells if (point := self._point(cell)) is not None}
        made = [json.loads((self.folder / name / MADE).read_text(encoding="utf-8")) for name in points]
        return {
            "sweep": self.name,
            "points": list(points.values()),
            "runs": len(self._cells),
            "recipe": common,
            **{key: SEVERAL.join(dict.fromkeys(one[key] for one in made)) for key in ("hardware", "torch", "commit")},
        }

    def _point(self, cell: Cell) -> dict[str, Any] | None:
        run = RunFolder(self.folder / cell.name)
        finished = _finished(run)
        if finished is None:
            return None
        if finished.train_accuracy is None:
            raise ValueError(f"{run.path} was made before training pictures were measured: delete it to make it anew")
        return {
            **cell.facts,
            "seed": cell.recipe.seed,
            "images": finished.images,
            "train_accuracy": finished.train_accuracy,
            "test_accuracy": finished.test_accuracy,
            "seconds": finished.seconds,
        }


def train_cell(
    folder: Path,
    cell: Cell,
    datasets: Callable[[Recipe], Dataset],
    *,
    stride: int = 1,
    half: bool = False,
    save_every: float = SAVE_EVERY,
) -> Generator[Event, None, None]:
    """Train what is missing of one run of a sweep, and export it for the runs that it teaches.

    May be left at any event: its state is saved then.

    Args:
        stride, save_every: see :class:`Trainer` and :class:`Runner`.
        half: export the weights as float16.
    Raises:
        ValueError: if the run's folder holds a run of another recipe.
    """
    run = _run(folder / cell.name, cell.recipe)
    if _finished(run) is None:
        with Runner(Race.at(run.path), datasets, save_every, stride=stride) as runner:
            try:
                for _, event in runner.events():
                    yield event
            except GeneratorExit:
                runner.save()
                raise
    taught = folder / TAUGHT
    if _finished(run) is not None and cell.export_as and not (taught / f"{cell.export_as}.json").exists():
        (taught / f"{cell.export_as}.pt").unlink(missing_ok=True)  # of an export that was killed: the card comes last
        export_checkpoint(run, cell.export_as, taught, half, datasets(cell.recipe))


def _run(path: Path, recipe: Recipe) -> RunFolder:
    run = RunFolder(path) if (path / "recipe.json").exists() else RunFolder.create(path, recipe)
    if run.recipe() != recipe:
        raise ValueError(f"{path} holds a run of another recipe: take another folder, or delete it")
    if not (path / MADE).exists():
        commit = current_commit() or "unknown"
        made = {"hardware": describe_hardware(recipe.device), "torch": torch.__version__, "commit": commit}
        write_json(path / MADE, made)
    return run


def shipped_results(name: str, folder: Path = SHIPPED_FOLDER) -> dict[str, Any] | None:
    """The results of a sweep that ship with the package; None where there are none. Raises as :func:`read_results`."""
    path = folder / f"{name}.json"
    return read_results(path) if path.exists() else None


def read_results(path: Path) -> dict[str, Any]:
    """Read what :meth:`Sweep.results` gave, from a file. Raises ValueError, with a sentence, for a damaged one."""
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        for key, kind in (("points", list), ("runs", int), ("recipe", dict), ("hardware", str), ("commit", str)):
            if not isinstance(results[key], kind):
                raise TypeError(f"{key} is no {kind.__name__}")
        for point in results["points"]:
            for key in MEASURED:
                if type(point[key]) not in (int, float):
                    raise TypeError(f"{key} is no number")
            if not isinstance(point["rung"] if "rung" in point else point["model"], str):
                raise TypeError("a run has no name")
            if "model" in point and type(point["size"]) is not int:
                raise TypeError("size is no whole number")
    except (OSError, ValueError, KeyError, TypeError) as error:
        fault = f"{error} is missing" if isinstance(error, KeyError) else str(error)
        raise ValueError(f"The results {path} cannot be read: {fault}.") from error
    return results


def _finished(run: RunFolder) -> Finished | None:
    if not run.path.exists():
        return None
    return next((event for event in reversed(run.events()) if isinstance(event, Finished)), None)
