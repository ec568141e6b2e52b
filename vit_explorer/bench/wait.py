"""What a person waits for: test accuracy by wall clock from Play, through the page's training service."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any

import torch

from vit_explorer.bench.learn import images_per_second
from vit_explorer.bench.missing import needed_cifar10
from vit_explorer.training.loop.events import Epoch, Event, Failed, Finished, Snapshot, Step
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.runs.race import Race, owner_of
from vit_explorer.training.service.service import TrainingService
from vit_explorer.training.studies.presets import EXERCISE_VIT, FAST_VIT, TEST_SUBSET

MARKS = (30, 60, 90, 120, 240, 480, 600)  # seconds since Play
GOALS = (0.6, 0.85)  # of the test pictures behind the curve
LAID_OUT = 0.85  # share of the last mark's training steps: the rest is for starting and for looking at the model
ASK_EVERY = 0.2  # seconds between two looks at the run's file: a third of the page's own
START_PATIENCE = 300.0  # seconds in which a worker must be warm


@dataclass(frozen=True)
class Heard:
    """An event, and how many seconds after Play it could be read."""

    event: Event
    seconds: float


def measure_wait(checkpoints: str | None = None) -> dict[str, Any]:
    """Play the default of the ViT family and the plain recipe, one after the other, and note when what was read.

    Everything counts that a person waits for: the start of the race, evaluation, snapshots, states written to disk. The
    worker is warm, as it is some seconds after the page was opened. ``checkpoints`` is not used.

    Raises:
        NotMeasured: where CIFAR-10 is not found.
    """
    dataset = needed_cifar10()
    plain = replace(EXERCISE_VIT, test_subset=TEST_SUBSET)
    default = replace(FAST_VIT, test_subset=TEST_SUBSET, precision=fast_precision())
    n_train = len(dataset.train.y)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        recipes = {}
        for name, recipe in {"default": default, "plain": plain}.items():
            passes = int(LAID_OUT * images_per_second(recipe, dataset) * MARKS[-1] / n_train)
            recipes[name] = replace(recipe, epochs=max(1, passes))
        service = stack.enter_context(TrainingService(folder))
        _warm(service)
        heard = {name: list(play(service, recipe)) for name, recipe in recipes.items()}
    return {"table": table(heard), **{key: value for name in heard for key, value in report(name, heard[name]).items()}}


def play(service: TrainingService, recipe: Recipe) -> Iterator[Heard]:
    """Start a race of one and tell its events as they can be read, to its end.

    Raises:
        RuntimeError: if the race comes to rest before its end.
    """
    secret = "of the bench"
    started = time.monotonic()
    race = Race.create(service.runs_folder, {"one": recipe}, title="From Play", owner=owner_of(secret))
    service.submit(race)
    (run,) = race.runs.values()
    place, over = 0, False
    while not over:
        over = service.status(race.name)["state"] not in ("waiting", "starting", "training")
        events, place = run.read(place)
        seconds = time.monotonic() - started
        yield from (Heard(event, seconds) for event in events)
        if any(isinstance(event, Finished) for event in events):
            return
        failed = next((event.reason for event in events if isinstance(event, Failed)), None)
        if failed is not None or over:
            raise RuntimeError(failed or f"the race came to rest: {service.status(race.name)}")
        time.sleep(ASK_EVERY)


def accuracies(heard: list[Heard]) -> list[tuple[float, float]]:
    """The test curve as (seconds since Play, accuracy), the look of a run's end included."""
    return [
        (one.seconds, one.event.test_accuracy)
        for one in heard
        if isinstance(one.event, Epoch | Snapshot | Finished) and one.event.test_accuracy is not None
    ]


def at_mark(curve: list[tuple[float, float]], mark: float) -> float | None:
    """The newest accuracy on screen so many seconds after Play; None before the first."""
    return next((accuracy for seconds, accuracy in reversed(curve) if seconds <= mark), None)


def passes(curve: list[tuple[float, float]], goal: float) -> float | None:
    """Seconds after Play at which the curve first reached an accuracy; None if it never did."""
    return next((seconds for seconds, accuracy in curve if accuracy >= goal), None)


def report(name: str, heard: list[Heard]) -> dict[str, Any]:
    """What is printed of a run."""
    curve, last = accuracies(heard), heard[-1]
    assert isinstance(last.event, Finished)
    trained = last.event.seconds
    first = next(one.seconds for one in heard if isinstance(one.event, Step))
    return {
        f"{name}: seconds from Play to the first point": first,
        f"{name}: seconds from Play to the end": last.seconds,
        f"{name}: share of them that is not training": 1 - trained / last.seconds,
        f"{name}: accuracy on the whole test split, %": 100 * last.event.test_accuracy,
        **{f"{name}: seconds from Play to {100 * goal:.0f} %": passes(curve, goal) for goal in GOALS},
    }


def table(heard: dict[str, list[Heard]]) -> str:
    """Markdown: a row for each recipe, with the accuracy that its curve showed at each mark."""
    lines = [
        "| seconds since Play | " + " | ".join(map(str, MARKS)) + " | at the end |",
        "|---" * (len(MARKS) + 2) + "|",
    ]
    for name, events in heard.items():
        curve = accuracies(events)
        cells = [at_mark(curve, mark) for mark in MARKS]
        shown = [*("" if cell is None else f"{100 * cell:.1f} %" for cell in cells)]
        lines.append(f"| {name} | {' | '.join(shown)} | {100 * curve[-1][1]:.1f} % after {curve[-1][0]:.0f} s |")
    lines.append(f"\n{torch.get_num_threads()} threads")
    return "\n".join(lines)


def _warm(service: TrainingService) -> None:
    service.warm()
    deadline = time.monotonic() + START_PATIENCE
    while not service.ready:
        if time.monotonic() > deadline:
            raise RuntimeError("the training process does not come up")
        time.sleep(ASK_EVERY)
