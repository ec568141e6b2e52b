"""Attention rollout: how much of each input token has reached each token.

Source: Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers", section 3. Fusing heads by their maximum or
minimum and discarding small weights are Gildenblat's additions (github.com/jacobgil/vit-explain).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import torch
from torch import Tensor

HeadFusion = Literal["mean", "max", "min"]


def rollout(
    attention: Sequence[Tensor],
    head_fusion: HeadFusion = "mean",
    discard_ratio: float = 0.0,
    residual: bool = True,
    start_layer: int = 0,
    n_prefix: int = 1,
) -> Tensor:
    """The product of all layers' fused attention, the later layer on the left.

    Args:
        attention: per layer (B, heads, N, N), rows are queries, as in ``Trace.attention``.
        head_fusion: how the heads of a layer become one matrix.
        discard_ratio: in [0, 1): in each row this fraction of the patches, those of the smallest weights, is set to 0.
        residual: add the identity for the skip connection before rows are normalised.
        start_layer: layers below are left out.
        n_prefix: the first tokens, CLS, whose columns are never discarded; 0 for a model without.
    Returns:
        (B, N, N): row i says from which input tokens token i is made after the last layer; rows sum to 1.
    Raises:
        ValueError: for no layers, or an option outside its range; the message holds the range.
    """
    return rollout_steps(attention, head_fusion, discard_ratio, residual, start_layer, n_prefix)[-1]


def rollout_steps(
    attention: Sequence[Tensor],
    head_fusion: HeadFusion = "mean",
    discard_ratio: float = 0.0,
    residual: bool = True,
    start_layer: int = 0,
    n_prefix: int = 1,
) -> list[Tensor]:
    """:func:`rollout` after each layer from ``start_layer`` on, (B, N, N) each.

    Rows sum to 1.
    """
    if not attention:
        raise ValueError("there is no attention to roll out: this model has none")
    if not 0 <= start_layer < len(attention):
        raise ValueError(f"start_layer must be 0 to {len(attention) - 1}, not {start_layer}")
    steps: list[Tensor] = []
    for weights in attention[start_layer:]:
        flow = layer_flow(weights, head_fusion, discard_ratio, residual, n_prefix)
        steps.append(flow @ steps[-1] if steps else flow)
    return steps


def layer_flow(
    attention: Tensor,
    head_fusion: HeadFusion = "mean",
    discard_ratio: float = 0.0,
    residual: bool = True,
    n_prefix: int = 1,
) -> Tensor:
    """Flow of one layer, (B, heads, N, N) -> (B, N, N), rows summing to 1.

    Options as in :func:`rollout`.

    A row in which (almost) nothing is left, which takes heads that agree on nothing and no residual, passes its
    token on.
    """
    if not 0 <= discard_ratio < 1:
        raise ValueError(f"discard_ratio must be at least 0 and below 1, not {discard_ratio}")
    flow = fuse_heads(attention, head_fusion)
    patches = flow[..., n_prefix:]
    n_discarded = int(discard_ratio * patches.shape[-1])
    if n_discarded:
        smallest = patches.topk(n_discarded, dim=-1, largest=False).indices
        flow = torch.cat([flow[..., :n_prefix], patches.scatter(-1, smallest, 0)], dim=-1)
    identity = torch.eye(flow.shape[-1], dtype=flow.dtype, device=flow.device)
    if residual:
        flow = flow + identity
    total = flow.sum(dim=-1, keepdim=True)  # (B, N, 1)
    nothing = torch.finfo(flow.dtype).tiny  # below it a quotient has no digits left
    return torch.where(total >= nothing, flow / total.clamp_min(nothing), identity)


def fuse_heads(attention: Tensor, head_fusion: HeadFusion = "mean") -> Tensor:
    """(B, heads, N, N) -> (B, N, N); with "max" and "min" rows no longer sum to 1."""
    if head_fusion not in get_args(HeadFusion):
        raise ValueError(f"head_fusion must be one of {', '.join(get_args(HeadFusion))}, not {head_fusion!r}")
    return attention.mean(dim=1) if head_fusion == "mean" else getattr(attention, f"a{head_fusion}")(dim=1)
