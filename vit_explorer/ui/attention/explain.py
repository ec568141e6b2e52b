"""What the Explain view asks for: the maps of one prediction, and for each how far to believe it."""

from __future__ import annotations

from dataclasses import dataclass
from statistics import fmean
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from vit_explorer.explain.erasing import Baseline, baseline_images
from vit_explorer.explain.explanations import Method, explanation_maps, methods_for, random_maps
from vit_explorer.explain.faithfulness import Curve, deletion_curve, importance_order, insertion_curve
from vit_explorer.figures.explanations import Explained, explanations_figure
from vit_explorer.figures.frame import figure_bytes
from vit_explorer.ui.attention.export import BASELINES, file_of, format_of, labels_of, pixels_of, where
from vit_explorer.ui.attention.request import (
    chosen_baseline,
    chosen_class,
)
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.downloads import npz_bytes
from vit_explorer.ui.core.requests import Looked, looked_at
from vit_explorer.ui.core.session import Session

N_RANDOM = 4  # maps that know nothing, the yardstick
DECIMALS = 3  # to which areas are printed; those that print alike are a tie

Verdict = Literal["better", "like", "worse", "none"]


@dataclass(frozen=True)
class Judged:
    """How a map's area compares with those of random maps from the same run: better than each, between, or worse.

    "none" is for a map that is the same everywhere: it puts no patch before another, so there is nothing to judge.
    """

    area: float
    verdict: Verdict
    best: bool


@dataclass(frozen=True)
class Scores:
    """All maps of one prediction, measured; the first maps of each curve are the methods', N_RANDOM random ones follow.

    Attributes:
        fractions: (K + 1,), the share of patches that were exchanged.
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


def make_maps(looked: Looked, target: int | None) -> Maps:
    """Every method that this model has what it takes for, from one pass forward and back."""
    model = looked.checkpoint.model
    if target is None:
        with torch.inference_mode():
            target = int(model(looked.inputs)[0].argmax())
    maps = explanation_maps(model, looked.inputs, target)
    random = random_maps(model.grid, N_RANDOM)
    return Maps(target, methods_for(model), {name: found[0] for name, found in maps.items()}, random)


def measure(looked: Looked, made: Maps, baseline: Baseline) -> Scores:
    """Deletion and insertion of all maps, one patch a step, all in the same batches."""
    model = looked.checkpoint.model
    importance = torch.cat([torch.stack(list(made.maps.values())), made.random])
    inputs = looked.inputs.expand(len(importance), -1, -1, -1)
    curves: dict[str, Curve] = {
        "deletion": deletion_curve(model, inputs, importance, made.target, baseline),
        "insertion": insertion_curve(model, inputs, importance, made.target, baseline),
    }
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
    """Compare areas with those of random maps. Best is the best of the printed numbers, and only if random maps lose.

    Args:
        lower: whether the lower area is the better one, as for deletion.
        flat: which of the maps are the same everywhere.
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


def explain_maps(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """The maps without their scores, which take longer: {picture, model, fit, target}.

    Returns:
        ``target``: the class that was asked about, or the predicted one. ``methods``: name, title, words, for_class,
        the packed map (rows, cols) of each and the ``order`` of its patches. ``random``, ``random_order``: of the first
        random map.
    """
    looked = looked_at(session, request)
    return _maps_payload(make_maps(looked, chosen_class(looked.checkpoint, request["target"])))


def explain_picture(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Maps and scores: {picture, model, fit, target, baseline}.

    Returns:
        what :func:`explain_maps` does; in each of ``methods`` also ``deletion`` and ``insertion``: probabilities, area,
        verdict, best. ``fractions``. ``yardstick``: per measure the mean, low and high area of the random maps, and the
        mean curve. ``baseline_pixels``: the picture with everything erased, uint8 (H, W, 3).
    """
    looked = looked_at(session, request)
    baseline = chosen_baseline(request["baseline"])
    made = make_maps(looked, chosen_class(looked.checkpoint, request["target"]))
    scores = measure(looked, made, baseline)
    answer = _maps_payload(made)
    for index, method in enumerate(answer["methods"]):
        for name, curves in scores.probabilities.items():
            method[name] = {"probabilities": curves[index].tolist(), **vars(scores.judged[name][index])}
    n = len(made.maps)
    answer["fractions"] = scores.fractions.tolist()
    answer["yardstick"] = {
        name: {
            "n": N_RANDOM,
            "mean": fmean(scores.random_areas[name]),
            "low": min(scores.random_areas[name]),
            "high": max(scores.random_areas[name]),
            "probabilities": curves[n:].mean(dim=0).tolist(),
        }
        for name, curves in scores.probabilities.items()
    }
    erased = baseline_images(looked.images.float(), baseline)[0]
    answer["baseline_pixels"] = pack(erased.clamp(0, 255).permute(1, 2, 0), "uint8")
    return answer


def _maps_payload(made: Maps) -> dict[str, Any]:
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


def export_explanations(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """Maps and curves of one prediction: {picture, model, fit, target, baseline, format} -> a file."""
    looked = looked_at(session, request)
    baseline, format = chosen_baseline(request["baseline"]), format_of(request)
    made = make_maps(looked, chosen_class(looked.checkpoint, request["target"]))
    scores = measure(looked, made, baseline)
    curves = {name: found.numpy() for name, found in scores.probabilities.items()}
    name = looked.checkpoint.class_names[made.target]
    if format == "npz":
        arrays = {f"map_{method}": found.numpy() for method, found in made.maps.items()}
        n = len(made.maps)
        for measured, found in curves.items():
            arrays |= {f"{measured}_{method}": found[index] for index, method in enumerate(made.maps)}
            arrays[f"{measured}_random"] = found[n:]
        arrays |= {"maps_random": made.random.numpy(), "fractions": scores.fractions.numpy(), **labels_of(looked)}
        data = npz_bytes({**arrays, "target": np.array(name), "baseline": np.array(baseline)})
    else:
        explained = [
            Explained(
                made.methods[method].title,
                found.numpy(),
                {measured: (scores.judged[measured][index].area, curves[measured][index]) for measured in curves},
            )
            for index, (method, found) in enumerate(made.maps.items())
        ]
        n = len(made.maps)
        random = {m: (float(np.mean(scores.random_areas[m])), curves[m][n:].mean(axis=0)) for m in curves}
        spans = {measured: _span(found) for measured, found in scores.random_areas.items()}
        caption = (
            f"{where(looked)} Class: {name} ({made.target}). An erased patch becomes {BASELINES[baseline]}; one patch "
            f"a step, {len(scores.fractions) - 1} steps, area by the trapezoidal rule. Random: mean of {N_RANDOM} "
            f"maps, deletion {spans['deletion']}, insertion {spans['insertion']}. Each map has its own scale, printed "
            "above it: the methods' units differ."
        )
        figure = explanations_figure(
            pixels_of(looked), explained, random, scores.fractions.numpy(), f"Why {name}?", caption
        )
        data = figure_bytes(figure, format)
    return file_of(looked, "explained", format, data)


def _span(areas: list[float]) -> str:
    return f"{min(areas):.3f} to {max(areas):.3f}"
