"""What a request of the Attention tab names, checked: a picture in a model, a class, patches, heads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, get_args

from torch import Tensor

from vit_explorer.data.uploads import fit_picture
from vit_explorer.explain.erasing import Baseline
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.errors import Refused
from vit_explorer.ui.core.session import Picture, Session

LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Looked:
    """A picture as a model gets it: ``images`` uint8 (1, 3, H, W), ``inputs`` the same as numbers for the model."""

    picture: Picture
    checkpoint: Checkpoint
    images: Tensor
    inputs: Tensor


def looked_at(session: Session, request: dict[str, Any]) -> Looked:
    """{picture, model, fit} of a request."""
    checkpoint = session.checkpoint(request["model"])
    picture = session.picture(request["picture"])
    images = fit_picture(picture.image, checkpoint.model.img_size, request["fit"])[None]
    return Looked(picture, checkpoint, images, checkpoint.preprocess(images))


def whole(value: Any, what: str, low: int, high: int) -> int:
    """A whole number of a request. Raises Refused with its range."""
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise Refused(f"{what} must be {low} to {high}, not {str(value)[:20]}.")
    return value


def chosen_class(checkpoint: Checkpoint, target: Any) -> int | None:
    """A class by its index; None for what the model predicts."""
    return None if target is None else whole(target, "A class", 0, len(checkpoint.class_names) - 1)


def chosen_baseline(value: Any) -> Baseline:
    """What an erased patch becomes."""
    if value not in get_args(Baseline):
        raise Refused(f"An erased patch can become {' or '.join(get_args(Baseline))}, not {str(value)[:20]}.")
    return value


def chosen_patches(checkpoint: Checkpoint, patches: Any) -> tuple[int, ...]:
    """Patches by their places, each once, in order."""
    rows, cols = checkpoint.model.grid
    if not isinstance(patches, list):
        raise Refused("The patches to erase must be a list.")
    return tuple(sorted({whole(patch, "A patch", 0, rows * cols - 1) for patch in patches}))


def chosen_heads(muted: Any) -> tuple[tuple[int, int], ...]:
    """Heads as (layer, head); whether the model has them is for the ablation to say."""
    if not isinstance(muted, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in muted):
        raise Refused("The heads to mute must be a list of pairs of layer and head.")
    return tuple(sorted({(whole(layer, "A layer", 0, 999), whole(head, "A head", 0, 999)) for layer, head in muted}))
