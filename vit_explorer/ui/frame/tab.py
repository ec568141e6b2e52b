"""The frame, always on screen: the picture, the model and its prediction."""

from __future__ import annotations

from vit_explorer.ui.core.serve import ServerFunction, serve
from vit_explorer.ui.core.session import Session
from vit_explorer.ui.core.terms import list_words
from vit_explorer.ui.core.uploads import keep_uploads, upload_picture
from vit_explorer.ui.core.widget import widget
from vit_explorer.ui.frame.fetching import Fetches
from vit_explorer.ui.frame.frame import (
    Payloads,
    analyse_picture,
    describe_model,
    download_status,
    list_catalogue,
    random_picture,
    start_download,
)
from vit_explorer.ui.frame.get import list_offers, start_fetch, stop_fetch
from vit_explorer.ui.frame.weights import Arrivals, begin_weights, open_weights, receive_weights


def place_header(session: Session) -> None:
    """Place the line above everything, with what it opens: the help and the stage."""
    widget(__file__, "header", elem_id="header")
    widget(__file__, "frame-help", serve(words=list_words), elem_id="help")
    widget(__file__, "frame-present", serve(session, keep_uploads=keep_uploads), elem_id="present")


def place_strip() -> None:
    """Place the strip above the tabs: which part of the network a tab is about, the way back, and what comes next."""
    widget(__file__, "frame-strip", elem_id="strip")


def place_frame(session: Session, payloads: Payloads) -> None:
    """Place the frame; it requests the catalogue first, then the finished example.

    Below it are networks to download and, where the session allows it, a place for a visitor's own weights.
    """
    widget(__file__, "frame", frame_functions(session, payloads), elem_id="frame")
    fetches = Fetches(session.networks)
    offers = serve(session, fetches, offers=list_offers, get=start_fetch, stop_get=stop_fetch)
    widget(__file__, "frame-get", offers, elem_id="frame-get")
    if session.allow_weights:
        arrivals = Arrivals()
        bring = serve(session, arrivals, begin_weights=begin_weights, open_weights=open_weights)
        receive = serve(arrivals, receive_weights=receive_weights)
        widget(__file__, "frame-weights", [*bring, *receive], elem_id="frame-weights")


def frame_functions(session: Session, payloads: Payloads) -> list[ServerFunction]:
    """The functions that the frame's script calls."""
    return [
        *serve(session, payloads, describe=describe_model, analyse=analyse_picture),
        *serve(session, catalogue=list_catalogue, upload=upload_picture, draw_lot=random_picture),
        *serve(session, download=start_download, download_status=download_status),
    ]
