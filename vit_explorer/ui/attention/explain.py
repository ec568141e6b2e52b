"""Explain: importance maps of one prediction, and how faithful each is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean
from typing import TYPE_CHECKING, Literal, NotRequired, TypedDict

import numpy as np
import torch
from torch import Tensor

from vit_explorer.explain.erasing import Baseline, baseline_images
from vit_explorer.explain.explanations import Method, explanation_maps, methods_for, yardstick_maps
from vit_explorer.explain.faithfulness import Curve, Erasing, both_curves, importance_order, usual_steps
from vit_explorer.figures.explanations import Explained, explanations_figure
from vit_explorer.ui.attention.export import BASELINES, labels_of, pixels_of, source_caption, stem_of
from vit_explorer.ui.attention.request import check_class
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.downloads import FileAnswer, export_file, npz_bytes
from vit_explorer.ui.core.errors import Answer
from vit_explorer.ui.core.requests import ModelInput, ModelRequest, check_prediction, load_input
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.watch import Watch

if TYPE_CHECKING:
    from matplotlib.figure import Figure

N_RANDOM = 4  # random maps, the baseline that a method must beat: two and their reverses
DECIMALS = 3  # of a printed area; equal printed areas are a tie

Verdict = Literal["better", "like", "worse", "none"]


@dataclass(frozen=True)
class MapsRequest(ModelRequest):
    """The class to explain, by its index; None for the predicted one."""

    target: int | None


@dataclass(frozen=True)
class ScoresRequest(MapsRequest):
    """What replaces an erased patch."""

    baseline: Baseline


@dataclass(frozen=True)
class ExplainExport(ScoresRequest):
    """The format of the file."""

    format: str


@dataclass(frozen=True)
class FollowRequest:
    """Scores that are being measured, and the id of the page that waits for them."""

    question: ScoresRequest
    page: str


class ErasingPayload(TypedDict):
    """How far scores are; ``share`` is None while they wait for others. ``patches`` of ``n_patches`` are erased now."""

    share: float | None
    patches: int
    n_patches: int


class MethodScore(TypedDict):
    """A method's curve, its area, and how the area compares with random maps."""

    probabilities: list[float]
    area: float
    verdict: Verdict
    best: bool


class MethodPayload(TypedDict):
    """A method's map (rows, cols), the ``order`` of its patches by importance and, once measured, its scores."""

    name: str
    title: str
    words: str
    for_class: bool
    map: Packed
    order: list[int]
    deletion: NotRequired[MethodScore]
    insertion: NotRequired[MethodScore]


class RandomScore(TypedDict):
    """The areas of ``n`` random maps, and their mean curve."""

    n: int
    mean: float
    low: float
    high: float
    probabilities: list[float]


class MapsPayload(TypedDict):
    """The maps of one class (``target``), and the first random map."""

    target: int
    methods: list[MethodPayload]
    random: Packed
    random_order: list[int]


class ScoresPayload(MapsPayload):
    """Maps with their scores; ``baseline_pixels``: the image with all patches erased, uint8 (H, W, 3)."""

    fractions: list[float]
    yardstick: dict[str, RandomScore]
    baseline_pixels: Packed


@dataclass(frozen=True)
class Judged:
    """How a map's area compares with the areas of random maps: better than each, like them, or worse than each.

    The verdict is "none" for a constant map, which ranks no patch before another.
    """

    area: float
    verdict: Verdict
    best: bool


@dataclass(frozen=True)
class Scores:
    """Faithfulness of all maps of one prediction: those of the methods, then N_RANDOM random ones.

    Attributes:
        fractions: (K + 1,), the fraction of patches that were replaced.
        probabilities: per measure (maps, K + 1).
        judged: per measure one for each method.
        random_areas: per measure N_RANDOM numbers.
    """

    fractions: Tensor
    probabilities: dict[str, Tensor]
    judged: dict[str, list[Judged]]
    random_areas: dict[str, list[float]]


@dataclass(frozen=True)
class Maps:
    """The maps of one class in one picture, by method (rows, cols), and random ones (N_RANDOM, rows, cols)."""

    target: int
    methods: dict[str, Method]
    maps: dict[str, Tensor]
    random: Tensor


