"""Windows over a map (B, H, W, C): partition, shift, mask, order of tokens.

Source: Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows", section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Padding = Literal["masked", "torchvision", "timm"]


def window_partition(x: Tensor, window: int) -> Tensor:
    """Cut maps into windows, row by row.

    Args:
        x: (B, H, W, C), any dtype; ``window`` divides H and W.
    Returns:
        (B * n_windows, window, window, C)
    Raises:
        ValueError: if the window does not divide the map; the message holds the sizes.
    """
    batch, height, width, channels = x.shape
    rows, cols = _windows(height, width, window)
    x = x.reshape(batch, rows, window, cols, window, channels).permute(0, 1, 3, 2, 4, 5)
    return x.reshape(batch * rows * cols, window, window, channels)


def window_reverse(windows: Tensor, window: int, height: int, width: int) -> Tensor:
    """Reassemble windows into maps; the inverse of :func:`window_partition`.

    Args:
        windows: (B * n_windows, window, window, C)
    Returns:
        (B, height, width, C)
    """
    rows, cols = _windows(height, width, window)
    if windows.shape[0] % (rows * cols):
        raise ValueError(f"{windows.shape[0]} windows are no whole number of maps of {rows} x {cols} windows")
    windows = windows.reshape(-1, rows, cols, window, window, windows.shape[-1]).permute(0, 1, 3, 2, 4, 5)
    return windows.reshape(-1, height, width, windows.shape[-1])


def shift_mask(height: int, width: int, window: int, shift: int) -> Tensor:
    """Mask of the pairs that may attend after padding and the cyclic shift.

    What the roll carried around an edge lies beside tokens that it is no neighbour of, and padding is no token: both
    are regions of their own, and attention stays within a region.

    Args:
        height, width: of the map, before it is padded below and to the right.
        shift: by how much it is rolled up and to the left.
    Returns:
        (n_windows, window ** 2, window ** 2) bool, True = may attend; rows are queries.
    """
    return _mask(window_regions(height, width, window, (shift, shift)), window)


def window_regions(height: int, width: int, window: int, shift: tuple[int, int], padding: bool = True) -> Tensor:
    """Regions of the padded and rolled map; equal numbers may attend.

    (padded height, padded width) int64.

    Args:
        shift: down the rows and along the columns, each 0 to ``window`` - 1.
        padding: make what was padded a region too, -1; without, it belongs to where it lies.
    """
    check_window(window)
    if not all(0 <= by < window for by in shift):
        raise ValueError(f"a shift must be 0 to {window - 1}, less than the window, not {shift}")
    carried, beyond = [], []
    for side, by in zip((height, width), shift, strict=True):
        whole = -(-side // window) * window
        place = torch.arange(whole)
        carried.append((place >= whole - by).long())
        beyond.append((place + by) % whole >= side)
    regions = 2 * carried[0][:, None] + carried[1][None, :]
    return regions.masked_fill(beyond[0][:, None] | beyond[1][None, :], -1) if padding else regions


def relative_position_index(window: int) -> Tensor:
    """Entry of the bias table for each pair, (window ** 2, window ** 2) int64.

    The table holds (2 * window - 1) ** 2 entries: one for each distance down the rows and along the columns.
    """
    rows, cols = (axis.flatten() for axis in torch.meshgrid(*[torch.arange(window)] * 2, indexing="ij"))
    down, along = rows[:, None] - rows[None, :], cols[:, None] - cols[None, :]
    return (down + window - 1) * (2 * window - 1) + along + window - 1


@dataclass(frozen=True, eq=False)  # one is told from another by being it: their tensors cannot answer yes or no
class WindowPlan:
    """Order of a map's tokens in windows, for one size, window and shift.

    The tensors are shared: never write to them.

    Attributes:
        order: (n_windows * window ** 2,) int64, the token (row by row) at each place of the windows; padding is H * W.
        inverse: (H * W,) int64, the place in the windows of each token.
        regions: (n_windows, window ** 2) int64, of each place: in a window equal numbers may meet; -1 is padding, where
            padding is a region.
        mask: (n_windows, window ** 2, window ** 2) bool, True = may attend; None where all may.
    """

    window: int
    shift: tuple[int, int]
    order: Tensor
    inverse: Tensor
    regions: Tensor
    mask: Tensor | None

    @property
    def n_windows(self) -> int:
        return len(self.order) // self.window**2

    @property
    def padded(self) -> bool:
        """Whether there are places without a token."""
        return len(self.order) > len(self.inverse)

    @cached_property
    @torch.inference_mode(False)  # a cached plan may be used in training, outside of inference mode
    def forbidden(self) -> Tensor | None:
        """Mask to add to the scores, (n_windows, n, n) float32, 0 or -inf.

        With the -100 that others write, a softmax makes numbers so small that a CPU takes twice as long for it.
        """
        if self.mask is None:
            return None
        return torch.zeros(self.mask.shape, device=self.mask.device).masked_fill(~self.mask, -torch.inf)

    def on(self, device: torch.device) -> WindowPlan:
        """Plan with its tensors on a device; each is copied once."""
        return self if self.order.device == device else _plan_on(self, device)


def window_plan(
    height: int, width: int, window: int, shift: int, padding: Padding = "masked", masked: bool = True
) -> WindowPlan:
    """Plan of padding, roll and cut, made once for a size and cached.

    A side that is no longer than a window is not shifted: there would be nothing to shift to.

    Args:
        padding, masked: see :class:`WindowAttention`.
    """
    check_window(window)
    if isinstance(shift, bool) or not isinstance(shift, int):
        raise ValueError(f"a shift must be a whole number, not {shift!r}")
    return _window_plan(height, width, window, shift, padding, masked)  # which would take 2.0 for the 2 that it knows


@lru_cache(maxsize=32)
@torch.inference_mode(False)
def _window_plan(height: int, width: int, window: int, shift: int, padding: Padding, masked: bool) -> WindowPlan:
    by = (0 if height <= window else shift, 0 if width <= window else shift)
    regions = window_regions(height, width, window, by, padding == "masked")
    if not masked:
        regions = regions.clamp(max=0)  # all tokens are of one region; padding stays -1
    whole_height, whole_width = regions.shape
    places = torch.arange(height * width).reshape(height, width)
    if padding == "timm":
        places = places.roll((-by[0], -by[1]), (0, 1))
    rolled = F.pad(places, (0, whole_width - width, 0, whole_height - height), value=height * width)
    if padding != "timm":
        rolled = rolled.roll((-by[0], -by[1]), (0, 1))
    order = window_partition(rolled[None, ..., None], window).flatten()
    inverse = order.argsort(stable=True)[: height * width]  # padding sorts behind all tokens
    mask = _mask(regions, window)
    inside = window_partition(regions[None, ..., None], window).reshape(-1, window**2)
    return WindowPlan(window, by, order, inverse, inside, None if bool(mask.all()) else mask)


@lru_cache(maxsize=64)
@torch.inference_mode(False)
def _plan_on(plan: WindowPlan, device: torch.device) -> WindowPlan:
    order, inverse, regions = (tensor.to(device) for tensor in (plan.order, plan.inverse, plan.regions))
    mask = None if plan.mask is None else plan.mask.to(device)
    return replace(plan, order=order, inverse=inverse, regions=regions, mask=mask)


def into_windows(tokens: Tensor, plan: WindowPlan) -> Tensor:
    """Tokens in the order of windows, (B, H * W, C) -> (B, places, C).

    There are n_windows * window ** 2 places; padding is zeros.
    """
    return _Moved.apply(tokens, plan.order, plan.inverse)


def out_of_windows(places: Tensor, plan: WindowPlan) -> Tensor:
    """Tokens in the order of the map, (B, places, C) -> (B, H * W, C).

    Padding is dropped.
    """
    return _Moved.apply(places, plan.inverse, plan.order)


class _Moved(torch.autograd.Function):
    """Permutation of tokens with the inverse permutation as its gradient.

    Autograd cannot know that and adds gradients up one by one, which was 7 % of a training step of the zoo's Swin.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, there: Tensor, back: Tensor) -> Tensor:
        ctx.save_for_backward(there, back)
        x = F.pad(x, (0, 0, 0, 1)) if len(there) > len(back) else x
        # On a CPU x[:, there] takes four times as long; and the first axis goes quicker than the second.
        return x[0].index_select(0, there)[None] if len(x) == 1 else x.index_select(1, there)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None, None]:
        there, back = ctx.saved_tensors
        return _Moved.apply(gradient, back, there), None, None


@dataclass(frozen=True)
class WindowRecord:
    """Attention of one block inside of its windows, as recorded on a tape.

    Attributes:
        weights: (B, n_windows, heads, window ** 2, window ** 2), rows are queries and sum to 1.
        plan: which token is at which place of the windows.
        grid: (rows, cols) of the map.
    """

    weights: Tensor
    plan: WindowPlan
    grid: tuple[int, int]


def check_window(window: int) -> None:
    """Raise ValueError unless a window is a whole number from 1 up."""
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise ValueError(f"a window must be a whole number from 1 up, not {window!r}")


def _mask(regions: Tensor, window: int) -> Tensor:
    """Mask of pairs within a region, (H, W) -> (n_windows, window ** 2, same) bool."""
    inside = window_partition(regions[None, ..., None], window).reshape(-1, window**2)
    return inside[:, :, None] == inside[:, None, :]


def _windows(height: int, width: int, window: int) -> tuple[int, int]:
    """Number of windows down and along a map."""
    check_window(window)
    if height % window or width % window:
        raise ValueError(f"windows of {window} x {window} do not divide a map of {height} x {width}: it leaves a rest")
    return height // window, width // window
