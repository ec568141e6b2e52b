"""What the Compare tab asks for: one picture in all models, with a map of each that can be laid beside the others'."""

from __future__ import annotations

from typing import Any

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.explanations import METHODS
from vit_explorer.explain.gradients import trace_gradients
from vit_explorer.models.cnn import ConvNet
from vit_explorer.models.summary import model_summary
from vit_explorer.models.swin import SwinTransformer
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.arrays import pack
from vit_explorer.ui.core.payloads import TIMED_PASSES, reading_order, timed_prediction
from vit_explorer.ui.core.session import Picture, Session


def compare_order(checkpoints: list[Checkpoint], chosen: Checkpoint) -> list[Checkpoint]:
    """Those of the same classes as the chosen model first, the others after, each in reading order."""
    return sorted(reading_order(checkpoints), key=lambda one: one.class_names != chosen.class_names)


def compare_picture(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """One picture in every usable model: {picture, model, fit, target}; ``target`` is a class's name, or None.

    Returns:
        ``results``: of each model its summary and :func:`explained`, in :func:`compare_order`. ``picture`` its truth.
    """
    picture, chosen = session.picture(request["picture"]), session.checkpoint(request["model"])
    usable, _ = session.checkpoints()
    asked = request["target"]
    results = [explained(picture, one, request["fit"], asked) for one in compare_order(usable, chosen)]
    alike = chosen.class_names
    return {
        "truth": picture.truth,
        "results": [{**one, "alike": one["classes"] == alike} for one in results],
    }


def compare_times(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """{picture, fit} -> ``seconds`` of a plain pass by model, each measured as in the Classify tab."""
    picture = session.picture(request["picture"])
    usable, _ = session.checkpoints()
    timed = [timed_prediction(picture, one, request["fit"]) for one in usable]
    return {"seconds": {one["name"]: one["seconds"] for one in timed}, "timed_passes": TIMED_PASSES}


def explained(picture: Picture, checkpoint: Checkpoint, fit: str, target: str | None = None) -> dict[str, Any]:
    """A model's summary, its answer and a map for it, from one pass forward and back.

    Args:
        target: the class that the map is for, by name; a model that does not know it explains its own answer.
    Returns:
        ``map`` packed (rows, cols): the share of each place in the sum of the map, all 0 where nothing spoke for the
        class; ``method`` is its title and ``words`` what it reads; ``explained`` the class.
    """
    model, names = checkpoint.model, checkpoint.class_names
    images = fit_picture(picture.image, model.img_size, fit)[None]
    place = names.index(target) if target in names else None
    passed = trace_gradients(model, checkpoint.preprocess(images), place)
    method = METHODS[map_method(checkpoint)]
    values = method.explain(model, passed)[0]  # (rows, cols)
    total = values.sum()
    logits = passed.traced.logits[0]
    return {
        **model_summary(checkpoint),
        "model": checkpoint.name,
        "classes": names,
        "probabilities": logits.softmax(dim=-1).tolist(),
        "explained": names[int(passed.target[0])],
        "method": method.title,
        "words": method.words,
        "map": pack(values / total if total > 0 else values * 0),
        "pixels": pack(images[0].permute(1, 2, 0), "uint8"),
    }


def map_method(checkpoint: Checkpoint) -> str:
    """Grad-CAM where the head reads a map that is the model's own, gradient rollout where it reads tokens."""
    return "grad_cam" if isinstance(checkpoint.model, ConvNet | SwinTransformer) else "gradient_rollout"
