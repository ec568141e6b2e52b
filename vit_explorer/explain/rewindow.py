"""A trained Swin with other windows: the same weights, its bias tables resampled."""

from __future__ import annotations

import copy

import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.models.swin import SwinTransformer, WindowAttention
from vit_explorer.models.windows import check_window, relative_position_index


def rewindowed(model: SwinTransformer, window: int, shift: int) -> SwinTransformer:
    """A copy of a Swin whose blocks have windows of ``window`` and whose shifted blocks shift by ``shift``.

    The bias table of each block is stretched bicubically to (2 * window - 1) ** 2 entries, as the authors' code does
    before it fine-tunes at another window. Here nothing is fine-tuned: the network runs, but was not trained so.

    Raises:
        ValueError: for a window that is no whole number from 1 up, or a shift outside of 0 to ``window`` - 1.
    """
    check_window(window)
    if not 0 <= shift < window:
        raise ValueError(f"a shift must be 0 to {window - 1}, less than the window, not {shift}")
    changed = copy.deepcopy(model)
    for block in changed.residual_blocks:
        _rewindow(block.attention, window, shift if block.attention.shift else 0)
    return changed.eval()


def _rewindow(attention: WindowAttention, window: int, shift: int) -> None:
    attention.shift = shift
    if window != attention.window:
        attention.window = window
        attention.bias_table = nn.Parameter(resampled_table(attention.bias_table.detach(), window))
        attention.bias_index = relative_position_index(window).flatten()


def resampled_table(table: Tensor, window: int) -> Tensor:
    """(entries, heads) of a bias table for one window -> ((2 * window - 1) ** 2, heads) for another."""
    side, heads = round(len(table) ** 0.5), table.shape[1]
    maps = table.T.reshape(1, heads, side, side)
    maps = F.interpolate(maps, size=(2 * window - 1,) * 2, mode="bicubic", align_corners=False)
    return maps.reshape(heads, -1).T.contiguous()
