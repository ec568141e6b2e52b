"""Findings of the data scaling sweep: expectations beside the results, and what the runs lacked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from statistics import mean
from typing import Any

from vit_explorer.models.zoo import MODELS
from vit_explorer.training.studies.data_scaling import BATCH, SIZES, curves, updates_of

# The reading of the results: the number of images from which on a draw was expected, and the margin of a draw.
MANY, MOST = 10_000, 100_000  # training pictures
NEAR = 0.02  # of accuracy: so little ahead on training pictures that overfitting costs hardly anything
CLOSE = 0.03  # of accuracy: two means at most so far apart are called close
CLEAR = (
    0.005  # of accuracy: from here on a mean distance is called smaller; counting test pictures moves it half as far
)
HELPED = {"vit-conv": "a convolutional stem", "hybrid": "a CNN backbone", "deit": "a CNN teacher"}

MINUS = "\N{MINUS SIGN}"

Curves = Mapping[str, list[tuple[int, float, float, int]]]  # what ``curves`` gives


@dataclass(frozen=True)
class Expectation:
    """An expectation beside the result.

    Attributes:
        criterion: by which ``agrees`` was decided.
        agrees: None where the runs that it takes are not there.
    """

    expected: str
    criterion: str
    found: str
    agrees: bool | None


def expectations(results: Mapping[str, Any]) -> list[Expectation]:
    """Compare the expectations with the results, by differences of means over seeds.

    CNN and ViT are compared at every size; what is said to narrow the gap, by the mean of its distances to the CNN over
    all sizes where CNN, ViT and itself were trained.
    """
    found = curves(results)
    return [_ahead(found), _close(found), *(_narrows(found, model) for model in HELPED)]


def _ahead(found: Curves) -> Expectation:
    gaps = {size: gap for size, gap in _gaps(found, "vit").items() if size < MANY}
    return Expectation(
        f"The CNN is ahead of the ViT under {MANY:,} pictures.",
        "Agrees if its mean is the higher one at every size there",
        _listed(gaps),
        all(gap > 0 for gap in gaps.values()) if gaps else None,
    )


def _close(found: Curves) -> Expectation:
    gaps = {size: gap for size, gap in _gaps(found, "vit").items() if MANY <= size <= MOST}
    return Expectation(
        f"CNN and ViT are close between {MANY:,} and {MOST:,} pictures.",
        f"Agrees if the means are at most {100 * CLOSE:g} points apart at every size there",
        _listed(gaps),
        all(abs(gap) <= CLOSE for gap in gaps.values()) if gaps else None,
    )


def _narrows(found: Curves, model: str) -> Expectation:
    plain, helped = _gaps(found, "vit"), _gaps(found, model)
    sizes = [size for size in plain if size in helped]
    expected = f"{HELPED[model][0].upper()}{HELPED[model][1:]} narrows the gap."
    criterion = (
        f"Agrees if its mean distance to the CNN is at least {100 * CLEAR:g} points smaller than the plain ViT's"
    )
    if not sizes:
        return Expectation(expected, criterion, "No run of this sweep answers this yet.", None)
    before, after = mean(plain[size] for size in sizes), mean(helped[size] for size in sizes)
    counted = "at the one size" if len(sizes) == 1 else f"in the mean over {len(sizes)} sizes"
    told = f"With it {_beside(after)} the CNN {counted}, the plain ViT {_beside(before)} it."
    return Expectation(expected, criterion, told, before > 0 and before - after >= CLEAR)


def _gaps(found: Curves, model: str) -> dict[int, float]:
    """By how much the CNN's mean is above another's, at every size that both have."""
    other = {size: accuracy for size, accuracy, _, _ in found.get(model, [])}
    return {size: accuracy - other[size] for size, accuracy, _, _ in found.get("cnn", []) if size in other}


def _listed(gaps: Mapping[int, float]) -> str:
    if not gaps:
        return "No run of this sweep answers this yet."
    said = [f"{_points(gap)} at {size:,}" for size, gap in gaps.items()]
    return f"CNN minus ViT, in points: {', '.join(said)}."


def _points(gap: float) -> str:
    """A difference of accuracies in points, with its sign; 0.0 has none."""
    text = f"{abs(100 * gap):.1f}"
    return text if text == "0.0" else f"{'+' if gap > 0 else MINUS}{text}"


def _beside(gap: float) -> str:
    return f"{abs(100 * gap):.1f} points {'behind' if gap >= 0 else 'ahead of'}"


def settings(results: Mapping[str, Any]) -> str:
    """How the points came about, in two sentences."""
    updates = updates_of(results)
    sizes, seeds = ({point[key] for point in results["points"]} for key in ("size", "seed"))
    ends = sorted({min(sizes), max(sizes)}) if sizes else [SIZES[0], SIZES[-1]]
    passes = " and ".join(f"each of {size:,} pictures {_times(updates * BATCH / size)}" for size in ends)
    each = Counter((point["model"], point["size"]) for point in results["points"]).values()
    most = "" if min(each, default=0) == len(seeds) else "up to "
    spread = f"means of {most}{len(seeds)} seeds, bars their standard deviation" if len(seeds) > 1 else "one seed"
    return (
        f"Equal updates, not equal passes: every run makes {updates:,} updates of {BATCH} pictures, and so sees "
        f"{passes}. Measured on the whole test split, {spread}."
    )


def sated(results: Mapping[str, Any]) -> dict[str, int]:
    """By model, the number of pictures from which on it knows those it learned from hardly better than the test split.

    Both accuracies are measured at the end, on pictures as they are; compared are means over seeds, and NEAR is hardly.
    A model that is further ahead on its training pictures at the most of them is left out.
    """
    by_size: dict[str, dict[int, list[float]]] = {}
    for point in results["points"]:
        lead = point["train_accuracy"] - point["test_accuracy"]
        by_size.setdefault(point["model"], {}).setdefault(point["size"], []).append(lead)
    found = {}
    for model, leads in by_size.items():
        for size in sorted(leads, reverse=True):
            if mean(leads[size]) > NEAR:
                break
            found[model] = size
    return found


def shortage(results: Mapping[str, Any]) -> str | None:
    """What the runs on many pictures lack, in a sentence or two; None where none of them tells."""
    by_size: dict[int, list[str]] = {}
    for model, size in sated(results).items():
        by_size.setdefault(size, []).append(MODELS[model].short)
    if not by_size:
        return None
    said = "; ".join(f"from {size:,} on, {', '.join(names)}" for size, names in sorted(by_size.items()))
    return (
        f"At most {100 * NEAR:g} points better on the pictures they learned from than on the test split: {said}. "
        "These runs lack updates, not pictures."
    )


def _times(passes: float) -> str:
    return "once" if passes == 1 else f"{passes:,.4g} times"
