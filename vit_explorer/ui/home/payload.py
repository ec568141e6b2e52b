"""What Home is sent of a trace, beside what the other tabs are sent."""

from __future__ import annotations

import math
from typing import TypedDict

import torch
from torch import Tensor

from vit_explorer.explain.readout import readout_weights
from vit_explorer.explain.trace import Trace
from vit_explorer.models.network import Network
from vit_explorer.ui.core.arrays import Packed, pack, pack_shares


class BlockMapPayload(TypedDict):
    """The map after one block of a Swin, or after one stage of a CNN.

    ``mean`` (rows, cols): the mean magnitude over all channels, bytes from 0 to the largest. ``window`` is None where
    there is no attention; ``shift`` in tokens, down and right.
    """

    stage: int
    grid: list[int]
    channels: int
    mean: Packed
    window: int | None
    shift: list[int]


class HomePayload(TypedDict):
    """The flow through one network.

    ``arriving`` (layers, heads, N): what the tokens from which the prediction is read give to each token, their mean;
    None where it is read from the patches, or there is no attention among all tokens. ``maps``: of a network of stages,
    else empty. ``summands`` (rows * cols): what each place of the last map adds to the logit of the predicted class.
    """

    arriving: Packed | None
    maps: list[BlockMapPayload]
    summands: list[float] | None


def home_payload(model: Network, traced: Trace) -> HomePayload:
    """The flow of one traced image."""
    return {
        "arriving": _arriving(model, traced),
        "maps": _maps(model, traced) if model.stage_entries else [],
        "summands": _summands(model, traced) if model.stage_entries and model.n_classes else None,
    }


def _arriving(model: Network, traced: Trace) -> Packed | None:
    if not traced.attention:
        return None
    readers = readout_weights(model, traced)[0, : traced.n_prefix] > 0
    if not readers.any():
        return None
    queries = readers.nonzero()[:, 0]
    return pack_shares(torch.stack([weights[0][:, queries].mean(dim=1) for weights in traced.attention]))


def _maps(model: Network, traced: Trace) -> list[BlockMapPayload]:
    """A Swin's maps after each block; a CNN's after each stage."""
    if traced.windows:  # the first entry of hidden is the embedding
        ends = model.stage_entries
        return [
            _map(hidden, next(i for i, end in enumerate(ends) if entry <= end), record.plan.window, record.plan.shift)
            for entry, (hidden, record) in enumerate(zip(traced.hidden[1:], traced.windows, strict=True), start=1)
        ]
    return [_map(traced.hidden[entry], stage) for stage, entry in enumerate(model.stage_entries)]


def _map(hidden: Tensor, stage: int, window: int | None = None, shift: tuple[int, int] = (0, 0)) -> BlockMapPayload:
    mean = hidden[0].abs().mean(dim=1)  # (H * W,)
    side = math.isqrt(len(mean))
    return {
        "stage": stage,
        "grid": [side, side],
        "channels": hidden.shape[2],
        "mean": pack(mean.reshape(side, side), "uint8", max(float(mean.max()), 1e-12) / 255),
        "window": window,
        "shift": list(shift),
    }


def _summands(model: Network, traced: Trace) -> list[float]:
    return model.place_logits(traced.hidden[-1], traced.logits.argmax(dim=1))[0].tolist()
