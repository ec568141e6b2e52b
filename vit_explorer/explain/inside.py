"""What one head, and the block around it, computes from the tokens that enter the block.

Source: Vaswani et al. 2017, section 3.2 (the head); Dosovitskiy et al. 2020, equations 2 and 3 (the block).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor

from vit_explorer.explain.trace import Trace
from vit_explorer.models.attention import SelfAttention
from vit_explorer.models.block import TransformerBlock
from vit_explorer.models.network import Network


@dataclass(frozen=True)
class Head:
    """One head on the tokens of one image.

    Attributes:
        query, key, value: (N, d_head).
        scores: (N, N), query times key over the square root of ``d_head``.
        weights: (N, N), the softmax of each row of the scores.
        mixed: (N, d_head), the weighted sum of the values for each query.
        added: (N, D), the head's share of the attention branch: ``mixed`` through its columns of the output
            projection, without the bias, which belongs to no head.
    """

    query: Tensor
    key: Tensor
    value: Tensor
    scores: Tensor
    weights: Tensor
    mixed: Tensor
    added: Tensor


@dataclass(frozen=True)
class BlockParts:
    """One block on the tokens of one image.

    Attributes:
        entering: (N, D), the residual stream before the block.
        attended: (N, D), what attention adds to it.
        hidden: (N, d_ff), the hidden units of the MLP after the activation.
        transformed: (N, D), what the MLP adds.
        leaving: (N, D), ``entering + attended + transformed``.
    """

    entering: Tensor
    attended: Tensor
    hidden: Tensor
    transformed: Tensor
    leaving: Tensor


@torch.no_grad()
def inside_head(model: Network, traced: Trace, layer: int, head: int) -> Head:
    """Compute a head's queries, keys, values, scores and weighted sums again, from the trace of one image.

    Args:
        layer, head: from 0.
    Raises:
        ValueError: if the network has no such head; the message holds the range.
    """
    block = _block(model, layer)
    attention: SelfAttention = block.attention
    if not 0 <= head < attention.n_heads:
        raise ValueError(f"head {head} is none of 0 to {attention.n_heads - 1}")
    tokens = block.norm1(traced.hidden[layer][0])
    n_tokens, d_model = tokens.shape
    d_head = d_model // attention.n_heads
    query, key, value = (  # each (N, d_head), of the three projections side by side
        attention.qkv(tokens).reshape(n_tokens, 3, attention.n_heads, d_head)[:, :, head].unbind(dim=1)
    )
    scores = query @ key.T * d_head**-0.5
    weights = scores.softmax(dim=-1)
    mixed = weights @ value
    columns = attention.projection.weight[:, head * d_head : (head + 1) * d_head]  # (D, d_head)
    added = mixed @ columns.T
    if block.layer_scale1 is not None:
        added = added * block.layer_scale1
    return Head(query, key, value, scores, weights, mixed, added)


@torch.no_grad()
def inside_block(model: Network, traced: Trace, layer: int) -> BlockParts:
    """Compute what attention and the MLP of a block add to the residual stream, from the trace of one image.

    Raises:
        ValueError: if the network has no such block; the message holds the range.
    """
    block = _block(model, layer)
    entering = traced.hidden[layer]  # (1, N, D)
    attended = block.attention_branch(entering)
    between = entering + attended
    first, activation, _ = block.mlp
    hidden = activation(first(block.norm2(between)))
    transformed = block.mlp_branch(between)
    leaving = between + transformed
    return BlockParts(*(part[0] for part in (entering, attended, hidden, transformed, leaving)))


def _block(model: Network, layer: int) -> TransformerBlock:
    blocks = model.residual_blocks if model.attention_kind == "global" else ()
    if not blocks:
        raise ValueError(f"a {type(model).__name__} has no attention among all tokens")
    if not 0 <= layer < len(blocks):
        raise ValueError(f"block {layer} is none of 0 to {len(blocks) - 1}")
    return cast(TransformerBlock, blocks[layer])  # networks with global attention are made of these
