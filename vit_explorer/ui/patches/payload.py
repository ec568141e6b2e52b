"""What the Patches tab draws of a picture in a model whose patches are embedded by one matrix."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from vit_explorer.explain.embedding import embed_twice, equal_values, pixels_from_tokens
from vit_explorer.explain.trace import Trace
from vit_explorer.models.patches import filter_components, patchify
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.arrays import pack


@torch.inference_mode()
def patches_payload(checkpoint: Checkpoint, images: Tensor, inputs: Tensor, traced: Trace) -> dict[str, Any]:
    """The embedded patches of one picture, and the two checks of the Patches tab.

    First check: the projection done twice, as the model's convolution and as unfold and a matrix product; the largest
    difference between any two numbers, per patch. Second: from each token that entered the first block of this very
    pass, less its position, the pixels are computed back by least squares and compared, as bytes, with the block of
    the picture on screen. That can be done only where a token has at least as many dimensions as a patch has values.
    """
    embedding = checkpoint.model.patch_embedding
    size = embedding.patch_size
    tokens, differences = embed_twice(embedding, inputs)
    components, _ = filter_components(embedding)
    return {
        "size": size,
        "values": images.shape[1] * size**2,
        "embedding": pack(tokens[0]),
        "component_scores": pack(patchify(inputs, size)[0] @ components.flatten(1).T),
        "differences": pack(differences[0]),
        "largest_difference": float(differences.max()),
        "largest_value": float(tokens.abs().max()),
        "recovered_values": _recovered_values(checkpoint, images, traced),
    }


def _recovered_values(checkpoint: Checkpoint, images: Tensor, traced: Trace) -> list[int] | None:
    """Per patch, how many of its bytes can be read back exactly from its token; None if it cannot hold them."""
    inputs = pixels_from_tokens(checkpoint.model, traced)
    if inputs is None:
        return None
    mean, std = (torch.tensor(checkpoint.card["normalise"][key]).double()[:, None, None] for key in ("mean", "std"))
    size = checkpoint.model.patch_embedding.patch_size
    return equal_values((inputs * std + mean).round(), images, size)[0].tolist()
