"""Pictures that a visitor sends: decoded, and kept in memory."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from vit_explorer.data.uploads import MAX_BYTES, PictureError
from vit_explorer.ui.core.payloads import picture_payload
from vit_explorer.ui.core.session import Session

MAX_TITLE = 80  # characters of a file's name that are kept


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
