"""What a request of several tabs names, checked: a picture in a model, whole numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor

from vit_explorer.data.uploads import fit_picture
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
