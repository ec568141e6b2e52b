"""The small CNN: convolution, ReLU and pooling three times, then a linear layer."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal, get_args

import torch
from torch import Tensor, nn

from vit_explorer.models.attention import Tape
from vit_explorer.models.network import Network, max_place_logits

Norm = Literal["none", "batch"]


class ConvNet(Network):
    """(B, in_channels, img_size, img_size) -> (B, n_classes) logits.

    Each stage is a 3 x 3 convolution and a ReLU; the first ones are followed by 2 x 2 max pooling, the last one by
    global max pooling, so that the head reads one number per channel.

    Args:
        widths: channels of each stage.
        depth: convolutions of each stage.
        norm: "batch" puts a batch norm between each convolution and its ReLU.

    A tape receives each stage's map before it is pooled, flattened to (B, H * W, C); there is no attention to record.
    """

    pooling = "max"

    def __init__(
        self,
        img_size: int = 32,
        in_channels: int = 3,
        widths: tuple[int, ...] = (64, 128, 256),
        n_classes: int = 10,
        depth: int = 1,
        norm: Norm = "none",
    ) -> None:
        super().__init__()
        smallest = 2 ** (len(widths) - 1)
        if img_size < smallest:
            raise ValueError(f"{len(widths)} stages need a picture of at least {smallest} pixels, not {img_size}")
        if depth < 1:
            raise ValueError(f"a stage needs at least one convolution, not {depth}")
        if norm not in get_args(Norm):
            raise ValueError(f"norm must be one of {', '.join(get_args(Norm))}, not {norm!r}")
        self.img_size = img_size
        self.n_prefix, self.n_classes = 0, n_classes
        self.grid = (img_size // smallest, img_size // smallest)
        self.stages = nn.ModuleList(
            _stage(before, width, depth, norm) for before, width in pairwise((in_channels, *widths))
        )
        self.pool = nn.MaxPool2d(2)
        self.head = nn.Linear(widths[-1], n_classes)

    @property
    def stage_entries(self) -> tuple[int, ...]:
        return tuple(range(len(self.stages)))

    @property
    def grad_cam_entry(self) -> int | None:
        return self.stage_entries[-1]

    @torch.no_grad()
    def place_logits(self, tokens: Tensor, classes: Tensor) -> Tensor:
        return max_place_logits(tokens, self.head, classes)

    def forward(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        return self.head(self.embed(images, tape))

    def embed(self, images: Tensor, tape: Tape | None = None) -> Tensor:
        """Largest value of each channel, the vector that the head reads.

        (B, in_channels, img_size, img_size) -> (B, widths[-1]).
        """
        maps = images
        for index, stage in enumerate(self.stages):
            maps = stage(maps if index == 0 else self.pool(maps))
            if tape is not None:
                tape.hidden.append(maps.flatten(2).transpose(1, 2))  # (B, C, H, W) -> (B, H * W, C)
                if tape.differentiable:  # what follows goes through the recorded map, so that it has a gradient
                    maps = tape.hidden[-1].transpose(1, 2).reshape(maps.shape)
        return maps.amax(dim=(2, 3))


def _stage(in_channels: int, width: int, depth: int, norm: Norm) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before in (in_channels, *[width] * (depth - 1)):
        plain = norm == "none"
        layers.append(nn.Conv2d(before, width, kernel_size=3, padding=1, bias=plain))
        layers += [] if plain else [nn.BatchNorm2d(width)]
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)
