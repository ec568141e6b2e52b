"""Arrays as bytes for the browser.

A packed array is {"shape", "dtype", "scale", "data"}: base64 of little-endian numbers, value = number * scale, or
2 ** -(number * scale) where the dtype is "log2". The error of each packing is stated where it is chosen.
"""

from __future__ import annotations

import base64
from typing import TypedDict

import numpy as np
from torch import Tensor

SMALLEST_LOG2 = -32  # shares below 2 ** -32 travel as 0
ZERO = 65_535  # the code of 0
LOG2_STEP = -SMALLEST_LOG2 / (ZERO - 1)  # value = 2 ** -(code * step): the relative error is at most 0.00017


class Packed(TypedDict):
    """An array for ``vx.decode``; ``data`` is base64."""

    shape: list[int]
    dtype: str
    scale: float
    data: str


def pack(values: Tensor | np.ndarray, dtype: str = "float32", scale: float = 1.0) -> Packed:
    """Pack an array for ``vx.decode``; integers are rounded to the nearest multiple of ``scale``."""
    array = np.asarray(values.detach().cpu() if isinstance(values, Tensor) else values)
    numbers = np.rint(array / scale) if np.issubdtype(np.dtype(dtype), np.integer) else array / scale
    data = numbers.astype(np.dtype(dtype).newbyteorder("<")).tobytes()
    return {"shape": list(array.shape), "dtype": dtype, "scale": scale, "data": base64.b64encode(data).decode()}


def pack_shares(values: Tensor) -> Packed:
    """Pack numbers in [0, 1] for ``vx.decode`` as 16-bit logarithms.

    Whatever its size, a share keeps its first three digits: its relative error is at most 0.00017, where bytes would
    lose all shares below 1/510 and float16 those below a ten-thousandth. Below 2 ** -32 it becomes 0.
    """
    shares = np.asarray(values.detach().cpu(), dtype=np.float64)
    with np.errstate(divide="ignore"):
        codes = np.rint(-np.log2(np.minimum(shares, 1)) / LOG2_STEP)
    codes = np.where(codes < ZERO, codes, ZERO).astype("<u2")
    data = base64.b64encode(codes.tobytes()).decode()
    return {"shape": list(shares.shape), "dtype": "log2", "scale": LOG2_STEP, "data": data}


def pack_pixels(images: Tensor) -> Packed:
    """Pack one image, uint8 or within 0 to 255, (1, 3, H, W), as uint8 (H, W, 3)."""
    return pack(images[0].permute(1, 2, 0), "uint8")
