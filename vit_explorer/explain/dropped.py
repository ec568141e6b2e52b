"""Stochastic depth for one pass: which branches are dropped, and what the network says without them.

Source: Huang et al. 2016, "Deep Networks with Stochastic Depth". While a network trains, each picture loses each branch
by chance, and what is kept is scaled up by 1 / (1 - rate), as ``models.stochastic_depth.drop_branch`` does it. Here the
branches are named, so that the same draw can be looked at again.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from vit_explorer.models.stochastic_depth import linear_rates
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.vit import ViT

BRANCHES = ("attention", "MLP")  # of a block, in the order in which they are added


def count_blocks(model: nn.Module) -> int:
    """Blocks of two residual branches each, 0 for a network without them, such as a plain CNN."""
    if isinstance(model, ViT):
        return len(model.blocks)
    return sum(len(stage) for stage in model.stages) if isinstance(model, SwinTransformer) else 0


def draw_kept(n_draws: int, n_blocks: int, largest: float, seed: int) -> Tensor:
    """Which branches are kept, (n_draws, n_blocks, 2) bool: attention and MLP of each block, by the linear schedule.

    Args:
        largest: the rate of the last block, see ``linear_rates``.
    """
    generator = torch.Generator().manual_seed(seed)
    rates = torch.tensor(linear_rates(largest, n_blocks))
    return torch.rand(n_draws, n_blocks, len(BRANCHES), generator=generator) >= rates[:, None]


def branch_scales(kept: Tensor, largest: float) -> Tensor:
    """What each branch is multiplied by: 0 where it is dropped, 1 / (1 - rate) where it is kept; shape of ``kept``."""
    rates = torch.tensor(linear_rates(largest, kept.shape[-2]))
    return kept / (1 - rates[:, None])


@torch.no_grad()
def scaled_logits(model: nn.Module, images: Tensor, scales: Tensor) -> Tensor:
    """What the network says with each of its branches multiplied by a number, (B, classes).

    Args:
        model: a ViT of any kind or a Swin, in eval mode.
        images: (B, C, H, W) as the model wants them; one picture is enough for many scales.
        scales: (B, n_blocks, 2), for attention and MLP of each block; see :func:`branch_scales`.
    Raises:
        ValueError: for a network without residual branches, or scales of another shape.
    """
    n_blocks = count_blocks(model)
    if not n_blocks:
        raise ValueError(f"a {type(model).__name__} has no residual branches to drop")
    if scales.ndim != 3 or scales.shape[1:] != (n_blocks, len(BRANCHES)):
        raise ValueError(f"scales must be (B, {n_blocks}, {len(BRANCHES)}), not {tuple(scales.shape)}")
    by_block = scales.to(images).unbind(1)  # (B, 2) each
    if isinstance(model, ViT):
        tokens = model.tokens(images)
        for block, factors in zip(model.blocks, by_block, strict=True):
            tokens = _passed(block, tokens, factors)
        return model.classify(tokens)
    maps = model.patch_norm(model.patch_embedding(images).permute(0, 2, 3, 1))  # (B, C, H, W) -> (B, H, W, C)
    factors = iter(by_block)
    for index, stage in enumerate(model.stages):
        maps = model.mergings[index - 1](maps) if index else maps
        for block in stage:
            maps = _passed(block, maps, next(factors))
    return model.classify(maps)


def _passed(block: nn.Module, x: Tensor, factors: Tensor) -> Tensor:
    """One block on tokens (B, N, D) or a map (B, H, W, C), its branches multiplied by ``factors`` (B, 2)."""
    attention, mlp = factors.reshape(len(factors), len(BRANCHES), *[1] * (x.ndim - 1)).unbind(1)
    x = x + attention * block.attention_branch(x)
    return x + mlp * block.mlp_branch(x)
