"""Stochastic depth for one pass with named branches, so that a draw can repeat.

Source: Huang et al. 2016, "Deep Networks with Stochastic Depth". While a network trains, each image loses each branch
by chance, and what is kept is scaled up by 1 / (1 - rate), as ``models.stochastic_depth.drop_path`` does it. Here the
branches are named, so that the same draw can be looked at again.
"""

from __future__ import annotations

import torch
from torch import Tensor

from vit_explorer.models.network import BranchedBlock, Network
from vit_explorer.models.stochastic_depth import linear_rates

BRANCHES = ("attention", "MLP")  # of a block, in the order in which they are added


def draw_kept(n_draws: int, n_blocks: int, largest: float, seed: int) -> Tensor:
    """Draw the kept branches, (n_draws, n_blocks, 2) bool.

    Attention and MLP of each block, by the linear schedule.

    Args:
        largest: the rate of the last block, see ``linear_rates``.
    """
    generator = torch.Generator().manual_seed(seed)
    rates = torch.tensor(linear_rates(largest, n_blocks))
    return torch.rand(n_draws, n_blocks, len(BRANCHES), generator=generator) >= rates[:, None]


def branch_scales(kept: Tensor, largest: float) -> Tensor:
    """Factor of each branch, same shape as ``kept``.

    0 for a dropped branch, 1 / (1 - rate) for a kept one.
    """
    rates = torch.tensor(linear_rates(largest, kept.shape[-2]))
    return kept / (1 - rates[:, None])


@torch.no_grad()
def scaled_logits(model: Network, images: Tensor, scales: Tensor) -> Tensor:
    """Logits with each branch multiplied by a factor, (B, classes).

    Args:
        model: a ViT of any kind or a Swin, in eval mode.
        images: (B, C, H, W) as the model wants them; one image is enough for many scales.
        scales: (B, n_blocks, 2), for attention and MLP of each block; see :func:`branch_scales`.
    Raises:
        ValueError: for a network without residual branches, or scales of another shape.
    """
    n_blocks = len(model.residual_blocks)
    if not n_blocks:
        raise ValueError(f"a {type(model).__name__} has no residual branches to drop")
    if scales.ndim != 3 or scales.shape[1:] != (n_blocks, len(BRANCHES)):
        raise ValueError(f"scales must be (B, {n_blocks}, {len(BRANCHES)}), not {tuple(scales.shape)}")
    by_block = iter(scales.to(images).unbind(1))  # (B, 2) each
    return model.forward_blocks(images, lambda block, x: _passed(block, x, next(by_block)))


def _passed(block: BranchedBlock, x: Tensor, factors: Tensor) -> Tensor:
    """Apply a block with its branches multiplied by ``factors`` (B, 2).

    Tokens (B, N, D) or a map (B, H, W, C).
    """
    attention, mlp = factors.reshape(len(factors), len(BRANCHES), *[1] * (x.ndim - 1)).unbind(1)
    x = x + attention * block.attention_branch(x)
    return x + mlp * block.mlp_branch(x)
