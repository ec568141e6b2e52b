"""Stages of a convolutional stem or CNN backbone, and the view of each token."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vit_explorer.models.hybrid import ResidualBlock
from vit_explorer.models.patches import ConvolutionalStem

Interval = tuple[int, int]  # first and last cell along one side of a map
BESIDE = ("shortcut", "downsample")  # branches beside the convolutions, which see no further than they do


@dataclass(frozen=True)
class StemStage:
    """One stage between pixels and tokens.

    Attributes:
        title: what made the map.
        map: (B, channels, rows, cols), what came out; of the first stage the input itself.
        sees: of the tokens of one row, from the left, the cells of this map that each can depend on; by symmetry the
            same holds down a column. The last stage is the tokens: there each is its own cell.
    """

    title: str
    map: Tensor
    sees: tuple[Interval, ...]


@torch.no_grad()
def stem_stages(embedding: ConvolutionalStem, inputs: Tensor) -> list[StemStage]:
    """Input, map after each stage, and tokens as a map, for (B, C, H, W).

    Which cells a token can depend on follows from kernels, strides and padding alone, backwards from the token: cell i
    of a layer of kernel k, stride s and padding p reads the cells i s - p to i s - p + k - 1. Araujo et al. 2019,
    "Computing Receptive Fields of Convolutional Neural Networks", section 2.
    """
    parts = embedding.stages()
    maps = [inputs]
    for part in parts:
        maps.append(part(maps[-1]))
    sees = tuple((cell, cell) for cell in range(embedding.grid[1]))
    found = [StemStage(_title(parts[-1]), maps[-1], sees)]
    for index in range(len(parts) - 1, -1, -1):
        sees = _before(parts[index], sees, maps[index].shape[-1])
        found.append(StemStage(_title(parts[index - 1]) if index else "the input", maps[index], sees))
    return found[::-1]


def _title(layers: nn.Sequential) -> str:
    words = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            words.append(f"{layer.kernel_size[0]} × {layer.kernel_size[1]} convolution")
        elif isinstance(layer, nn.ReLU):
            words.append("ReLU")
        elif isinstance(layer, nn.MaxPool2d):
            words.append("pooling")
        elif isinstance(layer, ResidualBlock):
            words.append("residual block")
        elif isinstance(layer, nn.Sequential):
            words.append(f"{len(layer)} residual blocks")
    return ", ".join(words)


def _before(modules: nn.Module, intervals: tuple[Interval, ...], size: int) -> tuple[Interval, ...]:
    """Intervals of cells before some layers that intervals after them read.

    ``size``: cells along a side of the map before.
    """
    along = [
        [_along(value) for value in (layer.kernel_size, layer.stride, layer.padding)]
        for name, layer in modules.named_modules()
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d) and not any(part in BESIDE for part in name.split("."))
    ]
    found = []
    for low, high in intervals:
        for kernel, stride, padding in reversed(along):
            low, high = low * stride - padding, high * stride - padding + kernel - 1
        found.append((max(0, low), min(size - 1, high)))
    return tuple(found)


def _along(value: int | str | tuple[int, ...]) -> int:
    return int(value[-1] if isinstance(value, tuple) else value)
