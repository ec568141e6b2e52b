"""Pictures and predictions as JSON, their arrays packed as bytes."""

from __future__ import annotations

import time
from statistics import median
from typing import TypedDict

import torch
from torch import Tensor

from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.summary import ModelSummary, model_summary
from vit_explorer.ui.core.arrays import Packed, pack_pixels
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.requests import Fit, fit_input

TIMED_PASSES = 3
LEADING_DATASET = "cifar10"  # models trained on it come first: its classes are things that people photograph


class PicturePayload(TypedDict):
    """A picture: ``truth`` its label, ``labels`` all names of what it shows, ``preview`` a data URL."""

    name: str
    title: str
    truth: str | None
    labels: list[str]
    width: int
    height: int
    preview: str


class PredictionPayload(TypedDict):
    """A model's prediction; ``pixels`` uint8 (H, W, 3) as the model received them, ``seconds`` of one forward pass."""

    model: str
    classes: list[str]
    logits: list[float]
    probabilities: list[float]
    seconds: float
    pixels: Packed


class TimedPrediction(ModelSummary, PredictionPayload):
    """A model and its prediction; ``seconds`` is the median of ``timed_passes`` forward passes on this machine."""

    timed_passes: int


def picture_payload(picture: Picture) -> PicturePayload:
    """Name, title, label and preview of a picture."""
    return {
        "name": picture.name,
        "title": picture.title,
        "truth": picture.truth,
        "labels": list(picture.labels),
        "width": picture.image.width,
        "height": picture.image.height,
        "preview": picture.preview,
    }


def prediction_payload(picture: Picture, checkpoint: Checkpoint, fit: Fit) -> PredictionPayload:
    """Predict with a plain forward pass, which ``seconds`` times."""
    images = fit_input(picture.image, checkpoint, fit)[None]
    inputs = checkpoint.preprocess(images)
    started = time.perf_counter()
    with torch.inference_mode():
        logits = checkpoint.model(inputs)
    return answer_payload(checkpoint, images, logits, time.perf_counter() - started)


def answer_payload(checkpoint: Checkpoint, images: Tensor, logits: Tensor, seconds: float) -> PredictionPayload:
    """The prediction for one picture, ``images`` uint8 (1, 3, H, W), from its ``logits`` (1, classes)."""
    return {
        "model": checkpoint.name,
        "classes": checkpoint.class_names,
        "logits": logits[0].tolist(),
        "probabilities": logits[0].softmax(dim=-1).tolist(),
        "seconds": seconds,
        "pixels": pack_pixels(images),
    }


def reading_order(checkpoints: list[Checkpoint]) -> list[Checkpoint]:
    """Models that predict a class, those trained on CIFAR-10 first, then by the name of their dataset."""

    def place(checkpoint: Checkpoint) -> tuple[bool, str]:
        data = checkpoint.card["dataset"]["name"]
        return data != LEADING_DATASET, data

    return sorted((one for one in checkpoints if one.class_names), key=place)


def timed_prediction(picture: Picture, checkpoint: Checkpoint, fit: Fit) -> TimedPrediction:
    """Predict and time it; the first pass also allocates memory and selects kernels, so it is not counted."""
    prediction_payload(picture, checkpoint, fit)
    passes = [prediction_payload(picture, checkpoint, fit) for _ in range(TIMED_PASSES)]
    seconds = median(one["seconds"] for one in passes)
    return {**model_summary(checkpoint), **passes[-1], "seconds": seconds, "timed_passes": TIMED_PASSES}
