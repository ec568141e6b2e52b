"""Untrusted bytes to an upright RGB image, or an error with a remedy.

What a file is comes from its first bytes, never from its name. Its size in pixels is read from its header before
anything is decoded. Everything stays in memory, and no setting of Pillow is touched, so that threads may share this.
"""

import io
import os
from typing import Literal

import numpy as np
import torch
from PIL import Image

MAX_BYTES = 20 * 2**20
MAX_PIXELS = 50_000_000
MIN_SIDE = 2  # pixels
LETTERBOX_GREY = 128  # of 255, in all three channels

FORMATS = {"PNG": "PNG", "JPEG": "JPEG", "WEBP": "WebP", "GIF": "GIF", "BMP": "BMP", "TIFF": "TIFF"}  # Pillow's: ours
ACCEPTED = "PNG, JPEG, WebP, GIF, BMP or TIFF"
TOO_MANY_PIXELS = f"This picture has over {MAX_PIXELS // 10**6} megapixels; make it smaller, then retry."

# (offset, bytes there, name): the first that fits says what a file is, well enough to open it or to name it.
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"\xff\xd8\xff", "JPEG"),
    (8, b"WEBP", "WEBP"),
    (0, b"GIF87a", "GIF"),
    (0, b"GIF89a", "GIF"),
    (0, b"BM", "BMP"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),  # BigTIFF
    (0, b"MM\0+", "TIFF"),
    (4, b"ftypavi", "AVIF"),
    (4, b"ftyphe", "HEIC"),
    (4, b"ftypmif1", "HEIC"),
    (4, b"ftypmsf1", "HEIC"),
    (4, b"ftyp", "MP4"),
    (0, b"%PDF", "PDF"),
    (0, b"%!PS", "PostScript"),
    (0, b"8BPS", "Photoshop"),
    (0, b"<svg", "SVG"),
    (4, b"jP  \r\n\x87\n", "JPEG 2000"),
    (4, b"JXL \r\n\x87\n", "JPEG XL"),
    (0, b"\xff\x0a", "JPEG XL"),
    (0, b"\0\0\1\0", "ICO"),
    (0, b"icns", "ICNS"),
    (0, b"DDS ", "DDS"),
    (0, b"qoif", "QOI"),
    (0, b"v/1\x01", "OpenEXR"),
    (0, b"PK\x03\x04", "ZIP"),
    *((0, b"P%d%c" % (kind, space), "PNM") for kind in range(1, 7) for space in b" \t\r\n"),
)

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


class PictureError(ValueError):
    """An unusable image; the message is one sentence for the uploader."""


def load_picture(source: bytes | str | os.PathLike[str]) -> Image.Image:
    """Load bytes or a path as an upright RGB image without metadata.

    Of an animation or a file with pages: the first. Transparent parts are laid over white. 16-bit grey is scaled so
    that 65535 is white; for 32-bit whole numbers and floats see `_deep_grey_to_8_bit`. CMYK is converted without
    colour profiles. The EXIF turn is applied; EXIF that cannot be read is ignored, as browsers do.

    Raises PictureError when there is no picture in it that can be used: empty, over MAX_BYTES, not one of FORMATS,
    damaged, cut short, under MIN_SIDE or over MAX_PIXELS.
    """
    data = _read(source)
    kind = _kind(data)
    if kind not in FORMATS:
        what = f"is {_with_article(kind)} file, which cannot be opened here" if kind else "is not a picture"
        raise PictureError(f"This file {what}; choose one saved as {ACCEPTED}.")
    try:
        picture = Image.open(io.BytesIO(data), formats=[kind])
        _check_size(*picture.size)  # from the header: nothing is decoded yet
        picture.load()
        return _turn_upright(_to_rgb(picture), picture)
    except PictureError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):  # Pillow's own limits are above MAX_PIXELS
        raise PictureError(TOO_MANY_PIXELS) from None
    except Exception as error:  # a hostile file can make a parser raise anything
        raise PictureError(
            f"This {FORMATS[kind]} picture is damaged or cut short; save or send it again, then retry."
        ) from error


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


def _kind(data: bytes) -> str | None:
    """Format announced by the first bytes: a key of FORMATS, another name, or None."""
    for offset, signature, name in SIGNATURES:
        if data.startswith(signature, offset):
            return name
    head = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return "SVG" if head.startswith(b"<svg") or (head.startswith(b"<?xml") and b"<svg" in head) else None


def _with_article(name: str) -> str:
    """ "a PDF", "an SVG": by the sound of the name."""
    return ("an " if name in ("AVIF", "HEIC", "MP4", "SVG", "ICO", "ICNS", "OpenEXR") else "a ") + name


def _check_size(width: int, height: int) -> None:
    """Refuse images too large to decode, or too narrow."""
    if width * height > MAX_PIXELS:
        raise PictureError(TOO_MANY_PIXELS)
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"This picture is only {width} x {height} pixels; choose one of at least {MIN_SIDE} x {MIN_SIDE}."
        )


def _to_rgb(picture: Image.Image) -> Image.Image:
    """Convert a decoded image to RGB, over white where transparent."""
    if picture.mode.startswith("I;16"):
        levels = np.asarray(picture).astype(np.uint32)
        return Image.fromarray(((levels + 128) // 257).astype(np.uint8)).convert("RGB")  # 65535 / 257 = 255
    if picture.mode in ("I", "F"):
        return Image.fromarray(_deep_grey_to_8_bit(np.asarray(picture))).convert("RGB")
    if picture.mode == "LAB":  # Pillow has no way from it to RGB without a colour profile
        raise PictureError("This picture's colours are in the LAB space; save it as RGB, then retry.")
    if picture.has_transparency_data:
        layer = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(layer, mask=layer)
        return paper
    return picture.convert("RGB")  # a copy where it already is RGB


def _deep_grey_to_8_bit(levels: np.ndarray) -> np.ndarray:
    """Convert 32-bit grey (H, W) to uint8, scaled by the values.

    Such files do not state their white.

    Floats within 0..1: 1 is white. Else within 0..255, then within 0..65535: the top of that range is white. Else the
    greatest value is white, and the least is black, or 0 where all are above it. What is not finite becomes black.
    """
    finite = np.isfinite(levels)
    low, high = float(levels.min(where=finite, initial=0)), float(levels.max(where=finite, initial=0))
    if low >= 0 and high <= 65535:
        tops = (1, 255, 65535) if levels.dtype.kind == "f" else (255, 65535)
        high = next(top for top in tops if high <= top)
    grey = levels.astype(np.float64)  # the one large copy: all that follows is in place
    grey[~finite] = low
    grey -= low
    grey *= 255.0 / (high - low)
    return np.rint(grey, out=grey).astype(np.uint8)


def _turn_upright(picture: Image.Image, source: Image.Image) -> Image.Image:
    """Apply the EXIF orientation of ``source`` to an image and drop metadata."""
    try:
        turn = UPRIGHT.get(source.getexif().get(ORIENTATION_TAG, 1))
    except Exception:  # EXIF is a format of its own, and as easily broken; the pixels are good
        turn = None
    upright = picture if turn is None else picture.transpose(turn)
    upright.info.clear()
    return upright
