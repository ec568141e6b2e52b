"""What a model without attention among all tokens can show instead: the maps of its stages."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Any

from torch import Tensor

from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import looked_at
from vit_explorer.ui.core.session import Session

N_CHANNELS = 8  # shown of each stage


def feature_maps(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """What each stage of a CNN or a Swin responds to in a picture: {picture, model, fit}.

    Returns:
        ``what``: what the numbers are. ``stages``: ``side`` of the square maps, how many ``channels`` there are, which
        of them are ``strongest`` (by their mean over the picture), their ``maps`` (N_CHANNELS, side, side) as bytes
        from 0 to the largest of them, and the ``mean`` over all channels (side, side) as bytes from 0 to its own
        largest.
    """
    looked = looked_at(session, request)
    traced = trace(looked.checkpoint.model, looked.inputs)
    if traced.attention:
        raise Refused(f"{looked.checkpoint.name} has tokens with attention: its maps are those of the views below.")
    swin = isinstance(looked.checkpoint.model, SwinTransformer)
    stages = []
    for tokens in _of_stages(looked.checkpoint.model, traced) if swin else traced.hidden:  # (1, H * W, channels)
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
    """The magnitudes of the map that each stage of a Swin leaves behind: its numbers have signs, a ReLU's have not."""
    last_blocks = accumulate(len(stage) for stage in model.stages)  # hidden[0] is the embedding
    return [traced.hidden[block].abs() for block in last_blocks]
