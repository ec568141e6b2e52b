"""Looks at a model while it trains, evaluation and snapshots: how many are to come, and what they take."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from statistics import median
from typing import Any

from vit_explorer.training.loop.recipe import Recipe
from vit_explorer.training.loop.schedule import FORWARD_SHARE, CurvePlan, plan_test_curve, snapshot_steps

RECENT = 7  # looks of a kind of which the median counts: the first of a run also warms up


@dataclass(frozen=True)
class LookPlan:
    """When a run looks at its model.

    Attributes:
        steps_per_epoch, total_steps: of the run.
        snapshots: the steps of the snapshots.
        curve: the steps at which the test curve is measured, and on how many images.
        each_epoch: images evaluated at the end of each epoch, beside those of the curve.
        at_the_end: images evaluated once, behind the last step.
    """

    steps_per_epoch: int
    total_steps: int
    snapshots: frozenset[int]
    curve: CurvePlan
    each_epoch: int
    at_the_end: int

    def evaluated_from(self, step: int) -> int:
        """Images evaluated once ``step`` steps are done, in the looks that are due then and in all later ones."""
        measured = sum(at >= step for at in self.curve.steps) * self.curve.n_images
        epochs = self.total_steps // self.steps_per_epoch + 1 - max(1, math.ceil(step / self.steps_per_epoch))
        return measured + epochs * self.each_epoch + self.at_the_end

    def snapshots_from(self, step: int) -> int:
        """Snapshots once ``step`` steps are done, one that is due then among them."""
        return sum(at >= step for at in self.snapshots)


def plan_looks(recipe: Recipe, n_train: int, n_validation: int, n_test: int) -> LookPlan:
    """The looks of a run on so many images.

    Args:
        n_train: images trained on, after the validation split and the subset were drawn.
    """
    steps_per_epoch = math.ceil(n_train / recipe.batch_size)
    total_steps = recipe.epochs * steps_per_epoch
    snapshots = snapshot_steps(total_steps, recipe.snapshots)
    curve = plan_test_curve(
        snapshots | {*range(steps_per_epoch, total_steps + 1, steps_per_epoch)},
        recipe.test_subset or n_test,
        recipe.epochs * n_train,
    )
    if not recipe.test_each_epoch:
        curve = CurvePlan(frozenset(), curve.n_images)
    at_the_end = n_validation + n_test + min(n_train, n_test)
    return LookPlan(steps_per_epoch, total_steps, snapshots, curve, n_validation, at_the_end)


@dataclass(frozen=True)
class Pace:
    """Seconds that training on an image took lately, evaluating one, and a snapshot.

    ``evaluating`` is None before anything was evaluated.
    """

    training: float
    evaluating: float | None
    snapshot: float


class LookTimes:
    """Seconds that looks took: an image's evaluation, and a snapshot beside it. Medians over the last few."""

    def __init__(self) -> None:
        self._images: deque[float] = deque(maxlen=RECENT)
        self._snapshots: deque[float] = deque(maxlen=RECENT)

    def evaluated(self, images: int, seconds: float) -> None:
        """Note that evaluating so many images took so long."""
        if images:
            self._images.append(seconds / images)

    def snapped(self, seconds: float) -> None:
        """Note that a snapshot took so long, the test curve left out."""
        self._snapshots.append(seconds)

    @property
    def per_image(self) -> float | None:
        """None before anything was evaluated."""
        return median(self._images) if self._images else None

    @property
    def per_snapshot(self) -> float:
        """0 before the first one."""
        return median(self._snapshots) if self._snapshots else 0.0

    def ahead(self, plan: LookPlan, step: int, seconds_per_image: float) -> float:
        """Seconds of the looks to come once ``step`` steps are done.

        Args:
            seconds_per_image: of training, of which evaluating takes FORWARD_SHARE while none was measured.
        """
        each = FORWARD_SHARE * seconds_per_image if self.per_image is None else self.per_image
        return each * plan.evaluated_from(step) + self.per_snapshot * plan.snapshots_from(step)

    def state(self) -> dict[str, Any]:
        """Plain values for :meth:`load`."""
        return {"images": list(self._images), "snapshots": list(self._snapshots)}

    def load(self, state: dict[str, Any]) -> None:
        self._images.extend(state["images"])
        self._snapshots.extend(state["snapshots"])
