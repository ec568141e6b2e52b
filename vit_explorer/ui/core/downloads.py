"""Files that the page hands to a person."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np

from vit_explorer.figures.frame import MIME

FILES = {
    **MIME,
    "npz": "application/octet-stream",
    "npy": "application/octet-stream",
    "csv": "text/csv",
    "gif": "image/gif",
}


def file_answer(stem: str, format: str, data: bytes) -> dict[str, Any]:
    """What ``vx.save`` takes: {filename, mime, data in base64}. ``format`` is one of FILES."""
    return {"filename": f"{stem}.{format}", "mime": FILES[format], "data": base64.b64encode(data).decode()}


def npz_bytes(arrays: dict[str, np.ndarray]) -> bytes:
    """Arrays by name as an .npz file, in which nothing is pickled."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
