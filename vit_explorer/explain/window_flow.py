"""Rollout and class relevance for Swin, multiplied through blocks and merged.

Sources: Abnar & Zuidema 2020 and Chefer, Gur & Wolf 2021 for what is multiplied. Neither speaks of windows that shift
or of maps that shrink; how they are carried over is defined at :func:`window_rollout`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from vit_explorer.explain.rollout import HeadFusion, layer_flow
from vit_explorer.explain.windows import check_merging, merging_flow, scatter_windows
from vit_explorer.models.windows import WindowRecord


def window_rollout(
    records: Sequence[WindowRecord], head_fusion: HeadFusion = "mean", residual: bool = True
) -> list[Tensor]:
    """Flow of the first map's tokens into each token after each block.

    The weights of a block's windows are put where they belong on the map, with 0 for pairs that share no window or
    that the mask keeps apart. From there on it is the rollout of a ViT: heads fused, the identity added, rows
    normalised, the later block on the left. Between stages merging comes in as the matrix that gives each merged token
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
        flow = layer_flow(scatter_windows(record.weights, record.plan), head_fusion, residual=residual, n_prefix=0)
        steps.append(flow @ _merged(steps[-1], records[index - 1], record) if steps else flow)
    return steps


def window_relevance(records: Sequence[WindowRecord], gradients: Sequence[Tensor]) -> Tensor:
    """Relevance moved by attention, (B, N_last, N_first), not negative.

    As ``gradients.relevance_through_attention`` (R = R + share R, without the identity that R starts from), with
    merging as in :func:`window_rollout`.

    Args:
        gradients: per block (B, n_windows, heads, window ** 2, window ** 2), d logit / d weight.
    """
    start = moved = None
    for index, (record, gradient) in enumerate(zip(records, gradients, strict=True)):
        share = scatter_windows((record.weights * gradient).clamp_min(0), record.plan).mean(dim=1)  # (B, N, N)
        if start is None or moved is None:
            start = torch.eye(share.shape[-1], dtype=share.dtype, device=share.device)
            moved = torch.zeros_like(share)
        else:
            start, moved = _merged(start, records[index - 1], record), _merged(moved, records[index - 1], record)
        moved = moved + share @ (start + moved)
    if moved is None:
        raise ValueError("there is no attention in windows to follow back: this model has none")
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


def _merged(flow: Tensor, before: WindowRecord, record: WindowRecord) -> Tensor:
    """Flow (..., N_before, N_first) after the patch merging before a block."""
    if before.grid == record.grid:
        return flow
    check_merging(before.grid, record.grid)
    return merging_flow(*before.grid).to(flow) @ flow
