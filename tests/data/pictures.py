"""Picture files made here, and what becomes of them."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from vit_explorer.data.decode import PictureError
from vit_explorer.data.uploads import load_picture


def encode(picture: Image.Image, file_format: str, **options) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, file_format, **options)
    return buffer.getvalue()


def noise(height: int = 24, width: int = 31, channels: int = 3) -> np.ndarray:
    """A picture in which each pixel is its own, uint8 (height, width, channels)."""
    return np.random.default_rng(0).integers(0, 256, (height, width, channels), dtype=np.uint8)


def gradient(height: int = 48, width: int = 64) -> np.ndarray:
    """A smooth picture, which lossy formats keep, uint8 (height, width, 3)."""
    row, column = np.mgrid[0:height, 0:width]
    return np.stack([row * 4, column * 3, (row + column) * 2], axis=2).astype(np.uint8)


def pixels(source) -> np.ndarray:
    """Decoded pixels (height, width, 3) of a file that must load."""
    picture = load_picture(source)
    assert picture.mode == "RGB"
    return np.asarray(picture)


def sentence(source) -> str:
    """What a person is told about a file that must be refused: one sentence."""
    with pytest.raises(PictureError) as caught:
        load_picture(source)
    message = str(caught.value)
    assert message.endswith(".") and message[0].isupper() and ". " not in message and "\n" not in message
    return message


def png(width: int, height: int, depth: int, colour_type: int, rows: bytes) -> bytes:
    """A PNG by hand, for what Pillow does not write."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body
