"""All explanation maps of one prediction by name, comparable on one image."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.explain.gradients import (
    GradientTrace,
    attention_times_gradient,
    grad_cam,
    has_feature_map,
    relevance_through_attention,
    trace_gradients,
)
from vit_explorer.explain.readout import patch_readout, readout_weights
from vit_explorer.explain.rollout import rollout
from vit_explorer.explain.window_flow import pool_map, window_relevance, window_rollout
from vit_explorer.explain.windows import scatter_windows
from vit_explorer.models.network import Network


@dataclass(frozen=True)
class Method:
    """A way to explain a prediction.

    Attributes:
        for_class: whether the map depends on the class that is asked about.
        applies: whether a model has what the method reads.
        explain: (model, pass) -> (B, rows, cols), not negative.
    """

    title: str
    words: str
    for_class: bool
    applies: Callable[[Network], bool]
    explain: Callable[[Network, GradientTrace], Tensor]


def _has_attention(model: Network) -> bool:
    return model.attention_kind != "none"


def _read(model: Network, passed: GradientTrace, flow: Tensor) -> Tensor:
    """Map (B, rows, cols) of the flow (B, N, N) into the prediction.

    For Swin N is of the first or of the last map.
    """
    traced = passed.traced
    weights = readout_weights(model, traced)
    if not traced.windows:
        return patch_readout(flow, weights, traced)
    arrived = (weights[:, None] @ flow)[:, 0]
    last, first = traced.grid, traced.windows[0].grid
    return pool_map(arrived, first if arrived.shape[1] == first[0] * first[1] else last, last)


def _last_weights(passed: GradientTrace) -> tuple[Tensor, Tensor]:
    """Attention of the last layer and its gradient, (B, heads, N, N) each."""
    traced, gradient = passed.traced, passed.gradients[-1]
    if not traced.windows:
        return traced.attention[-1], gradient
    last = traced.windows[-1]
    return scatter_windows(last.weights, last.plan), scatter_windows(gradient, last.plan)


def _last_attention(model: Network, passed: GradientTrace) -> Tensor:
    return _read(model, passed, _last_weights(passed)[0].mean(dim=1))


def _rollout(model: Network, passed: GradientTrace) -> Tensor:
    traced = passed.traced
    flow = window_rollout(traced.windows)[-1] if traced.windows else rollout(traced.attention, n_prefix=traced.n_prefix)
    return _read(model, passed, flow)


def _last_gradient(model: Network, passed: GradientTrace) -> Tensor:
    return _read(model, passed, attention_times_gradient(*_last_weights(passed)))


def _gradient_rollout(model: Network, passed: GradientTrace) -> Tensor:
    windows = passed.traced.windows
    flow = window_relevance(windows, passed.gradients) if windows else relevance_through_attention(passed)
    return _read(model, passed, flow)


def _grad_cam(_: Network, passed: GradientTrace) -> Tensor:
    return grad_cam(passed)


METHODS = {
    "last_attention": Method(
        "Last layer",
        "What the tokens that the head reads attend to in the last layer, mean over heads.",
        False,
        _has_attention,
        _last_attention,
    ),
    "rollout": Method(
        "Rollout",
        "Attention multiplied through all layers, with the skip connections; merged patches share alike.",
        False,
        _has_attention,
        _rollout,
    ),
    "attention_gradient": Method(
        "Attention × gradient",
        "The last layer's attention, where more of it would raise this class.",
        True,
        _has_attention,
        _last_gradient,
    ),
    "gradient_rollout": Method(
        "Gradient rollout",
        "Attention times gradient, gathered through all layers (Chefer 2021).",
        True,
        _has_attention,
        _gradient_rollout,
    ),
    "grad_cam": Method(
        "Grad-CAM",
        "The channels of the last map, or of the map that becomes tokens, that raise this class, where they respond.",
        True,
        has_feature_map,
        _grad_cam,
    ),
}


def methods_for(model: Network) -> dict[str, Method]:
    """Methods that apply to a model, in the order of display."""
    return {name: method for name, method in METHODS.items() if method.applies(model)}


def explanation_maps(
    model: Network, images: Tensor, target: int | Tensor | None = None, names: Sequence[str] | None = None
) -> dict[str, Tensor]:
    """Maps of several methods from one forward and backward pass.

    Args:
        images: (B, C, H, W) as the model wants them.
        target: a class for all, (B,) int64 for each its own, or None for what the model predicts.
        names: of METHODS; all that apply by default.
    Returns:
        by name (B, rows, cols), not negative, each with a scale of its own.
    Raises:
        ValueError: for a name that is unknown or does not apply to this model.
    """
    possible = methods_for(model)
    names = list(possible) if names is None else names
    for name in names:
        if name not in possible:
            raise ValueError(f"{type(model).__name__} can be explained by {', '.join(possible)}, not by {name!r}")
    passed = trace_gradients(model, images, target)
    return {name: possible[name].explain(model, passed) for name in names}


def yardstick_maps(grid: tuple[int, int], n: int) -> Tensor:
    """Random maps and their reverses (n, rows, cols), to judge other maps by.

    The deletion of one is the insertion of its reverse, which halves the passes of both curves.
    Raises ValueError for an odd ``n``.
    """
    if n % 2:
        raise ValueError(f"each random map has its reverse: their number must be even, not {n}")
    drawn = random_maps(grid, n // 2)
    return torch.cat([drawn, 1 - drawn])


def random_maps(grid: tuple[int, int], n: int, seed: int = 0) -> Tensor:
    """Random maps (n, rows, cols) uniform in [0, 1), the chance baseline.

    The same seed gives the same maps.
    """
    return torch.rand(n, *grid, generator=torch.Generator().manual_seed(seed))
