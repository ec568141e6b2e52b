"""The outcome of a race in words: who leads, by how much, and whether the difference is significant."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from vit_explorer.models.summary import accuracy_percent, in_percent
from vit_explorer.training.loop.recipe import Recipe

CLEAR = 2.0  # standard errors from which a difference is called a lead


@dataclass(frozen=True)
class Result:
    """A contender at its end: ``accuracy`` is a share of ``n_test`` pictures; it learned from ``n_train``."""

    label: str
    accuracy: float
    n_test: int
    n_train: int
    recipe: Recipe


@dataclass(frozen=True)
class Outcome:
    """A headline for the last row, and a line below it with what it rests on."""

    headline: str
    detail: str


def outcome(results: Sequence[Result], n_failed: int = 0) -> Outcome | None:
    """Describe the lead, its settings and its standard error; None without results.

    The standard error is that of a difference of two proportions, as if each was measured on test pictures of its own;
    both are measured on the same ones, so it is rather too large. The variation between seeds is not in it.
    """
    if not results:
        return None
    ranked = sorted(results, key=lambda result: -result.accuracy)
    listed = ", ".join(f"{result.label} {accuracy_percent(result.accuracy)}" for result in ranked)
    basis = f"On {ranked[0].n_test:,} test pictures{_settings(results)}"
    failed = f" {n_failed} contender{'s' if n_failed > 1 else ''} failed." if n_failed else ""
    if len(ranked) == 1:
        return Outcome(listed, f"{basis}.{failed}")
    first, second = ranked[:2]
    points = in_percent(first.accuracy) - in_percent(second.accuracy)  # of the numbers as they are printed
    ratio = _ratio(first.accuracy - second.accuracy, counting_error(first, second))
    if ratio < CLEAR:
        said = f"{points} points" if points else "no difference"
        return Outcome(
            listed,
            f"{basis}: {said} between the first two, {ratio:.1f} standard errors, too close to call.{failed}",
        )
    return Outcome(
        f"{first.label} leads by {points} points: {listed}",
        f"{basis}; the lead is {_errors(ratio)}. One seed each: other seeds may differ.{failed}",
    )


def counting_error(first: Result, second: Result) -> float:
    """Standard error of the difference of two shares, as if each had been counted on pictures of its own."""
    return math.sqrt(sum(one.accuracy * (1 - one.accuracy) / one.n_test for one in (first, second)))


def _ratio(difference: float, error: float) -> float:
    """How many times its error a difference is; where nothing could vary, any difference is beyond doubt."""
    if error:
        return difference / error
    return math.inf if difference else 0.0


def _errors(ratio: float) -> str:
    if ratio >= 100:
        return "over 100 standard errors"
    return f"{ratio:.0f} standard errors" if ratio >= 3 else f"{ratio:.1f} standard errors"


def _settings(results: Sequence[Result]) -> str:
    """What all contenders have in common: " after 20 epochs on 5,000 pictures"."""
    epochs = {result.recipe.epochs for result in results}
    sizes = {result.n_train for result in results}
    after = f" after {(n := epochs.pop())} epoch{'s' if n > 1 else ''}" if len(epochs) == 1 else ""
    on = f" on {sizes.pop():,} pictures" if len(sizes) == 1 else ""
    if after:
        return after + on
    return f", trained{on}" if on else ""
