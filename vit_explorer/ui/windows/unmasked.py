"""Mask on and off: what a Swin answers, and whom its tokens attend to, if its shifted windows have no mask."""

from __future__ import annotations

from typing import TypedDict

from vit_explorer.ui.core.arrays import Packed
from vit_explorer.ui.core.requests import check_prediction
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.windows.payload import WeightsRequest, cut_and_traced, weights_of


class UnmaskedPayload(TypedDict):
    """A probability per class ``with_mask`` and ``without`` it, of the Swin cut as on screen.

    ``weights`` of the blocks asked for, in their order, without the mask.
    """

    classes: list[str]
    with_mask: list[float]
    without: list[float]
    weights: list[Packed]


def answer_unmasked(session: Session, request: WeightsRequest) -> UnmaskedPayload:
    """Predict with and without the mask. Raises UserError for a model without windows or without classes."""
    checkpoint = check_prediction(session.checkpoint(request.model))
    with_mask = cut_and_traced(session, request)
    without = cut_and_traced(session, request, masked=False)
    return {
        "classes": checkpoint.class_names,
        "with_mask": with_mask.probabilities[0].tolist(),
        "without": without.probabilities[0].tolist(),
        "weights": weights_of(without, request.blocks),
    }
