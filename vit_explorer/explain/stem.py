"""What a convolutional stem or a CNN backbone makes of a picture before the Transformer: its maps, and what each token
can see of them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from vit_explorer.models.hybrid import FeatureEmbedding, ResidualBlock
from vit_explorer.models.patches import ConvPatchEmbedding

Interval = tuple[int, int]  # first and last cell along one side of a map
BESIDE = ("shortcut", "downsample")  # branches beside the convolutions, which see no further than they do


@dataclass(frozen=True)
class StemStage:
    """One step of the way from pixels to tokens.

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
def stem_stages(embedding: ConvPatchEmbedding | FeatureEmbedding, inputs: Tensor) -> list[StemStage]:
    """The input, the map after each stage, and the tokens as a map, for inputs (B, C, H, W).

    Which cells a token can depend on follows from kernels, strides and padding alone, backwards from the token: cell i
    of a layer of kernel k, stride s and padding p reads the cells i s - p to i s - p + k - 1. Araujo et al. 2019,
    "Computing Receptive Fields of Convolutional Neural Networks", section 2.
    """
    parts = _parts(embedding)
    maps = [inputs]
    for _, modules in parts:
        maps.append(modules(maps[-1]))
    sees = tuple((cell, cell) for cell in range(embedding.grid[1]))
    found = [StemStage(parts[-1][0], maps[-1], sees)]
    for index in range(len(parts) - 1, -1, -1):
        sees = tuple(_before(parts[index][1], interval, maps[index].shape[-1]) for interval in sees)
        found.append(StemStage(parts[index - 1][0] if index else "the input", maps[index], sees))
    return found[::-1]


def _parts(embedding: ConvPatchEmbedding | FeatureEmbedding) -> list[tuple[str, nn.Sequential]]:
    """The embedding cut into stages, each with what it does in a few words."""
    if isinstance(embedding, ConvPatchEmbedding):
        layers = list(embedding.stem)  # a convolution, a ReLU and pooling each
        return [
            ("3 × 3 convolution, ReLU, pooling", nn.Sequential(*layers[i : i + 3])) for i in range(0, len(layers), 3)
        ]
    cut: list[tuple[str, nn.Sequential]] = []
    waiting: list[nn.Module] = []
    for layer in embedding.backbone:
        waiting.append(layer)
        if isinstance(layer, nn.ReLU | ResidualBlock | nn.Sequential):
            cut.append((_title(waiting), nn.Sequential(*waiting)))
            waiting = []
    return [*cut, ("1 × 1 convolution", nn.Sequential(embedding.projection))]


def _title(layers: list[nn.Module]) -> str:
    words = []
    for layer in layers:
        if isinstance(layer, nn.Conv2d):
            words.append(f"{layer.kernel_size[0]} × {layer.kernel_size[1]} convolution")
        elif isinstance(layer, nn.MaxPool2d):
            words.append("pooling")
        elif isinstance(layer, ResidualBlock):
            words.append("residual block")
        elif isinstance(layer, nn.Sequential):
            words.append(f"{len(layer)} residual blocks")
    return ", ".join(words)


def _before(modules: nn.Module, interval: Interval, size: int) -> Interval:
    """The cells of the map before some layers, ``size`` along a side, that an interval of cells after them reads."""
    low, high = interval
    along = [
        layer
        for name, layer in modules.named_modules()
        if isinstance(layer, nn.Conv2d | nn.MaxPool2d) and not any(part in BESIDE for part in name.split("."))
    ]
    for layer in reversed(along):
        kernel, stride, padding = (_along(value) for value in (layer.kernel_size, layer.stride, layer.padding))
        low, high = low * stride - padding, high * stride - padding + kernel - 1
    return max(0, low), min(size - 1, high)


def _along(value: int | tuple[int, ...]) -> int:
    return value[-1] if isinstance(value, tuple) else value
