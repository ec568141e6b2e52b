"""Captions, arrays and names that the files of the Attention tab share."""

from __future__ import annotations

import numpy as np

from vit_explorer.ui.attention.request import AttentionInput
from vit_explorer.ui.core.requests import ModelInput

OWN_SCALES = "Each map has its own colour scale, from 0 to the largest weight of a patch: maps cannot be compared."
BASELINES = {"blurred": "the blurred image", "mean": "the image's mean colour"}


def arrays_of(seen: AttentionInput, query: int) -> dict[str, np.ndarray]:
    """The arrays in every file of attention weights."""
    return {
        "attention": seen.weights.numpy(),
        "grid": np.array(seen.traced.grid),
        "n_prefix": np.array(seen.traced.n_prefix),
        "query": np.array(query),
    }


def pixels_of(seen: ModelInput) -> np.ndarray:
    """The image as the model received it, uint8 (H, W, 3)."""
    return seen.images[0].permute(1, 2, 0).numpy()


def source_caption(seen: ModelInput) -> str:
    """Image, label, model and training data: the first sentence of a caption."""
    truth = f", labelled {seen.picture.truth}" if seen.picture.truth else ""
    data = seen.checkpoint.card["dataset"]["name"]
    return f"{seen.picture.title}{truth}, in {seen.checkpoint.name} trained on {data}."


def prefix_caption(seen: AttentionInput) -> str:
    """What the bar beside a map is; empty for a model whose tokens are all patches."""
    names = seen.checkpoint.model.prefix_names()
    return f"The bar beside each map is the weight of {', then '.join(names)}. " if names else ""


def stem_of(seen: ModelInput, view: str) -> str:
    """The name of a file without its ending: model, image and view."""
    picture = "".join(c if c.isalnum() else "-" for c in seen.picture.name)[:40]
    return f"{seen.checkpoint.name}-{picture}-{view}"


def labels_of(seen: ModelInput) -> dict[str, np.ndarray]:
    """The model and its classes, for an npz."""
    return {"model": np.array(seen.checkpoint.name), "classes": np.array(seen.checkpoint.class_names)}
