"""The hidden states of two images in one network: a map of tokens after each block, or after each stage."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from vit_explorer.explain.trace import Trace
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.network import Network
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.requests import ModelRequest, fit_input
from vit_explorer.ui.core.session import Session

MAX_SIDE = 28  # tokens of a map whose similarities are sent whole: 784 x 784 bytes


@dataclass(frozen=True)
class PairRequest(ModelRequest):
    """An image, a model, and the second image to compare with."""

    second: str


@dataclass(frozen=True)
class HiddenMap:
    """The tokens after one block or stage.

    Attributes:
        tokens: (B, n_prefix + rows * cols, D), prefix tokens first; of a pair B is 2, the image and the second image.
        depth: the share of the network's blocks, or of a CNN's stages, that have come before it, 0 to 1.
    """

    name: str
    tokens: Tensor
    grid: tuple[int, int]
    n_prefix: int
    depth: float

    def at_most(self, side: int) -> HiddenMap:
        """The same map, or the mean of squares of its patches so that no side has more than ``side`` tokens."""
        rows, cols = self.grid
        step = next(step for step in range(1, rows + 1) if rows % step == cols % step == 0 and rows // step <= side)
        if step == 1:
            return self
        patches = self.tokens[:, self.n_prefix :].mT.reshape(len(self.tokens), -1, rows, cols)  # (B, D, ...)
        coarse = F.avg_pool2d(patches, step).flatten(2).mT
        tokens = torch.cat([self.tokens[:, : self.n_prefix], coarse], dim=1)
        return replace(self, tokens=tokens, grid=(rows // step, cols // step))


@dataclass(frozen=True)
class Pair:
    """Two images in one network; ``images`` uint8 (2, 3, H, W) as the network receives them."""

    checkpoint: Checkpoint
    pictures: tuple[Picture, Picture]
    images: Tensor
    maps: list[HiddenMap]


def load_pair(session: Session, request: PairRequest) -> Pair:
    """The network's pass over each of both images. Raises as :func:`load_input`."""
    checkpoint = session.checkpoint(request.model)
    pictures = session.picture(request.picture), session.picture(request.second)
    images = torch.stack([fit_input(picture.image, checkpoint, request.fit) for picture in pictures])
    passes = [session.traces.of(checkpoint, image[None]).traced for image in images]
    return Pair(checkpoint, pictures, images, hidden_maps(checkpoint.model, passes))


def hidden_maps(model: Network, passes: Sequence[Trace]) -> list[HiddenMap]:
    """The tokens of images after each block or stage, from the pass over each image."""
    traced = passes[0]
    staged = bool(model.stage_entries)
    entries = model.stage_entries or range(len(traced.hidden))
    before = 0 if staged and entries[0] == 0 else 1  # entries before the first block: the embedding, if it is recorded
    maps = []
    for number, entry in enumerate(entries):
        tokens = torch.cat([one.hidden[entry] for one in passes])
        name = f"stage {number + 1}" if staged else f"layer {number}" if number else "embedding"
        side = math.isqrt(tokens.shape[1] - traced.n_prefix)
        depth = (entry + 1 - before) / (len(traced.hidden) - before)
        maps.append(HiddenMap(name, tokens, (side, side) if staged else traced.grid, traced.n_prefix, depth))
    return maps


def check_block(maps: list[HiddenMap], block: int) -> HiddenMap:
    """The map of this number, from 0. Raises UserError with the range."""
    if not 0 <= block < len(maps):
        raise UserError(f"Block must be 0 to {len(maps) - 1}, not {block}.")
    return maps[block]
