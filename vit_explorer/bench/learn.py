"""Test accuracy over training time on this machine, two recipes in turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import torch

from vit_explorer.bench.missing import needed_cifar10
from vit_explorer.data.sources import Dataset
from vit_explorer.training.loop.events import Failed, Step
from vit_explorer.training.loop.precision import fast_precision
from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.trainer import Trainer
from vit_explorer.training.studies.presets import EXERCISE_VIT, FAST_VIT

MARKS = (30, 60, 120, 240, 480, 600)  # seconds of training; evaluation is not counted
PLAIN_END = 480  # the plain recipe's accuracy at this mark is what the other one is measured by
SLICE = 15.0  # seconds of training before the other one has its turn
N_TEST = 2_000  # test images, class-balanced: a standard error of 1.1 points or less
SPEED_STEPS = 12  # steps that tell how many passes fit into the time


@dataclass
class Entrant:
    """A training in progress: events, and test accuracy at each passed mark."""

    name: str
    trainer: Trainer
    end: float
    accuracies: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.events: Iterator[Any] = self.trainer.events()

    @property
    def done(self) -> bool:
        return self.trainer.seconds >= self.end or self.trainer.step >= self.trainer.total_steps

    def train(self, seconds: float) -> None:
        """Train for some seconds and test at each mark on the way."""
        until = min(self.trainer.seconds + seconds, self.end)
        while self.trainer.seconds < until and not self.done:
            event = next(self.events)
            if isinstance(event, Failed):
                raise RuntimeError(f"{self.name}: {event.reason}")
            if isinstance(event, Step):
                self._look()

    def _look(self) -> None:
        at_the_end = self.done
        for mark in MARKS:
            passed = self.trainer.seconds >= mark or (at_the_end and mark == self.end)
            if passed and mark not in self.accuracies and mark <= self.end:
                self.accuracies[mark] = self.trainer.accuracy(
                    self.trainer.source.measured, self.trainer.recipe.precision
                )


def measure_learn(checkpoints: str | None = None) -> dict[str, Any]:
    """Train a plain ViT and the default recipe of this package in turns.

    The plain one: Adam 1e-3, no augmentation, float32.

    Both get the whole CIFAR-10 training split and the same two thousand test images; all cores; 15 seconds each in
    turns. The default's schedule is laid out for the last mark, whatever the machine: how many passes that is, a few
    steps tell beforehand. ``checkpoints`` is not used.

    Raises:
        NotMeasured: where CIFAR-10 is not found.
    """
    dataset = needed_cifar10()
    common = {"test_subset": N_TEST, "snapshots": 2, "test_each_epoch": False}
    plain = replace(EXERCISE_VIT, epochs=10_000, **common)
    fast = replace(FAST_VIT, precision=fast_precision(), **common)
    fast = replace(fast, epochs=max(1, int(images_per_second(fast, dataset) * MARKS[-1] / len(dataset.train.y))))
    entrants = [
        Entrant("plain", Trainer(plain, dataset), PLAIN_END),
        Entrant("default", Trainer(fast, dataset), MARKS[-1]),
    ]
    while not all(entrant.done for entrant in entrants):
        for entrant in entrants:
            entrant.train(SLICE)
    return _report(entrants)


def images_per_second(recipe: Recipe, dataset: Dataset) -> float:
    """Training images a second, by the median of a few steps."""
    trainer = Trainer(recipe, dataset)
    steps = (event for event in trainer.events() if isinstance(event, Step))
    times = [0.0, *(next(steps).seconds for _ in range(SPEED_STEPS))]
    taken = sorted(after - before for before, after in pairwise(times))
    return recipe.batch_size / taken[len(taken) // 2]


def _report(entrants: list[Entrant]) -> dict[str, Any]:
    plain, fast = entrants
    goal = plain.accuracies[PLAIN_END]
    reached = next((mark for mark in MARKS if fast.accuracies.get(mark, 0) >= goal), None)
    result: dict[str, Any] = {
        "threads": torch.get_num_threads(),
        "default: passes its schedule is laid out for": fast.trainer.recipe.epochs,
    }
    for entrant in entrants:
        recipe, trainer = entrant.trainer.recipe, entrant.trainer
        rate = trainer.images / trainer.seconds
        result[f"{entrant.name}: model, optimizer, precision"] = (
            f"{recipe.model}, {recipe.optimizer}, {recipe.precision}"
        )
        result[f"{entrant.name}: images/s"] = rate
        for mark, accuracy in entrant.accuracies.items():
            result[f"{entrant.name}: test accuracy after {mark} s, %"] = 100 * accuracy
    return result | {
        f"seconds at which the default has reached the plain one's {PLAIN_END} s accuracy": reached,
        f"those seconds as a fraction of {PLAIN_END} s": None if reached is None else reached / PLAIN_END,
    }
