"""Faithfulness of each method: deletion and insertion on CIFAR-10 test images."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations, product
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from vit_explorer.bench.missing import NotMeasured, needed_cifar10
from vit_explorer.explain.explanations import METHODS, explanation_maps, random_maps
from vit_explorer.explain.faithfulness import deletion_curve, insertion_curve
from vit_explorer.models.checkpoint import CHECKPOINT_FOLDER, Checkpoint, CheckpointError, load_checkpoint

MODELS = ("vit-cifar10", "cnn-cifar10")
N_PICTURES = 500
SEED = 0  # of the choice of images, and of the random maps
BASELINE = "blurred"
AT_ONCE = 20  # images, each with as many variants as it has patches
RANDOM = "random"
MEASURES = {"deletion": "lower is better", "insertion": "higher is better"}

Areas = dict[str, dict[str, Tensor]]  # deletion or insertion, then by method: (n,) areas of the same images


def measure_faithful(
    checkpoints: str | None = None,
    data: str | os.PathLike[str] | None = None,
    n: int = N_PICTURES,
    models: Sequence[str] = MODELS,
) -> dict[str, Any]:
    """Mean areas with standard errors, all methods on the same images.

    The images are drawn from the test split by a fixed seed; the class is the one that the model predicts, right or
    wrong; what is erased is replaced by the blurred image, one patch a step.

    Args:
        data: where CIFAR-10 is looked for first.
        n: how many images.
        models: checkpoints trained on CIFAR-10.
    Returns:
        for each model and method the four numbers; "table" holds them as Markdown, with what cannot be told apart.
    Raises:
        NotMeasured: where CIFAR-10 or a checkpoint is not found, or there are not so many images.
    """
    folder = checkpoints or CHECKPOINT_FOLDER
    images = needed_cifar10(data).test.x
    try:
        loaded = [load_checkpoint(name, [folder]) for name in models]
    except CheckpointError as error:
        raise NotMeasured(str(error)) from error
    if not 2 <= n <= len(images):
        raise NotMeasured(f"the number of pictures must be 2 to {len(images)}, not {n}")
    chosen = torch.randperm(len(images), generator=torch.Generator().manual_seed(SEED))[:n]
    found = {checkpoint.name: _areas(_on_cifar10(checkpoint, folder), images[chosen]) for checkpoint in loaded}
    result: dict[str, Any] = {
        "pictures": n,
        "seed of their choice and of the random maps": SEED,
        "what replaces a patch": BASELINE,
    }
    for name, areas in found.items():
        for kind, method in product(areas, areas["deletion"]):
            mean, error = _mean_and_error(areas[kind][method])
            result[f"{name}, {method}: {kind} area (mean)"] = mean
            result[f"{name}, {method}: {kind} area (standard error)"] = error
    return result | {"table": _table(found)}


def _on_cifar10(checkpoint: Checkpoint, folder: str | Path) -> Checkpoint:
    trained_on = checkpoint.card["dataset"]["name"]
    if trained_on != "cifar10":
        raise NotMeasured(f"{checkpoint.name} in {folder} was trained on {trained_on}, not on cifar10")
    return checkpoint


def _areas(checkpoint: Checkpoint, images: Tensor) -> Areas:
    """Areas of every applicable method and of random maps, for uint8 images."""
    model = checkpoint.model
    chance = random_maps(model.grid, len(images), SEED)
    parts: dict[str, dict[str, list[Tensor]]] = {kind: {} for kind in MEASURES}
    for first in range(0, len(images), AT_ONCE):
        inputs = checkpoint.preprocess(images[first : first + AT_ONCE])
        with torch.no_grad():
            target = model(inputs).argmax(dim=1)
        maps = explanation_maps(model, inputs, target) | {RANDOM: chance[first : first + AT_ONCE]}
        for method, importance in maps.items():
            for kind, curve in (("deletion", deletion_curve), ("insertion", insertion_curve)):
                area = curve(model, inputs, importance, target, BASELINE).area
                parts[kind].setdefault(method, []).append(area)
    return {kind: {method: torch.cat(areas) for method, areas in parts[kind].items()} for kind in parts}


def _mean_and_error(values: Tensor) -> tuple[float, float]:
    """Mean of (n,) values and its standard error."""
    return float(values.double().mean()), float(values.double().std() / len(values) ** 0.5)


def _level(first: Tensor, second: Tensor) -> bool:
    """Whether two methods differ by at most one standard error of the difference."""
    difference, error = _mean_and_error(first.double() - second.double())
    return abs(difference) <= error


def _title(method: str) -> str:
    return "random map" if method == RANDOM else METHODS[method].title


def _table(found: dict[str, Areas]) -> str:
    """Markdown table; the best mean of each column is bold, ties are listed below."""
    lines = [
        f"| model | map | {' | '.join(f'{kind} area ({words})' for kind, words in MEASURES.items())} |",
        f"|---|---|{'---|' * len(MEASURES)}",
    ]
    notes = []
    for name, areas in found.items():
        best = {kind: _best(kind, areas[kind]) for kind in MEASURES}
        for method in areas["deletion"]:
            cells = []
            for kind in MEASURES:
                mean, error = _mean_and_error(areas[kind][method])
                cells.append(f"**{mean:.3f}** ± {error:.3f}" if best[kind] == method else f"{mean:.3f} ± {error:.3f}")
            lines.append(f"| `{name}` | {_title(method)} | {' | '.join(cells)} |")
        for kind in MEASURES:
            pairs = [
                f"{_title(one)} and {_title(other)}"
                for one, other in combinations(areas[kind], 2)
                if _level(areas[kind][one], areas[kind][other])
            ]
            notes.append(f"`{name}`, {kind}, within one standard error of each other: {'; '.join(pairs) or 'none'}.")
    return "\n".join([*lines, "", *notes])


def _best(kind: str, areas: dict[str, Tensor]) -> str:
    means = {method: float(values.mean()) for method, values in areas.items()}
    return min(means, key=means.__getitem__) if kind == "deletion" else max(means, key=means.__getitem__)
