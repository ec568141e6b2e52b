"""The Classify tab: a visitor's own pictures, each classified by every usable model, side by side."""

from __future__ import annotations

from vit_explorer.ui.classify.classify import classify_picture
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import upload_picture
from vit_explorer.ui.core.widget import widget


def place_classify(session: Session) -> None:
    """Place the tab; it shows the picture of the frame first, then the pictures that the visitor adds."""
    widget(__file__, "classify", serve(session, take=upload_picture, classify=classify_picture), elem_id="classify")
