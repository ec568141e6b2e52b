"""What the Patches tab draws of a model whose patches go through convolutions before they are tokens."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vit_explorer.explain.stem import StemStage, stem_stages
from vit_explorer.models.hybrid import FeatureEmbedding
from vit_explorer.models.patches import ConvPatchEmbedding
from vit_explorer.ui.core.arrays import pack

N_CHANNELS = 4  # shown of each map


@torch.inference_mode()
def stem_payload(embedding: ConvPatchEmbedding | FeatureEmbedding, inputs: Tensor) -> dict[str, Any]:
    """Of one picture, inputs (1, C, H, W): ``size`` of a patch, the ``stages`` between the input and the tokens, the
    ``embedding`` (N, D), and ``sees``, for each column of tokens, the pixels from the first to the last.

    A stage has a ``title``, ``channels``, its ``side``, ``sees`` as above in its own cells; the ``mean`` of the
    magnitudes over all channels, (side, side) bytes from 0 to its largest; the ``strongest`` channels by that, and
    their ``maps``, (N_CHANNELS, side, side) bytes from 0 to the largest of them.
    """
    first, *between, tokens = stem_stages(embedding, inputs)
    return {
        "size": embedding.patch_size,
        "sees": [list(one) for one in first.sees],
        "stages": [_stage(stage) for stage in between],
        "title": tokens.title,
        "embedding": pack(tokens.map[0].flatten(1).T.contiguous()),
    }


def _stage(stage: StemStage) -> dict[str, Any]:
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
