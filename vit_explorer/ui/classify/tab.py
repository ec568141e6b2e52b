"""The Classify tab: a visitor's own pictures, each classified by every usable model, side by side."""

from __future__ import annotations

from typing import Any

from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.payloads import reading_order, timed_prediction
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.uploads import keep_upload
from vit_explorer.ui.core.widget import ServerFunction, widget


def place_classify(session: Session) -> None:
    """Place the tab; its script first shows the picture at the left, then what the visitor adds."""
    widget(__file__, "classify", classify_functions(session), elem_id="classify")


def classify_functions(session: Session) -> list[ServerFunction]:
    """What the tab's script may call: ``take`` and ``classify``."""

    @answered
    def take(request: dict[str, Any]) -> dict[str, Any]:
        """{title, data: base64} -> the payload of the picture, which is kept in memory only."""
        return keep_upload(session, request)

    @answered
    def classify(request: dict[str, Any]) -> dict[str, Any]:
        """{picture, fit} -> {results}: of each usable model its summary and its prediction, in reading order."""
        picture = session.picture(request["picture"])
        usable, _ = session.checkpoints()
        return {"results": [timed_prediction(picture, one, request["fit"]) for one in reading_order(usable)]}

    return [take, classify]
