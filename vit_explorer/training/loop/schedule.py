"""What is due at which step: the learning rate, and a look at the model."""

from __future__ import annotations

import math

from vit_explorer.training.loop.recipe import Recipe

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
