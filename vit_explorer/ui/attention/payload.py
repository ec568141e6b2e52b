"""What the Attention tab draws of a trace: every weight once, as bytes, where they are not too many."""

from __future__ import annotations

from typing import Any

import torch

from vit_explorer.explain.distance import attention_entropy, mean_attention_distance
from vit_explorer.explain.lens import logit_lens
from vit_explorer.explain.reading import head_reading
from vit_explorer.explain.trace import Trace
from vit_explorer.figures.attention import shares_limit
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.arrays import pack, pack_shares

MAX_WEIGHTS = 400_000  # in one payload: 1.07 MB as base64


def attention_payload(checkpoint: Checkpoint, traced: Trace) -> dict[str, Any] | None:
    """Weights, reach and the lens of one traced picture; None for a model without attention.

    Returns:
        ``weights``: (layers, heads, N, N), queries are rows; None where they would be more than MAX_WEIGHTS, and rows
        are fetched as they are asked for. ``limit``: where the colour scale ends that all maps share. ``reading``:
        (N,), with which weight the head reads each token.
        ``distance`` in pixels and ``entropy`` in bits: a list over heads per layer. ``lens``: (layers + 1, classes)
        probabilities, the last of them the prediction itself.
    """
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
        "reading": pack(head_reading(model, traced)[0]),
        "distance": mean_attention_distance(traced.attention, traced.grid, traced.n_prefix, patch_size)[0].tolist(),
        "entropy": attention_entropy(traced.attention)[0].tolist(),
        "lens": logit_lens(model, traced)[0].softmax(dim=-1).tolist(),
    }
