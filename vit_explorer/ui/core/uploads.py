"""Pictures that a visitor uploads: decoded and kept in memory."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TypedDict

from vit_explorer.data.uploads import MAX_BYTES
from vit_explorer.ui.core.errors import UserError
from vit_explorer.ui.core.payloads import PicturePayload, picture_payload
from vit_explorer.ui.core.serve import terms
from vit_explorer.ui.core.session import Session

MAX_KEPT = 100  # pictures of one page
MAX_TITLE = 80  # characters of a file's name that are kept


@dataclass(frozen=True)
class UploadRequest:
    """A file: its name and its bytes in base64."""

    title: str
    data: str


@dataclass(frozen=True)
class KeepUploadsRequest:
    """Names of uploaded pictures that an open page shows, or keeps for a talk."""

    pictures: tuple[str, ...]


class KeptPayload(TypedDict):
    """``missing``: the names of those that the server does not have."""

    missing: list[str]


@terms(anew=True)
def keep_uploads(session: Session, request: KeepUploadsRequest) -> KeptPayload:
    """Keep uploaded pictures as if they had been looked at now. Raises UserError for too many."""
    if len(request.pictures) > MAX_KEPT:
        raise UserError(f"A page can keep {MAX_KEPT} pictures, not {len(request.pictures)}.")
    return {"missing": [name for name in request.pictures if not session.use_upload(name)]}


@terms(counted="uploads")
def upload_picture(session: Session, request: UploadRequest) -> PicturePayload:
    """Keep an uploaded picture in memory. Raises UserError or PictureError."""
    return picture_payload(session.keep_upload(decode_upload(request.data), request.title[:MAX_TITLE]))


def decode_upload(data: str) -> bytes:
    """Decode a picture's file. Raises UserError for one that is too large, or no base64."""
    limit = f"This file is over {MAX_BYTES // 2**20} MB; make the picture smaller, then retry."
    return decode_base64(data, MAX_BYTES, limit)


def decode_base64(data: str, most: int, too_large: str) -> bytes:
    """Decode base64 of at most ``most`` bytes, the size being looked at first.

    Raises:
        UserError: ``too_large`` if there are more, or a sentence for what is no base64.
    """
    if len(data) > most * 4 / 3 + 4:
        raise UserError(too_large)
    try:
        decoded = base64.b64decode(data, validate=True)
    except ValueError as error:  # binascii.Error, or text that is not ASCII
        raise UserError("The upload was damaged on its way: try it again.") from error
    if len(decoded) > most:
        raise UserError(too_large)
    return decoded
