"""What the page is sent of a picture in a model, and of a model: one part for each tab that draws of it."""

from __future__ import annotations

import time
from typing import Any

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.trace import trace
from vit_explorer.models.patches import PatchEmbedding, filter_components
from vit_explorer.models.summary import model_summary
from vit_explorer.models.vit import ViT
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.attention.payload import attention_payload
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.payloads import answer_payload, picture_payload
from vit_explorer.ui.core.session import Picture
from vit_explorer.ui.patches.payload import patches_payload
from vit_explorer.ui.patches.stem import stem_payload
from vit_explorer.ui.positions.payload import positions_payload


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
        **answer_payload(checkpoint, images, traced.logits, seconds),
        "patches": patches_payload(checkpoint, images, inputs, traced) if linear else None,
        "stem": stem_payload(model.patch_embedding, inputs) if is_vit and not linear else None,
        "attention": attention_payload(checkpoint, traced),
    }


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
