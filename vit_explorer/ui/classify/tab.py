"""The Classify tab: a visitor's own pictures, each classified by every usable model, side by side."""

from __future__ import annotations

from vit_explorer.ui.classify.classify import classify_picture, find_pictures
from vit_explorer.ui.core.serve import serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import upload_picture
from vit_explorer.ui.core.widget import widget


def place_classify(session: Session) -> None:
    """Place the tab; it shows the picture of the frame first, then the pictures that the visitor adds."""
    functions = serve(session, take=upload_picture, find=find_pictures, classify=classify_picture)
    widget(__file__, "classify", functions, elem_id="classify")
