"""Cost of explanations as multiples of a plain forward pass."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from vit_explorer.bench.plain_rollout import PlainRollout
from vit_explorer.bench.throughput import in_turns
from vit_explorer.explain.explanations import explanation_maps, random_maps
from vit_explorer.explain.faithfulness import deletion_curve, insertion_curve
from vit_explorer.explain.gradients import gradient_rollout
from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.trace import trace
from vit_explorer.models.network import Network
from vit_explorer.models.zoo import create_model

BATCHES = (1, 16)  # the page looks at one image at a time
ROUNDS = {1: 100, 16: 20}  # in each, everybody has a turn
CURVE_ROUNDS = {1: 10, 16: 2}  # a curve is a pass of as many images as there are patches
BUDGET = 1.5  # times a plain forward pass, for trace and rollout
CURVE_BUDGET = 1.0  # seconds, for one image
PLAIN = "plain pass"
OURS = "trace and rollout"
THEIRS = "hook-based rollout per image"

Job = Callable[[], object]


def measure_explain(checkpoints: str | None = None) -> dict[str, Any]:
    """Milliseconds and ratios for the plain ViT at 32 x 32 pixels, in turns.

    Ratios are taken within each round and their median is given. ``checkpoints`` is not used: the weights are fresh.
    """
    model = create_model("vit").eval()
    result: dict[str, Any] = {"threads": torch.get_num_threads(), "model": "vit (4 layers, 4 heads, 65 tokens)"}
    for batch in BATCHES:
        images = torch.randn(batch, 3, 32, 32, generator=torch.Generator().manual_seed(0))
        quick = in_turns(quick_jobs(model, images), ROUNDS[batch])
        curves = in_turns(curve_jobs(model, images), CURVE_ROUNDS[batch])
        result[f"B={batch}, {PLAIN}: ms"] = 1000 * statistics.median(quick[PLAIN])
        result |= _against_plain(batch, quick) | _against_plain(batch, curves)
        result[f"B={batch}, {THEIRS} / {OURS}"] = _ratio(quick[THEIRS], quick[OURS])
    ratio = result[f"B=1, {OURS} / {PLAIN}"]
    verdict = "within" if ratio <= BUDGET else "NOT within"
    return result | {
        f"budget, {OURS} / {PLAIN}": BUDGET,
        "B=1, which is what the page does": f"{ratio:.2f}, {verdict} the budget",
        "budget, a curve of one picture: ms": 1000 * CURVE_BUDGET,
    }


def quick_jobs(model: Network, images: Tensor) -> dict[str, Job]:
    """Jobs of one pass by name; the public code takes images one by one."""
    theirs = PlainRollout(model)
    return {
        PLAIN: lambda: plain_pass(model, images),
        "trace": lambda: trace(model, images),
        OURS: lambda: rollout(trace(model, images).attention),
        "gradient rollout": lambda: gradient_rollout(model, images),
        "all four maps": lambda: explanation_maps(model, images),
        THEIRS: lambda: [theirs(image) for image in images],
    }


def curve_jobs(model: Network, images: Tensor) -> dict[str, Job]:
    """Jobs of deletion and insertion curves: 65 variants of each image."""
    maps = random_maps(model.grid, len(images))
    return {
        PLAIN: lambda: plain_pass(model, images),
        "deletion curve": lambda: deletion_curve(model, images, maps),
        "insertion curve": lambda: insertion_curve(model, images, maps),
    }


@torch.no_grad()
def plain_pass(model: Network, images: Tensor) -> Tensor:
    """The logits and nothing else, with fused attention."""
    return model(images)


def _against_plain(batch: int, seconds: dict[str, list[float]]) -> dict[str, float]:
    """Median time of each job, and median ratio to the plain pass of its round."""
    result: dict[str, float] = {}
    for name in (name for name in seconds if name != PLAIN):
        result[f"B={batch}, {name}: ms"] = 1000 * statistics.median(seconds[name])
        result[f"B={batch}, {name} / {PLAIN}"] = _ratio(seconds[name], seconds[PLAIN])
    return result


def _ratio(times: list[float], others: list[float]) -> float:
    return statistics.median(one / other for one, other in zip(times, others, strict=True))
