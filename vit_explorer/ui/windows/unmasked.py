"""Mask on and off: what a Swin answers if its shifted windows have no mask."""

from __future__ import annotations

from typing import TypedDict

from vit_explorer.ui.core.requests import check_prediction
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.windows.payload import WindowsRequest, cut_and_traced


class UnmaskedPayload(TypedDict):
    """A probability per class ``with_mask`` and ``without`` it, of the Swin cut as on screen."""

    classes: list[str]
    with_mask: list[float]
    without: list[float]


def answer_unmasked(session: Session, request: WindowsRequest) -> UnmaskedPayload:
    """Predict with and without the mask. Raises UserError for a model without windows or without classes."""
    checkpoint = check_prediction(session.checkpoint(request.model))
    with_mask = cut_and_traced(session, request)
    without = cut_and_traced(session, request, masked=False)
    return {
        "classes": checkpoint.class_names,
        "with_mask": with_mask.probabilities[0].tolist(),
        "without": without.probabilities[0].tolist(),
    }
