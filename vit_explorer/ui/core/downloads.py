"""Files that the page hands to a person."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from vit_explorer.figures.frame import MIME, figure_bytes
from vit_explorer.ui.core.errors import UserError

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FILES = {
    **MIME,
    "npz": "application/octet-stream",
    "npy": "application/octet-stream",
    "csv": "text/csv",
    "gif": "image/gif",
}


class FileAnswer(TypedDict):
    """A file as ``vx.save`` takes it; ``data`` is base64."""

    filename: str
    mime: str
    data: str


def csv_bytes(text: str) -> bytes:
    """A table as UTF-8 with a byte order mark, without which spreadsheets take it for the system's old encoding."""
    return text.encode("utf-8-sig")


def export_file(
    stem: str, format: str, figure: Callable[[], Figure], data: Mapping[str, Callable[[], bytes]]
) -> FileAnswer:
    """Write a view to a file: its figure in one of the formats of MIME, or its ``data``, a function per other format.

    Raises:
        UserError: for another format; the message lists those there are.
    """
    if format in MIME:
        return file_answer(stem, format, figure_bytes(figure(), format))
    if format in data:
        return file_answer(stem, format, data[format]())
    raise UserError(f"A file can be {', '.join([*data, *MIME])}, not {format[:20]!r}.")


def file_answer(stem: str, format: str, data: bytes) -> FileAnswer:
    """The answer that the page saves as ``stem.format``; the format is one of FILES."""
    return {"filename": f"{stem}.{format}", "mime": FILES[format], "data": base64.b64encode(data).decode()}


def npz_bytes(arrays: Mapping[str, np.ndarray]) -> bytes:
    """Arrays by name as an .npz file, in which nothing is pickled."""
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
