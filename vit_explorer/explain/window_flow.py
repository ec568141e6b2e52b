"""Rollout and class relevance for Swin, multiplied through blocks and merged.

Sources: Abnar & Zuidema 2020 and Chefer, Gur & Wolf 2021 for what is multiplied. Neither speaks of windows that shift
or of maps that shrink; how they are carried over is defined at :func:`window_rollout`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vit_explorer.explain.rollout import HeadFusion, fuse_heads
from vit_explorer.explain.windows import merge_tokens, through_windows
from vit_explorer.models.windows import WindowRecord


def window_rollout(
    records: Sequence[WindowRecord], head_fusion: HeadFusion = "mean", residual: bool = True
) -> list[Tensor]:
    """Flow of the first map's tokens into each token after each block.

    The weights of a block's windows are put where they belong on the map, with 0 for pairs that share no window or
    that the mask keeps apart. From there on it is the rollout of a ViT: heads fused, the identity added, rows
    normalised, the later block on the left. Between stages merging gives each merged token
    an equal share of its 2 x 2 neighbours: which of the four the projection of the merging prefers is not in it.

    Args:
        records: of all blocks in their order, ``Trace.windows``.
    Returns:
        per block (B, N_block, N_first); rows sum to 1.
    Raises:
        ValueError: for no records.
    """
    if not records:
        raise ValueError("there is no attention in windows to roll out: this model has none")
    steps: list[Tensor] = []
    for index, record in enumerate(records):
        before = _merged(steps[-1], records[index - 1], record) if steps else _identity(record)
        fused = fuse_heads(record.weights.transpose(1, 2), head_fusion)  # (B, n_windows, window ** 2, window ** 2)
        total = through_windows(fused, record.plan, torch.ones_like(before[..., :1]))  # (B, N, 1): of the tokens' rows
        flow = through_windows(fused, record.plan, before)
        if residual:
            flow, total = flow + before, total + 1
        nothing = torch.finfo(flow.dtype).tiny  # such a row passes its token on, as in a ViT's rollout
        steps.append(torch.where(total >= nothing, flow / total.clamp_min(nothing), before))
    return steps


def window_relevance(records: Sequence[WindowRecord], gradients: Sequence[Tensor]) -> Tensor:
    """Relevance moved by attention, (B, N_last, N_first), not negative.

    As ``gradients.relevance_through_attention`` (R = R + share R, without the identity that R starts from), with
    merging as in :func:`window_rollout`.

    Args:
        gradients: per block (B, n_windows, heads, window ** 2, window ** 2), d logit / d weight.
    """
    if not records:
        raise ValueError("there is no attention in windows to follow back: this model has none")
    start = _identity(records[0])
    moved = torch.zeros_like(start)
    for index, (record, gradient) in enumerate(zip(records, gradients, strict=True)):
        if index:
            start, moved = _merged(start, records[index - 1], record), _merged(moved, records[index - 1], record)
        share = (record.weights * gradient).clamp_min(0).mean(dim=2)  # (B, n_windows, window ** 2, window ** 2)
        moved = moved + through_windows(share, record.plan, start + moved)
    return moved


def pool_map(values: Tensor, fine: tuple[int, int], coarse: tuple[int, int]) -> Tensor:
    """Sum a map over merged cells, (B, fine rows * cols) -> (B, rows, cols)."""
    side = 1  # of a cell, in fine tokens: doubled by each merging
    while any(-(-f // side) > c for f, c in zip(fine, coarse, strict=True)):
        side *= 2
    rows, cols = (torch.arange(f) // side for f in fine)
    cell = (rows[:, None] * coarse[1] + cols[None, :]).flatten().to(values.device)
    pooled = torch.zeros(len(values), coarse[0] * coarse[1], dtype=values.dtype, device=values.device)
    return pooled.index_add(1, cell, values).reshape(-1, *coarse)


def _identity(record: WindowRecord) -> Tensor:
    """Each token of a block's map as it is, (B, N, N)."""
    n, weights = record.grid[0] * record.grid[1], record.weights
    return torch.eye(n, dtype=weights.dtype, device=weights.device).expand(len(weights), n, n)


def _merged(flow: Tensor, before: WindowRecord, record: WindowRecord) -> Tensor:
    """Flow (B, N_before, N_first) after the patch merging before a block."""
    return flow if before.grid == record.grid else merge_tokens(flow, before.grid, record.grid)
