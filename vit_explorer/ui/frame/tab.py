"""The frame, always there: the picture, the model and what it predicts."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

from vit_explorer.data.uploads import MAX_BYTES
from vit_explorer.models.summary import model_summary
from vit_explorer.models.zoo import Checkpoint
from vit_explorer.ui.core.errors import answered
from vit_explorer.ui.core.payloads import picture_payload
from vit_explorer.ui.core.session import Picture, Session, available_samples
from vit_explorer.ui.core.uploads import keep_upload
from vit_explorer.ui.core.widget import ServerFunction, widget

FIRST_MODEL = "vit-cifar10"
FIRST_PICTURE = "sample:cheetah"
N_FROM_SOURCE = 5  # test pictures of each dataset in the gallery

ModelPayload = Callable[[Checkpoint], dict[str, Any]]
TracePayload = Callable[[Picture, Checkpoint, str], dict[str, Any]]


def place_header() -> None:
    """Place the line above everything: the name and the switch of light and dark."""
    widget(__file__, "header", elem_id="header")


def place_frame(session: Session, model_payload: ModelPayload, trace_payload: TracePayload) -> None:
    """Place the frame; its script asks for the catalogue first and then for the finished example.

    Args:
        model_payload: makes what the page is sent of a model.
        trace_payload: makes what it is sent of a picture in a model, with a fit.
    """
    widget(__file__, "frame", frame_functions(session, model_payload, trace_payload), elem_id="frame")


def frame_functions(session: Session, model_payload: ModelPayload, trace_payload: TracePayload) -> list[ServerFunction]:
    """What the frame's script may call."""

    @answered
    def catalogue(_: dict[str, Any]) -> dict[str, Any]:
        usable, _ = session.checkpoints()
        sources, unreadable = session.sources()
        names = [f"sample:{name}" for name in available_samples()]
        names += [f"{source}:{index}" for source in sources for index in range(N_FROM_SOURCE)]
        models = [model_summary(checkpoint) for checkpoint in usable]
        first = (
            FIRST_MODEL if any(m["name"] == FIRST_MODEL for m in models) else (models[0]["name"] if models else None)
        )
        return {
            "models": models,
            "gallery": [picture_payload(session.picture(name)) for name in names],
            "sources": sources,
            "problems": session.problems() + unreadable,
            "first": {"model": first, "picture": FIRST_PICTURE if FIRST_PICTURE in names else names[0]},
            "max_bytes": MAX_BYTES,
        }

    @answered
    def describe(request: dict[str, Any]) -> dict[str, Any]:
        return model_payload(session.checkpoint(request["model"]))

    @answered
    def analyse(request: dict[str, Any]) -> dict[str, Any]:
        picture = session.picture(request["picture"])
        return trace_payload(picture, session.checkpoint(request["model"]), request["fit"])

    @answered
    def upload(request: dict[str, Any]) -> dict[str, Any]:
        return keep_upload(session, request)

    @answered
    def draw_lot(request: dict[str, Any]) -> dict[str, Any]:
        source = request["source"]
        index = random.randrange(len(session.test_split(source)[0].y))
        return picture_payload(session.picture(f"{source}:{index}"))

    @answered
    def download(_: dict[str, Any]) -> dict[str, Any]:
        session.start_download()
        return {}

    @answered
    def download_status(_: dict[str, Any]) -> dict[str, Any]:
        return vars(session.download_status())

    return [catalogue, describe, analyse, upload, draw_lot, download, download_status]
