"""Swin: attention inside of windows that shift from block to block, and maps that shrink from stage to stage.

Source: Liu et al. 2021, "Swin Transformer: Hierarchical Vision Transformer using Shifted Windows". What is taught are
pure functions; the modules over them are thin. Maps are (B, H, W, C) throughout.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from vit_explorer.models.attention import attention_weights

LAYER_NORM_EPS = 1e-5  # as in the authors' code, timm and torchvision
INIT_STD = 0.02

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
    """Put windows back where they were; the inverse of :func:`window_partition`.

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
    """Which tokens of a window may attend to each other once the map is padded to whole windows and rolled.

    What the roll carried around an edge lies beside tokens that it is no neighbour of, and padding is nobody's: both
    are regions of their own, and attention stays within a region.

    Args:
        height, width: of the map, before it is padded below and to the right.
        shift: by how much it is rolled up and to the left.
    Returns:
        (n_windows, window ** 2, window ** 2) bool, True = may attend; rows are queries.
    """
    return _mask(window_regions(height, width, window, (shift, shift)), window)


def window_regions(height: int, width: int, window: int, shift: tuple[int, int], padding: bool = True) -> Tensor:
    """The regions of the padded and rolled map, (padded height, padded width) int64: equal numbers may meet.

    Args:
        shift: down the rows and along the columns, each 0 to ``window`` - 1.
        padding: make what was padded a region too, -1; without, it belongs to where it lies.
    """
    _check_window(window)
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
    """Which entry of the bias table belongs to a pair of tokens, (window ** 2, window ** 2) int64.

    The table holds (2 * window - 1) ** 2 entries: one for each distance down the rows and along the columns.
    """
    rows, cols = (axis.flatten() for axis in torch.meshgrid(*[torch.arange(window)] * 2, indexing="ij"))
    down, along = rows[:, None] - rows[None, :], cols[:, None] - cols[None, :]
    return (down + window - 1) * (2 * window - 1) + along + window - 1


@dataclass(frozen=True)
class WindowPlan:
    """Where the tokens of a map go, for one size of map, window and shift. Its tensors are shared: never written to.

    Attributes:
        order: (n_windows * window ** 2,) int64, the token (row by row) at each place of the windows; padding is H * W.
        inverse: (H * W,) int64, the place in the windows of each token.
        mask: (n_windows, window ** 2, window ** 2) bool, True = may attend; None where all may.
    """

    window: int
    shift: tuple[int, int]
    order: Tensor
    inverse: Tensor
    mask: Tensor | None

    @property
    def n_windows(self) -> int:
        return len(self.order) // self.window**2

    @property
    def padded(self) -> bool:
        """Whether there are places without a token."""
        return len(self.order) > len(self.inverse)


@lru_cache(maxsize=64)
def window_plan(height: int, width: int, window: int, shift: int, padding: Padding = "masked") -> WindowPlan:
    """Pad, roll and cut, as an order of tokens that is made once for a size instead of in every forward pass.

    A side that is no longer than a window is not shifted: there would be nothing to shift to.

    Args:
        padding: see :class:`WindowAttention`.
    """
    by = tuple(0 if side <= window else shift for side in (height, width))
    regions = window_regions(height, width, window, by, padding == "masked")
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
    return WindowPlan(window, by, order, inverse, None if bool(mask.all()) else mask)


