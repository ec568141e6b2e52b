"""What a model's head reads: the weight with which each token enters its answer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vit_explorer.explain.trace import Trace
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.vit import ViT


@torch.no_grad()
def head_reading(model: nn.Module, traced: Trace) -> Tensor:
    """(B, N), each row summing to 1: all on CLS, the same on each patch, or the weights of the attention pooling.

    The two heads of a DeiT read a token each and count alike, and so do the two halves of pooling "cls_mean".
    Registers are read by no head.

    An (B, N, N) matrix of the flow between tokens becomes what flows into the answer by one product with it.

    Raises:
        ValueError: for a model whose head reads no tokens.
    """
    if isinstance(model, SwinTransformer):
        return torch.full_like(traced.hidden[-1][..., 0], 1 / traced.hidden[-1].shape[1])
    if not isinstance(model, ViT):
        raise ValueError(f"the head of a {type(model).__name__} reads no tokens")
    tokens = traced.hidden[-1]
    weights = torch.zeros_like(tokens[..., 0])
    patches = slice(model.n_prefix, None)
    if model.pool is not None:
        weights[:, patches] = model.pool.weights(model.norm(tokens[:, patches]))[..., 0]
    elif model.pooling == "cls":
        weights[:, : model.PREFIX_TOKENS] = 1 / model.PREFIX_TOKENS
    else:
        weights[:, patches] = 1 / weights[:, patches].shape[1]
    if model.pooling == "cls_mean":
        weights[:, 0] = 1
        weights = weights / 2
    return weights


def read_patches(flow: Tensor, reading: Tensor, traced: Trace) -> Tensor:
    """What flows from each patch into the answer.

    Args:
        flow: (B, N, N), rows are where it arrives.
        reading: (B, N) of :func:`head_reading`.
    Returns:
        (B, rows, cols); what came from CLS is left out, so that a map may sum to less than its rows.
    """
    arrived = (reading[:, None] @ flow)[:, 0]  # (B, 1, N) @ (B, N, N) -> (B, N)
    return arrived[:, traced.n_prefix :].reshape(-1, *traced.grid)
