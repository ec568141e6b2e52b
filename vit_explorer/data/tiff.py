"""TIFF files whose samples Pillow does not decode: floats of 16 and 64 bits, and deep samples of several channels.

Scientific programs write them, uncompressed or deflated, in strips. TIFF 6.0, sections 2 and 8.
"""

from __future__ import annotations

import struct
import zlib

import numpy as np

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, STRIPS, SAMPLES, COUNTS = 256, 257, 258, 259, 262, 273, 277, 279
PLANAR, PREDICTOR, TILES, FORMAT = 284, 317, 322, 339
TYPES = {1: "B", 3: "H", 4: "I", 16: "Q"}  # of the values of a tag that are read here
KINDS = {1: "u", 2: "i", 3: "f"}  # of samples, as numpy names them
UNCOMPRESSED, DEFLATED = 1, (8, 32946)
PHOTOMETRIC_MEANINGS = {0: "white is 0", 1: "black is 0", 2: "red, green, blue"}
MAX_TAGS, MAX_VALUES = 200, 1_000_000


class TiffError(ValueError):
    """A TIFF file that is not read here; the message says what it holds, as the end of a sentence."""


def read_size(data: bytes) -> tuple[int, int]:
    """Width and height that a classic TIFF states. Raises TiffError."""
    tags = _tags(data)
    return _one(tags, WIDTH), _one(tags, HEIGHT)


def read_samples(data: bytes) -> tuple[np.ndarray, int]:
    """Samples (H, W, channels) of the first page, in their own type, and what they mean (PHOTOMETRIC_MEANINGS).

    Raises:
        TiffError: for another compression, tiles, planes one after the other, or a file that is damaged.
    """
    tags = _tags(data)
    width, height, samples = _one(tags, WIDTH), _one(tags, HEIGHT), _one(tags, SAMPLES, 1)
    bits, kind = _one(tags, BITS, 1), KINDS.get(_one(tags, FORMAT, 1))
    compression = _one(tags, COMPRESSION, UNCOMPRESSED)
    if kind is None or bits not in ((16, 32, 64) if kind == "f" else (8, 16, 32, 64)):
        raise TiffError(f"holds samples of {bits} bits in a form of its own")
    if compression not in (UNCOMPRESSED, *DEFLATED) or TILES in tags or _one(tags, PREDICTOR, 1) != 1:
        raise TiffError(f"holds samples of {bits} bits that are compressed in a way that is not read here")
    if _one(tags, PLANAR, 1) != 1 and samples > 1:
        raise TiffError("holds its channels one after the other")
    meaning = _one(tags, PHOTOMETRIC, 1)
    if meaning not in PHOTOMETRIC_MEANINGS or samples not in ((3, 4) if meaning == 2 else (1, 2)):
        raise TiffError(f"holds {samples} channels that are neither grey nor red, green and blue")
    dtype = np.dtype(f"{_order(data)}{kind}{bits // 8}")
    wanted = width * height * samples * dtype.itemsize
    body = _strips(data, tags, wanted, compression in DEFLATED)
    if len(body) < wanted or not wanted:
        raise TiffError("is cut short")
    return np.frombuffer(body[:wanted], dtype).reshape(height, width, samples), meaning


def _order(data: bytes) -> str:
    return "<" if data[:2] == b"II" else ">"


def _tags(data: bytes) -> dict[int, tuple[int, ...]]:
    """The tags of the first directory whose values are whole numbers."""
    order, tags = _order(data), {}
    try:
        (at,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, at)
        for i in range(min(count, MAX_TAGS)):
            place = at + 2 + 12 * i
            tag, kind, n = struct.unpack_from(f"{order}HHI", data, place)
            if kind not in TYPES or n > MAX_VALUES:
                continue
            layout = f"{order}{n}{TYPES[kind]}"
            inside = struct.calcsize(layout) <= 4
            start = place + 8 if inside else struct.unpack_from(f"{order}I", data, place + 8)[0]
            tags[tag] = struct.unpack_from(layout, data, start)
    except struct.error as error:
        raise TiffError("is damaged") from error
    return tags


def _one(tags: dict[int, tuple[int, ...]], tag: int, default: int | None = None) -> int:
    values = tags.get(tag)
    if values and len(set(values)) == 1:
        return values[0]
    if values or default is None:
        raise TiffError("holds channels of different kinds" if values else "is damaged")
    return default


def _strips(data: bytes, tags: dict[int, tuple[int, ...]], wanted: int, deflated: bool) -> bytes:
    """The strips of the picture, one after the other, at most ``wanted`` bytes of them."""
    parts, total = [], 0
    for start, length in zip(tags.get(STRIPS, ()), tags.get(COUNTS, ()), strict=False):
        part = data[start : start + length]
        if deflated:
            try:
                part = zlib.decompressobj().decompress(part, wanted - total + 1)
            except zlib.error as error:
                raise TiffError("is damaged") from error
        parts.append(part)
        total += len(part)
        if total >= wanted:
            break
    return b"".join(parts)
