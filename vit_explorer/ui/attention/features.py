"""Feature maps of the stages of a CNN or a Swin, shown where a model has no attention among all tokens."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Literal, TypedDict

from torch import Tensor

from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import ModelRequest, load_input
from vit_explorer.ui.core.session import Session

N_CHANNELS = 8  # shown of each stage


class StagePayload(TypedDict):
    """The square maps of a stage.

    ``strongest`` are the channels with the largest mean over the image; their ``maps`` (N_CHANNELS, side, side) and the
    ``mean`` over all channels (side, side) are bytes from 0 to the largest value in each.
    """

    side: int
    channels: int
    strongest: list[int]
    maps: Packed
    mean: Packed


class FeaturesPayload(TypedDict):
    """The stages of a network, and what their numbers are."""

    what: Literal["Magnitudes", "Activations"]
    stages: list[StagePayload]


def feature_maps(session: Session, request: ModelRequest) -> FeaturesPayload:
    """The strongest channels of each stage of a CNN or a Swin. Raises UserError for a model with attention."""
    seen = load_input(session, request)
    traced = trace(seen.checkpoint.model, seen.inputs)
    if traced.attention:
        raise UserError(f"{seen.checkpoint.name} has attention: its maps are in the views below.")
    swin = isinstance(seen.checkpoint.model, SwinTransformer)
    stages: list[StagePayload] = []
    for tokens in _of_stages(seen.checkpoint.model, traced) if swin else traced.hidden:  # (1, H * W, channels)
        maps = tokens[0].T  # (channels, H * W)
        side = math.isqrt(maps.shape[1])
        strongest = maps.mean(dim=1).argsort(descending=True)[:N_CHANNELS]
        shown, mean = maps[strongest].reshape(-1, side, side), maps.mean(dim=0).reshape(side, side)
        stages.append(
            {
                "side": side,
                "channels": len(maps),
                "strongest": strongest.tolist(),
                "maps": pack(shown, "uint8", max(float(shown.max()), 1e-12) / 255),
                "mean": pack(mean, "uint8", max(float(mean.max()), 1e-12) / 255),
            }
        )
    return {"what": "Magnitudes" if swin else "Activations", "stages": stages}


def _of_stages(model: SwinTransformer, traced: Trace) -> list[Tensor]:
    """The magnitudes of the output of each stage of a Swin; its numbers have signs, those after a ReLU have none."""
    last_blocks = accumulate(len(stage) for stage in model.stages)  # hidden[0] is the embedding
    return [traced.hidden[block].abs() for block in last_blocks]
