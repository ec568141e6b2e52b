"""Pictures and predictions as JSON, their arrays packed as bytes."""

from __future__ import annotations

import time
from statistics import median
from typing import Any

import torch
from torch import Tensor

from vit_explorer.data.uploads import fit_picture
from vit_explorer.models.summary import model_summary
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.session import Picture

TIMED_PASSES = 3
LEADING_DATASET = "cifar10"  # models trained on it come first: its classes are things that people photograph


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


def prediction_payload(picture: Picture, checkpoint: Checkpoint, fit: str) -> dict[str, Any]:
    """The same prediction without the tabs' arrays; ``seconds`` is the plain forward pass."""
    images = fit_picture(picture.image, checkpoint.model.img_size, fit)[None]
    inputs = checkpoint.preprocess(images)
    started = time.perf_counter()
    with torch.inference_mode():
        logits = checkpoint.model(inputs)
    return answer_payload(checkpoint, images, logits, time.perf_counter() - started)


def answer_payload(checkpoint: Checkpoint, images: Tensor, logits: Tensor, seconds: float) -> dict[str, Any]:
    """What a model answers for one picture, ``images`` uint8 (1, 3, H, W), from its ``logits``."""
    return {
        "model": checkpoint.name,
        "classes": checkpoint.class_names,
        "logits": logits[0].tolist(),
        "probabilities": logits[0].softmax(dim=-1).tolist(),
        "seconds": seconds,
        "pixels": pack(images[0].permute(1, 2, 0), "uint8"),
    }


def reading_order(checkpoints: list[Checkpoint]) -> list[Checkpoint]:
    """Models trained on CIFAR-10 first, then by the name of their dataset; else as they came."""

    def place(checkpoint: Checkpoint) -> tuple[bool, str]:
        data = checkpoint.card["dataset"]["name"]
        return data != LEADING_DATASET, data

    return sorted(checkpoints, key=place)


def timed_prediction(picture: Picture, checkpoint: Checkpoint, fit: str) -> dict[str, Any]:
    """A model's summary and its prediction; ``seconds`` is the plain forward pass of this one picture, here and now.

    A first pass through a model also pays for memory and for the choice of kernels: it is thrown away, untimed. Then
    ``timed_passes`` follow, and ``seconds`` is their median, so that one moment of a busy machine does not decide.
    """
    prediction_payload(picture, checkpoint, fit)
    passes = [prediction_payload(picture, checkpoint, fit) for _ in range(TIMED_PASSES)]
    seconds = median(one["seconds"] for one in passes)
    return {**model_summary(checkpoint), **passes[-1], "seconds": seconds, "timed_passes": TIMED_PASSES}
