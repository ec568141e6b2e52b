"""Points of one's own beside the curves of the hunger sweep: races of one contender, and what to say of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from vit_explorer.data.sources import source_name
from vit_explorer.models.summary import accuracy_percent
from vit_explorer.models.zoo import MODELS
from vit_explorer.training.loop.events import Finished
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.errors import RunError
from vit_explorer.training.runs.folder import RunFolder
from vit_explorer.training.runs.race import Race
from vit_explorer.training.service.service import TrainingService
from vit_explorer.training.studies.data_scaling import curves, is_point, on_curve, updates_of

SWEEP = "hunger"  # the sweep's name, and the preset of the races that are points of one's own
DATA_WORDS = {"cifar10": "CIFAR-10", "shapes": "the drawn shapes"}


@dataclass(frozen=True)
class OwnPoint:
    """A race of one contender that was started as a point.

    Attributes:
        same: its recipe is that of the sweep's runs, as it was started.
        drawn: it belongs among the curves: finished, of the same recipe and on the same data.
        fault: a sentence where its events cannot be read.
    """

    race: Race
    recipe: Recipe
    finished: Finished | None
    same: bool
    drawn: bool
    fault: str | None = None


def own_points(service: TrainingService, results: Mapping[str, Any]) -> list[OwnPoint]:
    """All that the runs folder holds, the newest first, also those on their way."""
    found = []
    for race in service.races()[0]:
        if race.preset == SWEEP and len(race.runs) == 1:
            (run,) = race.runs.values()
            recipe, finished, fault = run.recipe(), None, None
            try:
                finished = finished_of(run)
            except RunError as error:
                fault = str(error)
            same = is_point(recipe, updates_of(results))
            drawn = finished is not None and same and recipe.data == data_of(results)
            found.append(OwnPoint(race, recipe, finished, same, drawn, fault))
    return found


def finished_of(run: RunFolder) -> Finished | None:
    """How a run ended; None while it is on its way."""
    path = run.path / "events.jsonl"
    return _finished(run.path, path.stat().st_size) if path.exists() else None


@lru_cache(maxsize=512)
def _finished(path: Path, size: int) -> Finished | None:
    """Read again only when its file has grown."""
    return next((event for event in reversed(RunFolder(path).events()) if isinstance(event, Finished)), None)


def own_payload(service: TrainingService, results: Mapping[str, Any], point: OwnPoint) -> dict[str, Any]:
    """A point for the browser."""
    recipe, finished = point.recipe, point.finished
    state = service.status(point.race.name)["state"]
    return {
        "race": point.race.name,
        "kind": recipe.model,
        "label": MODELS[recipe.model].short,
        "size": recipe.subset,
        "seed": recipe.seed,
        "passes": recipe.epochs,
        "state": state,
        "accuracy": finished.test_accuracy if finished else None,
        "seconds": finished.seconds if finished else None,
        "drawn": point.drawn,
        "words": point_words(results, point, state),
    }


def point_words(results: Mapping[str, Any], point: OwnPoint, state: str) -> str:
    """A point beside the curve of its kind, or why it is not drawn there, in a sentence or two."""
    recipe, finished = point.recipe, point.finished
    name = f"{MODELS[recipe.model].short}, {recipe.subset:,} pictures, seed {recipe.seed}"
    if point.fault is not None:
        return f"{name}: {point.fault}"
    if finished is None:
        return f"{name}: {state}, no result yet."
    told = f"{name}: {accuracy_percent(finished.test_accuracy)} on the whole test split"
    if recipe.data != data_of(results):
        mine, theirs = data_words(recipe.data), data_words(data_of(results))
        why = f"the curves are of {theirs}, and accuracies on other pictures cannot be compared"
        return f"{told} of {mine}. Not drawn: {why}."
    if not point.same:
        return f"{told}. Not drawn: its updates or its learning rate are not those of the sweep."
    curve = curves(results).get(recipe.model, [])
    mean = on_curve(curve, recipe.subset or 0)
    if mean is None:
        return f"{told}. The curve has no point there to compare it with."
    gap = 100 * (finished.test_accuracy - mean)
    beside = "as" if f"{abs(gap):.1f}" == "0.0" else f"{abs(gap):.1f} points {'above' if gap > 0 else 'below'}"
    measured = any(size == recipe.subset for size, *_ in curve)
    where = "the curve there" if measured else "the line between the curve's points there"
    return f"{told}, {beside} {where} ({100 * mean:.1f} %)."


def data_of(results: Mapping[str, Any]) -> str:
    """On what the runs of a sweep learned, as a recipe names it."""
    return results["recipe"].get("data", "cifar10")


def data_words(data: str) -> str:
    """A recipe's data as a person calls it."""
    return DATA_WORDS.get(data, source_name(data))
