"""One picture: the predictions of all models, with a map of each that can be compared with the others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from torch import Tensor

from vit_explorer.explain.explanations import METHODS, Method
from vit_explorer.explain.gradients import GradientTrace, trace_gradients
from vit_explorer.models.checkpoint import Checkpoint
from vit_explorer.models.summary import ModelSummary, model_summary
from vit_explorer.ui.core.arrays import Packed, pack, pack_pixels
from vit_explorer.ui.core.payloads import TIMED_PASSES, reading_order, timed_prediction
from vit_explorer.ui.core.pictures import Picture
from vit_explorer.ui.core.requests import Fit, ModelRequest, fit_input
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session


def compare_order(checkpoints: list[Checkpoint], chosen: Checkpoint) -> list[Checkpoint]:
    """Models with the classes of the chosen one first, then the others, each in reading order.

    Beside a network without a head, those with the classes that come first in reading order.
    """
    ordered = reading_order(checkpoints)
    names = chosen.class_names or (ordered[0].class_names if ordered else [])
    return sorted(ordered, key=lambda one: one.class_names != names)


@dataclass(frozen=True)
class CompareRequest(ModelRequest):
    """The chosen model comes first; ``target`` is a class by its name, or None for each model's own prediction."""

    target: str | None


class ExplainedPayload(ModelSummary):
    """A model's prediction, and the map of the class ``explained``.

    ``map`` (rows, cols) sums to 1, or is all 0 if nothing supports the class; ``method`` is the title of its method and
    ``words`` says what the method reads.
    """

    model: str
    classes: list[str]
    probabilities: list[float]
    explained: str
    method: str
    words: str
    map: Packed
    pixels: Packed
    alike: bool


class ComparePayload(TypedDict):
    """The models in :func:`compare_order`."""

    results: list[ExplainedPayload]


@dataclass(frozen=True)
class TimesRequest:
    """A picture by its name."""

    picture: str
    fit: Fit


class TimesPayload(TypedDict):
    """Seconds of a forward pass by model, each the median of ``timed_passes``."""

    seconds: dict[str, float]
    timed_passes: int


def compare_picture(session: Session, request: CompareRequest) -> ComparePayload:
    """Predict and explain one picture with every usable model."""
    picture, chosen = session.picture(request.picture), session.checkpoint(request.model)
    ordered = compare_order(session.checkpoints()[0], chosen)
    return {
        "results": [
            explained(picture, one, request.fit, request.target, one.class_names == ordered[0].class_names)
            for one in ordered
        ],
    }


@terms(counted="measurements", long=True, anew=True)
def compare_times(session: Session, request: TimesRequest) -> TimesPayload:
    """Time a forward pass of every usable model, as the Classify tab does."""
    picture = session.picture(request.picture)
    usable, _ = session.checkpoints()
    timed = [timed_prediction(picture, one, request.fit) for one in usable]
    return {"seconds": {one["name"]: one["seconds"] for one in timed}, "timed_passes": TIMED_PASSES}


@dataclass(frozen=True)
class Mapped:
    """The pass of a picture through a model and back, and the map (rows, cols) that its method makes of it."""

    images: Tensor
    inputs: Tensor
    passed: GradientTrace
    method: Method
    values: Tensor


def map_of(picture: Picture, checkpoint: Checkpoint, fit: Fit, target: str | None) -> Mapped:
    """Explain with one forward and one backward pass.

    Args:
        target: the class to explain, by name; a model that does not know the class explains its own prediction.
    """
    model, names = checkpoint.model, checkpoint.class_names
    images = fit_input(picture.image, checkpoint, fit)[None]
    inputs = checkpoint.preprocess(images)
    passed = trace_gradients(model, inputs, names.index(target) if target in names else None)
    method = METHODS[map_method(checkpoint)]
    return Mapped(images, inputs, passed, method, method.explain(model, passed)[0])


def explained(picture: Picture, checkpoint: Checkpoint, fit: Fit, target: str | None, alike: bool) -> ExplainedPayload:
    """Predict and explain, see :func:`map_of`.

    Args:
        alike: whether it has the classes of the first model.
    """
    names = checkpoint.class_names
    mapped = map_of(picture, checkpoint, fit, target)
    passed, values = mapped.passed, mapped.values
    total = values.sum()
    return {
        **model_summary(checkpoint),
        "model": checkpoint.name,
        "classes": names,
        "probabilities": passed.traced.logits[0].softmax(dim=-1).tolist(),
        "explained": names[int(passed.target[0])],
        "method": mapped.method.title,
        "words": mapped.method.words,
        "map": pack(values / total if total > 0 else values * 0),
        "pixels": pack_pixels(mapped.images),
        "alike": alike,
    }


def map_method(checkpoint: Checkpoint) -> str:
    """Grad-CAM if the classifier reads a feature map, gradient rollout if it reads tokens."""
    return "gradient_rollout" if checkpoint.model.attention_kind == "global" else "grad_cam"
