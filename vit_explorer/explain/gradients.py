"""Class-specific maps: attention times gradient, gradient rollout, Grad-CAM.

Sources: Chefer, Gur & Wolf 2021, "Generic Attention-model Explainability", equations 5 and 6, for self-attention;
Selvaraju et al. 2017, "Grad-CAM", equations 1 and 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.explain.targets import target_classes
from vit_explorer.explain.trace import Trace, taped
from vit_explorer.models.attention import Tape
from vit_explorer.models.network import Network
from vit_explorer.models.windows import WindowRecord


@dataclass(frozen=True)
class GradientTrace:
    """One forward and one backward pass.

    Attributes:
        traced: what the pass did, without gradients.
        target: (B,) int64, the class whose logit was followed back.
        gradients: per attention layer (B, heads, N, N), d logit / d weight; per block of a Swin in the shape of its
            ``WindowRecord.weights``.
        features: (B, rows * cols, channels), the convolutional map that Grad-CAM reads; None where there is none.
        feature_gradients: the same shape, d logit / d feature.
    """

    traced: Trace
    target: Tensor
    gradients: list[Tensor]
    features: Tensor | None
    feature_gradients: Tensor | None


def trace_gradients(model: Network, images: Tensor, target: int | Tensor | None = None) -> GradientTrace:
    """Record attention forward and gradients back from one logit per image.

    No parameter gets a gradient.

    Args:
        model: any network of the zoo, in eval mode as checkpoints come.
        images: (B, C, H, W) as the model wants them.
        target: a class for all, (B,) int64 for each its own, or None for what the model predicts.
    Raises:
        ValueError: for a class that the model does not have; the message holds the range.
    """
    with torch.inference_mode(False), torch.enable_grad():
        images = images.detach().clone().requires_grad_(True)  # so that a model of frozen weights has gradients too
        tape = Tape(differentiable=True)
        logits = model(images, tape)
        classes = target_classes(logits, target)
        place = model.grad_cam_entry
        weights = [*tape.attention, *(record.weights for record in tape.windows)]
        wanted = [*weights, *([] if place is None else [tape.hidden[place]])]
        found = torch.autograd.grad(logits.gather(1, classes[:, None]).sum(), wanted)
    seen = Tape(
        attention=[weights.detach() for weights in tape.attention],
        hidden=[tokens.detach() for tokens in tape.hidden],
        windows=[WindowRecord(record.weights.detach(), record.plan, record.grid) for record in tape.windows],
    )
    traced = taped(model, logits.detach(), seen)
    features = feature_gradients = None
    if place is not None:
        features, feature_gradients = _map_alone(model, traced.hidden[place]), found[-1][:, traced.n_prefix :]
    return GradientTrace(traced, classes, list(found[: len(weights)]), features, feature_gradients)


def gradient_rollout(model: Network, images: Tensor, target: int | Tensor | None = None) -> Tensor:
    """Chefer's relevance of every input token for every token, (B, N, N).

    Start from the identity and add the contribution of each layer: the mean over heads of the positive part of
    attention times gradient, times the relevance so far, R = R + mean_h((grad * A)+) R.

    Args:
        target: a class for all, (B,) int64 for each its own, or None for what the model predicts.
    Returns:
        (B, N, N); the row of the token that the head reads is the map.
    Raises:
        ValueError: for a model without attention.
    """
    return accumulate_relevance(trace_gradients(model, images, target))


def accumulate_relevance(passed: GradientTrace) -> Tensor:
    """:func:`gradient_rollout` of a finished pass, (B, N, N)."""
    through_attention = relevance_through_attention(passed)
    identity = torch.eye(through_attention.shape[-1], dtype=through_attention.dtype, device=through_attention.device)
    return identity + through_attention


def relevance_through_attention(passed: GradientTrace) -> Tensor:
    """Relevance moved by attention alone, (B, N, N).

    :func:`accumulate_relevance` without the identity at its start.

    A head that reads all tokens is to read this. Its gradients are shared out among the rows, and beside the 1 of the
    identity they would vanish: the map would be how much of each token is read, whatever the class.
    """
    if not passed.traced.attention:
        raise ValueError("there is no attention among all tokens to follow back: this model has none")
    moved = torch.zeros_like(passed.traced.attention[0][:, 0])
    for weights, gradient in zip(passed.traced.attention, passed.gradients, strict=True):
        share = attention_times_gradient(weights, gradient)
        moved = moved + share + share @ moved  # R = R + share R with R = identity + moved
    return moved


def attention_times_gradient(weights: Tensor, gradient: Tensor) -> Tensor:
    """Positive part of attention times gradient, mean over heads.

    (B, heads, N, N) twice -> (B, N, N).
    """
    return (weights * gradient).clamp_min(0).mean(dim=1)


def grad_cam(passed: GradientTrace) -> Tensor:
    """Grad-CAM map (B, rows, cols), not negative.

    Channels weighted by their mean gradient, summed, the positive part kept.

    Raises:
        ValueError: for a model without a convolutional map.
    """
    if passed.features is None or passed.feature_gradients is None:
        raise ValueError("Grad-CAM needs a convolutional map: this model has none")
    channels = passed.feature_gradients.mean(dim=1, keepdim=True)  # (B, 1, channels)
    return (channels * passed.features).sum(dim=-1).clamp_min(0).reshape(-1, *passed.traced.grid)


def has_feature_map(model: Network) -> bool:
    """Whether :func:`grad_cam` applies to a model.

    The last map of a CNN or Swin, the tokens of a convolutional stem or hybrid.
    """
    return model.grad_cam_entry is not None


def _map_alone(model: Network, tokens: Tensor) -> Tensor:
    """The patch tokens without prefix and without the position table."""
    if model.position_table is not None:
        tokens = tokens - model.position_table.detach()
    return tokens[:, model.n_prefix :]
