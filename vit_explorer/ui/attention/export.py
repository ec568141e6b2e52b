"""What the files of the Attention tab share: formats, captions, colour scales, names."""

from __future__ import annotations

from typing import Any

import numpy as np

from vit_explorer.figures.frame import MIME
from vit_explorer.ui.attention.request import Look
from vit_explorer.ui.core.downloads import file_answer
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.requests import Looked

OWN_SCALES = "Each map has a colour scale of its own, from 0 to its largest share: maps cannot be compared."
BASELINES = {"blurred": "the blurred picture", "mean": "the picture's mean colour"}


def one_of(request: dict[str, Any], key: str, values: tuple[str, ...]) -> str:
    """An option of a request that has a few values. Raises Refused with them."""
    if request[key] not in values:
        raise Refused(f"{key} can be {' or '.join(values)}, not {request[key]!r}.")
    return request[key]


def figure_format(format: str) -> str:
    """A format in which a figure can be drawn. Raises Refused with those."""
    if format not in MIME:
        raise Refused(f"A figure can be {', '.join(MIME)}, not {format!r}.")
    return format


def is_shared(request: dict[str, Any]) -> bool:
    """Whether all maps have one colour scale."""
    return one_of(request, "scale", ("shared", "own")) == "shared"


def arrays_of(seen: Look, query: int) -> dict[str, np.ndarray]:
    """The arrays in every file of weights."""
    return {
        "attention": seen.weights.numpy(),
        "grid": np.array(seen.traced.grid),
        "n_prefix": np.array(seen.traced.n_prefix),
        "query": np.array(query),
    }


def pixels_of(seen: Look | Looked) -> np.ndarray:
    """The picture as the model got it, uint8 (H, W, 3)."""
    return seen.images[0].permute(1, 2, 0).numpy()


def about(seen: Look) -> str:
    """The model, its data and the picture: the first sentence of a caption."""
    name, data = seen.checkpoint.name, seen.checkpoint.card["dataset"]["name"]
    return f"{name} trained on {data}, picture: {seen.picture.title}."


def strip_words(seen: Look) -> str:
    """What the bar beside a map is; empty for a model whose tokens are all patches."""
    whose = ["", "CLS", "CLS, and below it of the distillation token"][seen.traced.n_prefix]
    return f"The bar beside each map is the share of {whose}. " if whose else ""


def format_of(request: dict[str, Any]) -> str:
    """The format of a file, which may be npz. Raises Refused for others."""
    format = request["format"]
    if format not in ("npz", *MIME):
        raise Refused(f"A file can be npz, {', '.join(MIME)}, not {str(format)[:20]}.")
    return format


def file_of(looked: Looked, what: str, format: str, data: bytes) -> dict[str, Any]:
    """The answer that the page saves, named after the model and the picture."""
    picture = "".join(c if c.isalnum() else "-" for c in looked.picture.name)[:40]
    return file_answer(f"{looked.checkpoint.name}-{picture}-{what}", format, data)


def where(looked: Looked) -> str:
    """Picture, model and data: what every caption begins with."""
    truth = f", labelled {looked.picture.truth}" if looked.picture.truth else ""
    data = looked.checkpoint.card["dataset"]["name"]
    return f"{looked.picture.title}{truth}, in {looked.checkpoint.name} trained on {data}."


def labels_of(looked: Looked) -> dict[str, np.ndarray]:
    """The model and its classes, for an npz."""
    return {"model": np.array(looked.checkpoint.name), "classes": np.array(looked.checkpoint.class_names)}
