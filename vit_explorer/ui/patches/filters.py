"""The filters of a model that are too many for its first payload."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.ui.core.arrays import Packed, pack
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.session import Session


@dataclass(frozen=True)
class FiltersRequest:
    """A model by its name."""

    model: str


class FiltersPayload(TypedDict):
    """``filters`` (D, C, P, P)."""

    filters: Packed


def model_filters(session: Session, request: FiltersRequest) -> FiltersPayload:
    """Pack the patch projection of a model. Raises UserError for a model that embeds patches in another way."""
    linear = session.checkpoint(request.model).model.linear_embedding
    if linear is None:
        raise UserError(f"{request.model} does not embed patches by one matrix.")
    return {"filters": pack(linear.projection.weight)}
