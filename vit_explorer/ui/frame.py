"""The frame, always there: the picture, the model and what it predicts."""

from __future__ import annotations

import base64
import binascii
import random
from typing import Any

from vit_explorer.data.uploads import MAX_BYTES, PictureError
from vit_explorer.models.summary import model_summary
from vit_explorer.ui.answers import answered
from vit_explorer.ui.payloads import model_payload, picture_payload, trace_payload
from vit_explorer.ui.session import Session, available_samples
from vit_explorer.ui.widgets import ServerFunction, widget

FIRST_MODEL = "vit-cifar10"
FIRST_PICTURE = "sample:cheetah"
MAX_TITLE = 80  # characters of a file's name that are kept
N_FROM_SOURCE = 5  # test pictures of each dataset in the gallery


def place_frame(session: Session) -> None:
    """Place the frame; its script asks for the catalogue first and then for the finished example."""
    widget("frame", frame_functions(session), elem_id="frame")


def frame_functions(session: Session) -> list[ServerFunction]:
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


def keep_upload(session: Session, request: dict[str, Any]) -> dict[str, Any]:
    """{title, data: base64} -> the payload of the picture, which is kept in memory only. Raises PictureError."""
    title = str(request["title"])[:MAX_TITLE]
    return picture_payload(session.keep_upload(decode_upload(request["data"]), title))


def decode_upload(data: str) -> bytes:
    """Base64 from the page -> bytes. Raises PictureError for what is too long or no base64."""
    if len(data) > MAX_BYTES * 4 / 3 + 4:
        raise PictureError(f"This file is over {MAX_BYTES // 2**20} MB; make the picture smaller, then retry.")
    try:
        return base64.b64decode(data, validate=True)
    except binascii.Error as error:
        raise PictureError("The upload was damaged on its way: try it again.") from error