class WindowAttention(nn.Module):
    """Multi-head self-attention inside of windows, (B, H, W, d_model) -> (B, H, W, d_model).

    Any map will do: it is padded to whole windows, and nobody attends to the padding.

    Args:
        window: side of a window in tokens.
        shift: by how many tokens the map is rolled before it is cut, and back after.
        padding: "masked", or what others do at sizes that need padding, for weights that were trained with it: both
            let tokens attend to the padding; "torchvision" pads the map before it is rolled, "timm" after.
    Raises:
        ValueError: if the heads do not divide ``d_model``, the window is no whole number from 1 up, or the shift is
            not 0 to ``window`` - 1; the message holds the numbers.
    """

    def __init__(self, d_model: int, n_heads: int, window: int, shift: int = 0, padding: Padding = "masked") -> None:
        super().__init__()
        if n_heads < 1 or d_model < 1 or d_model % n_heads:
            raise ValueError(f"{n_heads} heads cannot share {d_model} dimensions evenly")
        _check_window(window)
        if isinstance(shift, bool) or not isinstance(shift, int) or not 0 <= shift < window:
            raise ValueError(f"a shift must be 0 to {window - 1}, less than the window, not {shift!r}")
        if padding not in get_args(Padding):
            raise ValueError(f"padding must be one of {', '.join(get_args(Padding))}, not {padding!r}")
        self.n_heads, self.window, self.shift, self.padding = n_heads, window, shift, padding
        self.qkv = nn.Linear(d_model, 3 * d_model)
        self.projection = nn.Linear(d_model, d_model)
        self.bias_table = nn.Parameter(torch.zeros((2 * window - 1) ** 2, n_heads))
        nn.init.trunc_normal_(self.bias_table, std=INIT_STD)
        self.register_buffer("bias_index", relative_position_index(window).flatten(), persistent=False)

    def position_bias(self) -> Tensor:
        """What is added to the scores, (heads, window ** 2, window ** 2): one number for each relative position."""
        size = self.window**2
        return self.bias_table[self.bias_index].T.reshape(self.n_heads, size, size)

    def plan(self, height: int, width: int) -> WindowPlan:
        """Where the tokens of a map of this size go."""
        return window_plan(height, width, self.window, self.shift, self.padding)

    def forward(self, x: Tensor) -> Tensor:
        query, key, value, bias = self._scores_of(x)
        mixed = F.scaled_dot_product_attention(query, key, value, bias)
        return self._back(mixed, x)

    def weights(self, x: Tensor) -> Tensor:
        """The attention inside of each window, (B, n_windows, heads, window ** 2, window ** 2), rows summing to 1."""
        query, key, _, bias = self._scores_of(x)
        weights = attention_weights(query, key, bias)
        return weights.reshape(len(x), -1, self.n_heads, *weights.shape[-2:])

    def _scores_of(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Query, key and value, each (B, n_windows * heads, window ** 2, d_head), and what is added to the scores."""
        batch, height, width = x.shape[:3]
        plan = self.plan(height, width)
        tokens = x.flatten(1, 2)  # (B, H * W, C)
        if plan.padded:
            tokens = F.pad(tokens, (0, 0, 0, 1))  # one token of zeros that stands for all padding
        windows = tokens[:, plan.order.to(x.device)]  # (B, n_windows * w * w, C)
        qkv = self.qkv(windows).reshape(batch, plan.n_windows, self.window**2, 3, self.n_heads, -1)
        query, key, value = qkv.permute(3, 0, 1, 4, 2, 5).flatten(2, 3)  # each (B, n_windows * heads, w * w, d_head)
        bias = self.position_bias()  # (heads, w * w, w * w)
        if plan.mask is None:
            bias = bias.expand(plan.n_windows, *bias.shape)
        else:
            bias = bias.masked_fill(~plan.mask.to(x.device)[:, None], -torch.inf)
        return query, key, value, bias.flatten(0, 1).to(query.dtype)

    def _back(self, mixed: Tensor, x: Tensor) -> Tensor:
        batch, height, width, channels = x.shape
        plan = self.plan(height, width)
        mixed = mixed.reshape(batch, plan.n_windows, self.n_heads, self.window**2, -1).transpose(2, 3)
        tokens = mixed.reshape(batch, -1, channels)[:, plan.inverse.to(x.device)]
        return self.projection(tokens).reshape(batch, height, width, channels)


class SwinBlock(nn.Module):
    """x + attention(norm(x)), then x + mlp(norm(x)), on maps: (B, H, W, C) -> same."""

    def __init__(self, d_model: int, n_heads: int, window: int, shift: int, d_ff: int, padding: Padding) -> None:
        super().__init__()
        self.norm1 = nn.LayerNorm(d_model, eps=LAYER_NORM_EPS)
        self.attention = WindowAttention(d_model, n_heads, window, shift, padding)
        self.norm2 = nn.LayerNorm(d_model, eps=LAYER_NORM_EPS)
        self.mlp = nn.Sequential(nn.Linear(d_model, d_ff), nn.GELU(), nn.Linear(d_ff, d_model))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class PatchMerging(nn.Module):
    """2 x 2 neighbours become one token of twice the channels, (B, H, W, C) -> (B, ceil(H / 2), ceil(W / 2), 2 C).

    The four are laid side by side (upper left, lower left, upper right, lower right, as in the authors' code),
    normed and projected. An odd side is padded with zeros.
    """

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(4 * d_model, eps=LAYER_NORM_EPS)
        self.reduction = nn.Linear(4 * d_model, 2 * d_model, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        height, width = x.shape[1:3]
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        four = [x[:, row::2, col::2] for col in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(four, dim=-1)))


class SwinTransformer(nn.Module):
    """A Swin Transformer, (B, in_channels, H, W) -> (B, n_classes) logits; the head reads the mean of the last map.

    Args:
        img_size: the size that it is built for; others are accepted, as long as a patch divides them.
        d_model: channels of the first stage; each later one has twice those of the one before.
        depths: blocks of each stage; every second block of a stage shifts its windows by half a window.
        n_heads: of each stage.
        mlp_ratio: width of an MLP over that of its block.
        padding: see :class:`WindowAttention`.
    """

    def __init__(
        self,
        img_size: int = 32,
        patch_size: int = 2,
        in_channels: int = 3,
        d_model: int = 64,
        depths: tuple[int, ...] = (2, 4),
        n_heads: tuple[int, ...] = (2, 4),
        window: int = 4,
        mlp_ratio: int = 4,
        n_classes: int = 10,
        padding: Padding = "masked",
    ) -> None:
        super().__init__()
        if len(depths) != len(n_heads) or not depths:
            raise ValueError(f"{len(depths)} stages need as many numbers of heads, not {len(n_heads)}")
        if img_size < patch_size or img_size % patch_size:
            raise ValueError(f"a picture of {img_size} pixels cannot be cut into patches of {patch_size}")
        self.img_size, self.patch_size = img_size, patch_size
        self.patch_embedding = nn.Conv2d(in_channels, d_model, patch_size, stride=patch_size)
        self.patch_norm = nn.LayerNorm(d_model, eps=LAYER_NORM_EPS)
        widths = [d_model * 2**stage for stage in range(len(depths))]
        self.stages = nn.ModuleList(
            nn.ModuleList(
                SwinBlock(width, heads, window, window // 2 if block % 2 else 0, mlp_ratio * width, padding)
                for block in range(depth)
            )
            for width, depth, heads in zip(widths, depths, n_heads, strict=True)
        )
        self.mergings = nn.ModuleList(PatchMerging(width) for width in widths[:-1])
        self.norm = nn.LayerNorm(widths[-1], eps=LAYER_NORM_EPS)
        self.head = nn.Linear(widths[-1], n_classes)
        self.apply(_init_linear)

    def features(self, images: Tensor) -> list[Tensor]:
        """The map that each stage leaves behind, (B, H, W, C) each, from fine to coarse."""
        if images.shape[-2] % self.patch_size or images.shape[-1] % self.patch_size:
            height, width = images.shape[-2:]
            raise ValueError(f"{height} x {width} pixels cannot be cut into patches of {self.patch_size}")
        x = self.patch_norm(self.patch_embedding(images).permute(0, 2, 3, 1))  # (B, C, H, W) -> (B, H, W, C)
        maps: list[Tensor] = []
        for index, stage in enumerate(self.stages):
            x = self.mergings[index - 1](x) if index else x
            for block in stage:
                x = block(x)
            maps.append(x)
        return maps

    def forward(self, images: Tensor) -> Tensor:
        return self.head(self.norm(self.features(images)[-1]).mean(dim=(1, 2)))


def _init_linear(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=INIT_STD)
        if module.bias is not None:
            nn.init.zeros_(module.bias)


def _mask(regions: Tensor, window: int) -> Tensor:
    """(H, W) of regions -> (n_windows, window ** 2, window ** 2) bool, True within a region."""
    inside = window_partition(regions[None, ..., None], window).reshape(-1, window**2)
    return inside[:, :, None] == inside[:, None, :]


def _windows(height: int, width: int, window: int) -> tuple[int, int]:
    """How many windows there are down and along a map that they divide."""
    _check_window(window)
    if height % window or width % window:
        raise ValueError(f"windows of {window} x {window} do not divide a map of {height} x {width}: it leaves a rest")
    return height // window, width // window


def _check_window(window: int) -> None:
    if isinstance(window, bool) or not isinstance(window, int) or window < 1:
        raise ValueError(f"a window must be a whole number from 1 up, not {window!r}")
