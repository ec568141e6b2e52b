"""Windows as data: partitions, attention masks, and reach across blocks.

Source: Liu et al. 2021, "Swin Transformer", section 3.2. Tokens of a map are numbered row by row from 0.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from vit_explorer.models.windows import WindowPlan, WindowRecord, window_plan


@dataclass(frozen=True)
class WindowLayout:
    """Window layout of one block of a Swin on a map of tokens.

    Attributes:
        grid: (rows, cols) of the map, without padding.
        plan: where the tokens go; ``plan.shift`` is (0, 0) where the map is one window.
        window_of: (rows * cols,) int64, the window of each token, row by row over the padded and rolled map.
        region_of: (rows * cols,) int64, its region after the roll: tokens of a window may meet if theirs are equal.
        regions: (n_windows, window ** 2) int64, the region of each place of the windows; -1 is padding that no token
            attends to.
        mask: (n_windows, window ** 2, window ** 2) bool, True = may attend; rows are queries.
    """

    grid: tuple[int, int]
    plan: WindowPlan
    window_of: Tensor
    region_of: Tensor
    regions: Tensor
    mask: Tensor


def window_layout(height: int, width: int, window: int, shift: int) -> WindowLayout:
    """The layout of a map of ``height`` x ``width`` tokens.

    Raises:
        ValueError: for a window that is no whole number from 1 up, or a shift outside of 0 to ``window`` - 1.
    """
    plan = window_plan(height, width, window, shift)
    return layout_of((height, width), plan)


def layout_of(grid: tuple[int, int], plan: WindowPlan) -> WindowLayout:
    """The layout of a plan that a model has made for a map of this grid."""
    size = plan.window**2
    mask = plan.mask if plan.mask is not None else torch.ones(plan.n_windows, size, size, dtype=torch.bool)
    return WindowLayout(grid, plan, plan.inverse // size, plan.regions.flatten()[plan.inverse], plan.regions, mask)


def block_reach(layout: WindowLayout) -> Tensor:
    """Attention mask of one block, (N, N) bool: True if i may attend to j."""
    return scatter_windows(layout.mask[None, :, None].float(), layout.plan)[0, 0] > 0


def merged_tokens(height: int, width: int) -> Tensor:
    """(H * W,) int64: the token that each token of a map is merged into."""
    rows, cols = torch.arange(height) // 2, torch.arange(width) // 2
    return (rows[:, None] * -(-width // 2) + cols[None, :]).flatten()


def reach(layouts: Sequence[WindowLayout]) -> list[Tensor]:
    """Tokens of the first map that can influence a token after each block.

    Args:
        layouts: of all blocks in their order; where a grid has half the sides of the one before, patches were merged.
    Returns:
        per block (N_block, N_first) bool. Norms and MLPs work on each token by itself and change nothing of it.
    Raises:
        ValueError: if two grids that follow each other are neither equal nor one the merging of the other.
    """
    found: list[Tensor] = []
    before = None
    for layout in layouts:
        now = torch.eye(layout.grid[0] * layout.grid[1]) if before is None else found[-1].float()
        if before is not None and layout.grid != before:
            now = merge_tokens(now, before, layout.grid)
        found.append(through_windows(layout.mask[None].float(), layout.plan, now[None])[0] > 0)
        before = layout.grid
    return found


def merge_tokens(values: Tensor, fine: tuple[int, int], coarse: tuple[int, int]) -> Tensor:
    """Values of merged tokens, (..., N_fine, M) -> (..., N_coarse, M).

    Each is the mean of its 2 x 2 neighbours, of those that exist: at odd edges two, or one.

    Raises:
        ValueError: unless 2 x 2 merging of one map makes the other.
    """
    check_merging(fine, coarse)
    parents = merged_tokens(*fine).to(values.device)
    shape = (*values.shape[:-2], coarse[0] * coarse[1], values.shape[-1])
    merged = torch.zeros(shape, dtype=values.dtype, device=values.device).index_add_(-2, parents, values)
    return merged / parents.bincount()[:, None]


def through_windows(weights: Tensor, plan: WindowPlan, values: Tensor) -> Tensor:
    """The product of :func:`scatter_windows` and a value of each token, without the large matrix.

    Args:
        weights: (B, n_windows, window ** 2, window ** 2), rows are queries.
        values: (B, N, M).
    Returns:
        (B, N, M)
    """
    batch, n_windows, size, _ = weights.shape
    padded = torch.cat([values, values.new_zeros(batch, 1, values.shape[-1])], dim=1)  # padding gives nothing
    in_windows = padded[:, plan.order.to(values.device)].reshape(batch, n_windows, size, -1)
    mixed = weights @ in_windows  # (B, n_windows, window ** 2, M)
    return mixed.flatten(1, 2)[:, plan.inverse.to(values.device)]


def check_merging(fine: tuple[int, int], coarse: tuple[int, int]) -> None:
    """Raise ValueError unless 2 x 2 merging of one map makes the other."""
    if coarse != (-(-fine[0] // 2), -(-fine[1] // 2)):
        raise ValueError(f"merging a map of {fine[0]} x {fine[1]} tokens does not make {coarse[0]} x {coarse[1]}")


def scatter_windows(weights: Tensor, plan: WindowPlan) -> Tensor:
    """Attention in windows as attention on the map, 0 outside of the window.

    Args:
        weights: (B, n_windows, heads, window ** 2, window ** 2), rows are queries, as in ``WindowRecord``.
    Returns:
        (B, heads, N, N). Rows sum to 1, unless a model lets its tokens attend to padding, which is no token.
    """
    batch, _, heads, size, _ = weights.shape
    n = len(plan.inverse)
    inverse = plan.inverse.to(weights.device)
    window, place = inverse // size, inverse % size
    rows = weights[:, window, :, place]  # (N, B, heads, window ** 2): what each token gives to its window
    keys = plan.order.to(weights.device).reshape(-1, size)[window]  # (N, window ** 2), N stands for padding
    on_map = torch.zeros(n, batch, heads, n + 1, dtype=weights.dtype, device=weights.device)
    on_map = on_map.scatter(-1, keys[:, None, None].expand(-1, batch, heads, -1), rows)
    return on_map[..., :n].permute(1, 2, 0, 3)


def attention_on_map(record: WindowRecord) -> tuple[Tensor, Tensor]:
    """Attention of one block from token to token, and its possible pairs.

    Returns:
        (B, heads, N, N), rows are queries, and (N, N) bool: False = not reachable, whatever the image. There the
        weight is 0; a weight of 0 that can be reached is a choice of the model.
    """
    layout = layout_of(record.grid, record.plan)
    return scatter_windows(record.weights, record.plan), block_reach(layout)