def make_maps(seen: ModelInput, target: int | None) -> Maps:
    """The maps of every method that works on this model, from one forward and one backward pass."""
    model = check_prediction(seen.checkpoint).model
    if target is None:
        with torch.inference_mode():
            target = int(model(seen.inputs)[0].argmax())
    maps = explanation_maps(model, seen.inputs, target)
    named = {name: found[0] for name, found in maps.items()}
    return Maps(target, methods_for(model), named, yardstick_maps(model.grid, N_RANDOM))


def measure(
    seen: ModelInput, made: Maps, baseline: Baseline, progress: Callable[[Erasing], None] | None = None
) -> Scores:
    """Deletion and insertion curves of all maps, see ``both_curves`` and ``usual_steps``."""
    importance = torch.cat([torch.stack(list(made.maps.values())), made.random])
    model = seen.checkpoint.model
    both = both_curves(model, seen.inputs, importance, made.target, baseline, usual_steps(model), progress)
    curves: dict[str, Curve] = dict(zip(("deletion", "insertion"), both, strict=True))
    n = len(made.maps)
    flat = [bool((found == found.flatten()[0]).all()) for found in made.maps.values()]
    areas = {name: curve.area.tolist() for name, curve in curves.items()}
    return Scores(
        fractions=curves["deletion"].fractions,
        probabilities={name: curve.probabilities for name, curve in curves.items()},
        judged={name: judge(found[:n], found[n:], name == "deletion", flat) for name, found in areas.items()},
        random_areas={name: found[n:] for name, found in areas.items()},
    )


def judge(areas: list[float], random_areas: list[float], lower: bool, flat: list[bool]) -> list[Judged]:
    """Compare areas with those of random maps; "best" is the best printed area, if it beats every random map.

    Args:
        lower: whether the lower area is the better one, as for deletion.
        flat: which of the maps are constant.
    """
    sign = -1 if lower else 1
    goodness = [sign * round(area, DECIMALS) for area in areas]
    yardstick = [sign * round(area, DECIMALS) for area in random_areas]
    verdicts: list[Verdict] = [
        "none" if same else "better" if good > max(yardstick) else "worse" if good < min(yardstick) else "like"
        for good, same in zip(goodness, flat, strict=True)
    ]
    first = max((good for good, same in zip(goodness, flat, strict=True) if not same), default=None)
    return [
        Judged(area, verdict, verdict == "better" and good == first)
        for area, good, verdict in zip(areas, goodness, verdicts, strict=True)
    ]


@terms(long=True)
def explain_maps(session: Session, request: MapsRequest) -> MapsPayload:
    """The maps of a prediction without their scores, which take longer."""
    seen = load_input(session, request)
    return _maps_payload(make_maps(seen, check_class(seen.checkpoint, request.target)))


@terms(long=True)
def explain_scores(session: Session, watch: Watch, request: ScoresRequest) -> ScoresPayload:
    """The maps of a prediction and their scores.

    Raises UserError where every page that followed it has left.
    """
    with watch.working(request) as progress:
        seen = load_input(session, request)
        made = make_maps(seen, check_class(seen.checkpoint, request.target))
        scores = measure(seen, made, request.baseline, progress)
    maps = _maps_payload(made)
    for index, method in enumerate(maps["methods"]):
        method["deletion"] = _method_score(scores, "deletion", index)
        method["insertion"] = _method_score(scores, "insertion", index)
    n = len(made.maps)
    erased = baseline_images(seen.images.float(), request.baseline)
    return {
        **maps,
        "fractions": scores.fractions.tolist(),
        "yardstick": {
            name: {
                "n": N_RANDOM,
                "mean": fmean(scores.random_areas[name]),
                "low": min(scores.random_areas[name]),
                "high": max(scores.random_areas[name]),
                "probabilities": curves[n:].mean(dim=0).tolist(),
            }
            for name, curves in scores.probabilities.items()
        },
        "baseline_pixels": pack_pixels(erased.clamp(0, 255)),
    }


