"""What the Patches tab is sent of an image in a model that embeds patches by convolutions."""

from __future__ import annotations

from typing import TypedDict

import torch
from torch import Tensor

from vit_explorer.explain.stem import StemStage, stem_stages
from vit_explorer.models.hybrid import FeatureEmbedding
from vit_explorer.models.patches import ConvPatchEmbedding
from vit_explorer.ui.core.arrays import Packed, pack

N_CHANNELS = 4  # shown of each map


class StemStagePayload(TypedDict):
    """A square map between the pixels and the tokens.

    ``sees``: of each column of tokens, its first and last cell of this map. ``mean`` (side, side): the mean magnitude
    over all channels; ``strongest``: the channels with the largest mean; ``maps`` (N_CHANNELS, side, side) of those;
    both maps are bytes from 0 to their largest value.
    """

    title: str
    channels: int
    side: int
    sees: list[list[int]]
    strongest: list[int]
    mean: Packed
    maps: Packed


class StemPayload(TypedDict):
    """``size`` of a patch; ``sees``: of each column of tokens, its first and last pixel; ``embedding`` (N, D)."""

    size: int
    sees: list[list[int]]
    stages: list[StemStagePayload]
    title: str
    embedding: Packed


@torch.inference_mode()
def stem_payload(embedding: ConvPatchEmbedding | FeatureEmbedding, inputs: Tensor) -> StemPayload:
    """The stages of a convolutional stem for one image, inputs (1, C, H, W)."""
    first, *between, tokens = stem_stages(embedding, inputs)
    return {
        "size": embedding.patch_size,
        "sees": [list(one) for one in first.sees],
        "stages": [_stage(stage) for stage in between],
        "title": tokens.title,
        "embedding": pack(tokens.map[0].flatten(1).T.contiguous()),
    }


def _stage(stage: StemStage) -> StemStagePayload:
    magnitudes = stage.map[0].abs()  # (channels, rows, cols)
    strongest = magnitudes.mean(dim=(1, 2)).argsort(descending=True)[:N_CHANNELS]
    mean = magnitudes.mean(dim=0)
    shown = magnitudes[strongest]
    return {
        "title": stage.title,
        "channels": len(magnitudes),
        "side": magnitudes.shape[-1],
        "sees": [list(one) for one in stage.sees],
        "strongest": strongest.tolist(),
        "mean": pack(mean, "uint8", max(float(mean.max()), 1e-12) / 255),
        "maps": pack(shown, "uint8", max(float(shown.max()), 1e-12) / 255),
    }
