"""Untrusted bytes to an upright RGB image, or an error with a remedy.

What a file is comes from its first bytes, never from its name. Its size in pixels is read from its header before
anything is decoded. Everything stays in memory, and no setting of Pillow is touched, so that threads may share this.
"""

import os
from typing import Literal

import numpy as np
import torch
from PIL import Image

from vit_explorer.data.decode import TOO_MANY_PIXELS, PictureError, decode_picture, header_size
from vit_explorer.data.formats import FORMATS, format_of, why_not_opened

MAX_BYTES = 20 * 2**20
LETTERBOX_GREY = 128  # of 255, in all three channels

# What undoes each value of the EXIF tag "Orientation". CIPA DC-008 (Exif 2.32), 4.6.4 A
ORIENTATION_TAG = 0x0112
UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load_picture(source: bytes | str | os.PathLike[str], short_side: int | None = None) -> Image.Image:
    """Load bytes or a path as an upright RGB image without metadata.

    Of an animation or a file with pages: the first. Transparent parts are laid over white. Colours of an ICC profile
    are turned into sRGB. 16-bit grey is scaled so that 65535 is white; for deeper whole numbers and floats see
    ``decode``. The EXIF turn is applied; EXIF and profiles that cannot be read are ignored, as browsers do.

    Args:
        short_side: a JPEG may be reduced while it is decoded as long as no side falls below these pixels.

    Raises PictureError when there is no picture in it that can be used: empty, over MAX_BYTES, not one of FORMATS,
    damaged, cut short, under ``decode.MIN_SIDE`` or over ``decode.MAX_PIXELS``, which a JPEG is first reduced to.
    """
    data = _read(source)
    kind = format_of(data)
    if (reason := why_not_opened(kind)) is not None:
        raise PictureError(reason)
    assert kind is not None  # else there was a reason
    try:
        return _turn_upright(*decode_picture(data, kind, short_side))
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # Pillow's own limits are above MAX_PIXELS
        raise PictureError(TOO_MANY_PIXELS) from None
    except Exception as error:  # a hostile file can make a parser raise anything
        raise PictureError(
            f"This {FORMATS[kind]} picture is damaged or cut short; save or send it again, then retry."
        ) from error


def measure_picture(data: bytes) -> tuple[int, int]:
    """Width and height as the header states them; (0, 0) for what cannot be opened."""
    kind = format_of(data)
    if why_not_opened(kind) is not None or kind is None:
        return 0, 0
    try:
        return header_size(data, kind)
    except Exception:  # a hostile file can make a parser raise anything; loading it says what is wrong
        return 0, 0


def fit_picture(picture: Image.Image, size: int, mode: Literal["crop", "letterbox"] = "crop") -> torch.Tensor:
    """Bring an RGB image to a model's input size, uint8 (3, size, size).

    "crop" takes the largest square in the middle; "letterbox" takes all of it and fills up with LETTERBOX_GREY on two
    sides. Resizing is Pillow's bicubic, which widens its kernel when it shrinks and so does not alias; it is what DeiT
    and timm evaluate with, and rings less than Lanczos. A picture of size x size comes through bit by bit.
    Raises ValueError for another mode, a size below 1, or a picture that is not RGB.
    """
    if mode not in ("crop", "letterbox"):
        raise ValueError(f'mode must be "crop" or "letterbox", got {mode!r}')
    if size < 1 or picture.mode != "RGB":
        raise ValueError(f"fit_picture needs size >= 1 and an RGB picture, got size={size} and mode {picture.mode}")
    width, height = picture.size
    if mode == "crop":
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        fitted = picture.crop((left, top, left + side, top + side)).resize((size, size), Image.Resampling.BICUBIC)
    else:
        side = max(width, height)
        inner = (max(1, round(width * size / side)), max(1, round(height * size / side)))
        fitted = Image.new("RGB", (size, size), (LETTERBOX_GREY,) * 3)
        corner = ((size - inner[0]) // 2, (size - inner[1]) // 2)
        fitted.paste(picture.resize(inner, Image.Resampling.BICUBIC), corner)
    return torch.from_numpy(np.array(fitted)).permute(2, 0, 1).contiguous()  # (size, size, 3) -> (3, size, size)


def _read(source: bytes | str | os.PathLike[str]) -> bytes:
    """Read at most MAX_BYTES of a source."""
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with open(source, "rb") as file:
                data = file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:  # ValueError: a path with a zero byte
            raise PictureError("This file cannot be read; choose it again.") from error
    if not data:
        raise PictureError("This file is empty; choose another, or save the picture again.")
    if len(data) > MAX_BYTES:
        raise PictureError(f"This file is over {MAX_BYTES >> 20} MB; make the picture smaller, then retry.")
    return data


def _turn_upright(picture: Image.Image, source: Image.Image) -> Image.Image:
    """Apply the EXIF orientation of ``source`` to an image and drop metadata."""
    try:
        turn = UPRIGHT.get(source.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # EXIF is a format of its own, and as easily broken; the pixels are good
        turn = None
    upright = picture if turn is None else picture.transpose(turn)
    upright.info.clear()
    return upright
