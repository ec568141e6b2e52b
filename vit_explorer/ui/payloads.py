"""What travels to the browser: traces and models as JSON, their arrays packed as bytes."""

from __future__ import annotations

import time
from typing import Any

import torch
from torch import Tensor

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.embedding import embed_twice, equal_values, pixels_from_tokens
from vit_explorer.explain.positions import (
    cosine_similarity,
    nearest_pairs,
    position_structure,
)
from vit_explorer.explain.trace import Trace, trace
from vit_explorer.models.patches import PatchEmbedding, filter_components, patchify
from vit_explorer.models.summary import model_summary
from vit_explorer.models.vit import ViT
from vit_explorer.models.zoo import Checkpoint, CheckpointError
from vit_explorer.ui.attention_payloads import attention_payload
from vit_explorer.ui.packing import pack
from vit_explorer.ui.session import Picture
from vit_explorer.ui.stem_payload import stem_payload

COSINE_SCALE = 1 / 32_767  # int16 over [-1, 1]: the error of a cosine is at most 0.000016
MAX_COSINES = 500_000  # in one payload: 1.3 MB as base64
N_PAIRS = 12


def picture_payload(picture: Picture) -> dict[str, Any]:
    """Name, title, label and preview of a picture."""
    return {
        "name": picture.name,
        "title": picture.title,
        "truth": picture.truth,
        "width": picture.image.width,
        "height": picture.image.height,
        "preview": picture.preview,
    }


def trace_payload(picture: Picture, checkpoint: Checkpoint, fit: str) -> dict[str, Any]:
    """What the tabs draw of one picture in one model, from one forward pass."""
    model = checkpoint.model
    images = fit_picture(picture.image, model.img_size, fit)[None]
    inputs = checkpoint.preprocess(images)
    started = time.perf_counter()
    traced = trace(model, inputs)
    seconds = time.perf_counter() - started
    is_vit = isinstance(model, ViT)
    linear = is_vit and isinstance(model.patch_embedding, PatchEmbedding)
    return {
        "picture": picture_payload(picture),
        "fit": fit,
        "size": model.img_size,
        "grid": list(traced.grid),
        "n_prefix": traced.n_prefix,
        **_prediction(checkpoint, images, traced.logits, seconds),
        "patches": patches_payload(checkpoint, images, inputs, traced) if linear else None,
        "stem": stem_payload(model.patch_embedding, inputs) if is_vit and not linear else None,
        "attention": attention_payload(checkpoint, traced),
    }


def prediction_payload(picture: Picture, checkpoint: Checkpoint, fit: str) -> dict[str, Any]:
    """The same prediction without the tabs' arrays; ``seconds`` is the plain forward pass."""
    images = fit_picture(picture.image, checkpoint.model.img_size, fit)[None]
    inputs = checkpoint.preprocess(images)
    started = time.perf_counter()
    with torch.inference_mode():
        logits = checkpoint.model(inputs)
    return _prediction(checkpoint, images, logits, time.perf_counter() - started)


def _prediction(checkpoint: Checkpoint, images: Tensor, logits: Tensor, seconds: float) -> dict[str, Any]:
    return {
        "model": checkpoint.name,
        "classes": checkpoint.class_names,
        "logits": logits[0].tolist(),
        "probabilities": logits[0].softmax(dim=-1).tolist(),
        "seconds": seconds,
        "pixels": pack(images[0].permute(1, 2, 0), "uint8"),
    }


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


def model_payload(checkpoint: Checkpoint) -> dict[str, Any]:
    """What the tabs draw of a model, whatever the picture."""
    model, card = checkpoint.model, checkpoint.card
    is_vit = isinstance(model, ViT)
    linear = is_vit and isinstance(model.patch_embedding, PatchEmbedding)
    components, share = filter_components(model.patch_embedding) if linear else (None, None)
    return {
        **model_summary(checkpoint),
        "mean": card["normalise"]["mean"],
        "std": card["normalise"]["std"],
        "classes": checkpoint.class_names,
        "d_model": model.norm.normalized_shape[0] if is_vit else None,
        "n_layers": len(model.blocks) if is_vit else None,
        "d_ff": model.blocks[0].mlp[0].out_features if is_vit else None,
        "filters": pack(model.patch_embedding.projection.weight) if linear else None,
        "filter_bias": model.patch_embedding.projection.bias.tolist() if linear else None,
        "components": pack(components) if linear else None,
        "component_share": share.tolist() if linear else None,
        "positions": positions_payload(checkpoint) if hasattr(model, "pos_embedding") else None,
    }


def positions_payload(checkpoint: Checkpoint) -> dict[str, Any]:
    """Similarities of the position embeddings, from the untrained ones to the model's own, and what they show."""
    model = checkpoint.model
    epochs, tables = shown_snapshots(checkpoint)
    similarities = [cosine_similarity(table) for table in tables]
    structures = [position_structure(similarity, model.grid) for similarity in similarities]
    return {
        "grid": list(model.grid),
        "n_prefix": model.n_prefix,
        "epochs": epochs,
        "similarity": pack(torch.stack(similarities), "int16", COSINE_SCALE),
        "structure": [vars(structure) for structure in structures],
        "pairs": [[vars(pair) for pair in nearest_pairs(s, model.grid, N_PAIRS)] for s in similarities],
    }


def shown_snapshots(checkpoint: Checkpoint) -> tuple[list[float], Tensor]:
    """The snapshots that the page shows, by whose places it asks for them: epochs and (S, n_prefix + N, D).

    The last entry is always the model's own table, the earlier ones were kept while it trained. Where they would be
    too many for one payload some are left out, evenly, never the first or the last; where their file is damaged, which
    ``Session.problems`` says, the model's own table stands alone.
    """
    try:
        epochs, tables = checkpoint.position_snapshots()
    except CheckpointError:
        epoch, own = checkpoint.trained_positions()
        return [epoch], own
    affordable = max(2, MAX_COSINES // tables.shape[1] ** 2)
    if len(epochs) <= affordable:
        return epochs, tables
    kept = torch.linspace(0, len(epochs) - 1, affordable).round().long()
    return [epochs[i] for i in kept], tables[kept]
