"""What a model without attention can show instead: the maps of its stages."""

from __future__ import annotations

import math
from typing import Any

from vit_explorer.explain.trace import trace
from vit_explorer.ui.answers import Refused
from vit_explorer.ui.asked import looked_at
from vit_explorer.ui.packing import pack
from vit_explorer.ui.session import Session

N_CHANNELS = 8  # shown of each stage


def feature_maps(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """What each stage of a convolutional network responds to in a picture: {picture, model, fit}.

    Returns:
        ``stages``: ``side`` of the square maps, how many ``channels`` there are, which of them are ``strongest`` (by
        their mean over the picture), their ``maps`` (N_CHANNELS, side, side) as bytes from 0 to the largest of them,
        and the ``mean`` over all channels (side, side) as bytes from 0 to its own largest.
    """
    looked = looked_at(session, request)
    traced = trace(looked.checkpoint.model, looked.inputs)
    if traced.attention:
        raise Refused(f"{looked.checkpoint.name} has tokens with attention: its maps are those of the views below.")
    stages = []
    for tokens in traced.hidden:  # (1, H * W, channels), not negative behind a ReLU
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
    return {"stages": stages}
