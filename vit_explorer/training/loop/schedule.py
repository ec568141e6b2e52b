"""The learning rate of each step, and the steps at which the model is evaluated."""

from __future__ import annotations

import math
from dataclasses import dataclass

from vit_explorer.training.loop.recipe import Recipe

LOOK_SHARE = 0.15  # of a run's time that measuring the test curve may take
FORWARD_SHARE = 1 / 3  # of a training step's time: the forward pass alone
SMALLEST_LOOK = 100  # test images: a standard error of 5 points or less
FREE_IMAGES = 500  # evaluated in a whole run without counting: less than a second on a slow machine
FIRST_LOOK = 0.01  # of a run's steps: when the model is looked at for the first time after its beginning


def lr_factor(recipe: Recipe, step: int, total_steps: int) -> float:
    """The share of the peak learning rate that step number ``step`` (from 0) uses; above 1 if it was turned up."""
    turned = [factor for since, factor in recipe.lr_changes if since <= step]
    return _scheduled(recipe, step, total_steps) * (turned[-1] if turned else 1.0)


def _scheduled(recipe: Recipe, step: int, total_steps: int) -> float:
    warmup_steps = round(recipe.warmup * total_steps)
    if step < warmup_steps:
        return (step + 1) / warmup_steps
    if recipe.schedule == "constant":
        return 1.0
    progress = (step - warmup_steps) / (total_steps - warmup_steps)
    return 1 - progress if recipe.schedule == "linear" else 0.5 * (1 + math.cos(math.pi * progress))


def snapshot_steps(total_steps: int, count: int) -> frozenset[int]:
    """0, a hundredth of all steps, and on to the last one, each about the same factor later: most happens early.

    ``count`` (2 or more) of them in all, fewer in a short run in which some would fall together.
    """
    first = max(1, round(FIRST_LOOK * total_steps))
    growth = (total_steps / first) ** (1 / max(1, count - 2))
    between = (round(first * growth**i) for i in range(count - 2))
    return frozenset({0, *between, total_steps})


@dataclass(frozen=True)
class CurvePlan:
    """The points of a test curve: ``steps`` at which it is measured, each time on ``n_images`` test images."""

    steps: frozenset[int]
    n_images: int


def plan_test_curve(looks: frozenset[int], n_images: int, n_trained: int) -> CurvePlan:
    """Choose how many test images a run evaluates, and how often, so that it mainly trains.

    Evaluating an image takes FORWARD_SHARE of the time of training on one, so LOOK_SHARE of the time is a number of
    images, whatever the machine. Fewer images are evaluated at a time if that suffices, down to SMALLEST_LOOK; below
    that fewer steps are measured, the first and the last among them.

    Args:
        looks: steps at which the curve would have a point.
        n_images: test images that a point is measured on at most.
        n_trained: training images of the whole run, each as often as it is shown.
    """
    budget = max(FREE_IMAGES, int(LOOK_SHARE / FORWARD_SHARE * n_trained))
    size = min(n_images, max(SMALLEST_LOOK, budget // len(looks)))
    n_steps = min(len(looks), max(2, budget // size))
    ordered = sorted(looks)
    places = [round(i * (len(ordered) - 1) / max(1, n_steps - 1)) for i in range(n_steps)]
    return CurvePlan(frozenset(ordered[place] for place in places), size)
