"""Feature maps of the stages of a CNN or a Swin, shown where a model has no attention among all tokens."""

from __future__ import annotations

import math
from typing import Literal, TypedDict

from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.requests import ModelRequest, load_input
from vit_explorer.ui.core.session import Session

N_CHANNELS = 8  # shown of each stage


class FeatureStagePayload(TypedDict):
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
    stages: list[FeatureStagePayload]


def feature_maps(session: Session, request: ModelRequest) -> FeaturesPayload:
    """The strongest channels of each stage of a CNN or a Swin. Raises UserError for a model with attention."""
    seen = load_input(session, request)
    traced = session.traces.of(seen.checkpoint, seen.images).traced
    if traced.attention:
        raise UserError(f"{seen.checkpoint.name} has attention: its maps are in the views below.")
    stage_maps = [traced.hidden[entry][0].T for entry in seen.checkpoint.model.stage_entries]  # (channels, H * W)
    signed = any(bool((maps < 0).any()) for maps in stage_maps)  # a Swin's; those of a CNN come from a ReLU
    stages: list[FeatureStagePayload] = []
    for maps in (one.abs() for one in stage_maps):
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
    return {"what": "Magnitudes" if signed else "Activations", "stages": stages}