def explain_progress(session: Session, watch: Watch, request: FollowRequest) -> ErasingPayload:
    """How far the scores are. The page that asks follows them until it leaves."""
    at = watch.follow(request.question, request.page)
    model = session.checkpoint(request.question.model).model
    erasing = at if isinstance(at, Erasing) else None
    return {
        "share": erasing.share if erasing else None,
        "patches": erasing.patches if erasing else 0,
        "n_patches": model.grid[0] * model.grid[1],
    }


def leave_scores(watch: Watch, request: FollowRequest) -> Answer:
    """Follow scores no longer; what nobody follows is stopped."""
    watch.leave(request.question, request.page)
    return {}


def _method_score(scores: Scores, measured: str, index: int) -> MethodScore:
    judged = scores.judged[measured][index]
    probabilities = scores.probabilities[measured][index].tolist()
    return {"probabilities": probabilities, "area": judged.area, "verdict": judged.verdict, "best": judged.best}


def _maps_payload(made: Maps) -> MapsPayload:
    return {
        "target": made.target,
        "methods": [
            {
                "name": name,
                "title": made.methods[name].title,
                "words": made.methods[name].words,
                "for_class": made.methods[name].for_class,
                "map": pack(found),
                "order": importance_order(found[None])[0].tolist(),
            }
            for name, found in made.maps.items()
        ],
        "random": pack(made.random[0]),
        "random_order": importance_order(made.random[:1])[0].tolist(),
    }


@terms(long=True)
def export_explanations(session: Session, request: ExplainExport) -> FileAnswer:
    """Write the maps and curves of one prediction to a file."""
    seen = load_input(session, request)
    made = make_maps(seen, check_class(seen.checkpoint, request.target))
    scores = measure(seen, made, request.baseline)
    return export_file(
        stem_of(seen, "explained"),
        request.format,
        lambda: _figure(seen, made, scores, request.baseline),
        {"npz": lambda: npz_bytes(_arrays(seen, made, scores, request.baseline))},
    )


def _arrays(seen: ModelInput, made: Maps, scores: Scores, baseline: Baseline) -> dict[str, np.ndarray]:
    n, name = len(made.maps), seen.checkpoint.class_names[made.target]
    arrays = {f"map_{method}": found.numpy() for method, found in made.maps.items()}
    for measured, found in scores.probabilities.items():
        arrays |= {f"{measured}_{method}": found[index].numpy() for index, method in enumerate(made.maps)}
        arrays[f"{measured}_random"] = found[n:].numpy()
    arrays |= {"maps_random": made.random.numpy(), "fractions": scores.fractions.numpy(), **labels_of(seen)}
    return {**arrays, "target": np.array(name), "baseline": np.array(baseline)}


def _figure(seen: ModelInput, made: Maps, scores: Scores, baseline: Baseline) -> Figure:
    n, name = len(made.maps), seen.checkpoint.class_names[made.target]
    curves = {measured: found.numpy() for measured, found in scores.probabilities.items()}
    explained = [
        Explained(
            made.methods[method].title,
            found.numpy(),
            {measured: (scores.judged[measured][index].area, curves[measured][index]) for measured in curves},
        )
        for index, (method, found) in enumerate(made.maps.items())
    ]
    random = {m: (float(np.mean(scores.random_areas[m])), curves[m][n:].mean(axis=0)) for m in curves}
    spans = {measured: f"{min(found):.3f} to {max(found):.3f}" for measured, found in scores.random_areas.items()}
    caption = (
        f"{source_caption(seen)} Class: {name} ({made.target}). Erased patches are replaced by {BASELINES[baseline]}, "
        f"in {len(scores.fractions) - 1} steps; area by the trapezoidal rule. Random: mean of {N_RANDOM} "
        f"maps, deletion {spans['deletion']}, insertion {spans['insertion']}. Each map has its own scale, printed "
        "above it, since the methods' units differ."
    )
    return explanations_figure(pixels_of(seen), explained, random, scores.fractions.numpy(), f"Why {name}?", caption)
