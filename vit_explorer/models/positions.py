"""Resize a learned position table."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def resize_positions(table: Tensor, n_prefix: int, side: int) -> Tensor:
    """Position table for another grid, (1, n_prefix + side * side, D).

    Bicubic and antialiased, as timm's ``resample_abs_pos_embed``; the first ``n_prefix`` rows stay.

    Raises:
        ValueError: if the patches of the table make no square.
    """
    prefix, patches = table[:, :n_prefix], table[:, n_prefix:]
    before = round(patches.shape[1] ** 0.5)
    if before**2 != patches.shape[1]:
        raise ValueError(f"{patches.shape[1]} positions of patches make no square")
    if before == side:
        return table
    grid = patches.float().reshape(1, before, before, -1).permute(0, 3, 1, 2)  # (1, n * n, D) -> (1, D, n, n)
    grid = F.interpolate(grid, size=(side, side), mode="bicubic", align_corners=False, antialias=True)
    return torch.cat([prefix, grid.permute(0, 2, 3, 1).flatten(1, 2).to(table.dtype)], dim=1)
