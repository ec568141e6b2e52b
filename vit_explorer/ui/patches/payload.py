"""What the Patches tab is sent of an image in a model that embeds patches by one matrix."""

from __future__ import annotations

from functools import lru_cache
from typing import TypedDict

import torch
from torch import Tensor

from vit_explorer.explain.embedding import embed_twice, equal_values, pixels_from_tokens, reading_matrix
from vit_explorer.explain.trace import Trace
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.patches import PatchEmbedding, filter_components, patchify
from vit_explorer.ui.core.arrays import Packed, pack

MAX_COMPONENTS = 64  # that are shown; the paper shows 28, and the small models have 48


class PatchesPayload(TypedDict):
    """The embedded patches of one image; N patches of ``size`` pixels a side and ``values`` numbers each.

    ``embedding`` (N, D), ``component_scores`` (N, components). ``differences`` (N,): the largest difference between the
    projection done as a convolution and as unfold and a matrix product, per patch. ``recovered_values``: per patch, how
    many of its bytes can be computed back from its token; None if a token has fewer dimensions than a patch has values.
    """

    size: int
    values: int
    embedding: Packed
    component_scores: Packed
    differences: Packed
    largest_difference: float
    largest_value: float
    recovered_values: list[int] | None


@lru_cache(maxsize=16)
def leading_components(embedding: PatchEmbedding) -> tuple[Tensor, Tensor]:
    """The first MAX_COMPONENTS of :func:`filter_components`, and their shares, computed once for a network."""
    components, share = filter_components(embedding)
    return components[:MAX_COMPONENTS], share[:MAX_COMPONENTS]


@lru_cache(maxsize=16)
def kept_reading_matrix(embedding: PatchEmbedding) -> Tensor | None:
    """The :func:`reading_matrix`, computed once for a network."""
    return reading_matrix(embedding)


@torch.inference_mode()
def patches_payload(checkpoint: Checkpoint, images: Tensor, inputs: Tensor, traced: Trace) -> PatchesPayload:
    """Embed the patches of one image, and check the projection in two ways.

    First check: the projection as the model's convolution and as a matrix product. Second: pixels are computed back by
    least squares from the tokens that entered the first block, less their positions, and compared with the image.
    """
    embedding = checkpoint.model.patch_embedding
    size = embedding.patch_size
    tokens, differences = embed_twice(embedding, inputs)
    components, _ = leading_components(embedding)
    return {
        "size": int(size),
        "values": int(images.shape[1] * size**2),
        "embedding": pack(tokens[0]),
        "component_scores": pack(patchify(inputs, size)[0] @ components.flatten(1).T),
        "differences": pack(differences[0]),
        "largest_difference": float(differences.max()),
        "largest_value": float(tokens.abs().max()),
        "recovered_values": _recovered_values(checkpoint, images, traced),
    }


def _recovered_values(checkpoint: Checkpoint, images: Tensor, traced: Trace) -> list[int] | None:
    """Per patch, the number of bytes that its token determines exactly; None if a token is too small."""
    reading = kept_reading_matrix(checkpoint.model.patch_embedding)
    if reading is None:
        return None
    inputs = pixels_from_tokens(checkpoint.model, traced, reading)
    mean, std = (torch.tensor(checkpoint.card["normalise"][key]).double()[:, None, None] for key in ("mean", "std"))
    size = checkpoint.model.patch_embedding.patch_size
    return equal_values((inputs * std + mean).round(), images, size)[0].tolist()
