"""A trained Swin with other windows, or without its mask: same weights, resampled bias tables."""

from __future__ import annotations

import copy

import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.models.swin import SwinTransformer, WindowAttention
from vit_explorer.models.windows import check_window, relative_position_index


def rewindowed(model: SwinTransformer, window: int, shift: int) -> SwinTransformer:
    """Copy a Swin with windows of ``window`` and shifts of ``shift``.

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


def unmasked(model: SwinTransformer) -> SwinTransformer:
    """Copy a Swin whose shifted windows have no mask; it shares its weights.

    All tokens of a window attend to each other, also those that the roll has brought there from the other edge of the
    image; padding stays out. The network runs, but was not trained so.
    """
    changed = model.twin()
    for block in changed.residual_blocks:
        block.attention.masked = False
    return changed.eval()


def _rewindow(attention: WindowAttention, window: int, shift: int) -> None:
    attention.shift = shift
    if window != attention.window:
        attention.window = window
        attention.bias_table = nn.Parameter(resampled_table(attention.bias_table.detach(), window))
        attention.bias_index = relative_position_index(window).flatten()


def resampled_table(table: Tensor, window: int) -> Tensor:
    """Bias table (entries, heads) resampled to (2 * window - 1) ** 2 entries."""
    side, heads = round(len(table) ** 0.5), table.shape[1]
    maps = table.T.reshape(1, heads, side, side)
    maps = F.interpolate(maps, size=(2 * window - 1,) * 2, mode="bicubic", align_corners=False)
    return maps.reshape(heads, -1).T.contiguous()
