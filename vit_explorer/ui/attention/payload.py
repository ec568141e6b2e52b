"""What the Attention tab is sent of a trace."""

from __future__ import annotations

from typing import TypedDict

import torch

from vit_explorer.explain.distance import attention_entropy, mean_attention_distance
from vit_explorer.explain.lens import logit_lens
from vit_explorer.explain.readout import readout_weights
from vit_explorer.explain.trace import Trace
from vit_explorer.figures.attention import shares_limit
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.ui.core.arrays import Packed, pack, pack_shares

MAX_WEIGHTS = 400_000  # in one payload: 1.07 MB as base64


class AttentionPayload(TypedDict):
    """Attention of one image in one model.

    ``shape`` is (layers, heads, N, N), the shape of ``weights`` (queries are rows), which is None if there are more
    than MAX_WEIGHTS: then rows are requested one by one. ``limit``: the end of the colour scale that all maps share.
    ``reading`` (N,): the weight with which the classifier reads each token. ``distance`` in pixels and ``entropy`` in
    bits: per layer a list over heads. ``lens`` (layers + 1, classes): the logit lens; its last row is the prediction.
    """

    shape: list[int]
    patch_size: float
    weights: Packed | None
    limit: float
    reading: Packed
    distance: list[list[float]]
    entropy: list[list[float]]
    lens: list[list[float]]


def attention_payload(checkpoint: Checkpoint, traced: Trace) -> AttentionPayload | None:
    """Attention of one traced image; None for a model without attention."""
    if not traced.attention:
        return None
    model = checkpoint.model
    weights = torch.cat(traced.attention)  # (layers, heads, N, N)
    patch_size = model.img_size / traced.grid[1]
    return {
        "shape": list(weights.shape),
        "patch_size": patch_size,
        "weights": pack_shares(weights) if weights.numel() <= MAX_WEIGHTS else None,
        "limit": shares_limit(weights.numpy(), traced.n_prefix),
        "reading": pack(readout_weights(model, traced)[0]),
        "distance": mean_attention_distance(traced.attention, traced.grid, traced.n_prefix, patch_size)[0].tolist(),
        "entropy": attention_entropy(traced.attention)[0].tolist(),
        "lens": logit_lens(model, traced)[0].softmax(dim=-1).tolist(),
    }
