"""The first picture of a file, decoded to RGB."""

from __future__ import annotations

import io
from importlib import import_module

import numpy as np
from PIL import Image, ImageCms, UnidentifiedImageError
from PIL.JpegImagePlugin import JpegImageFile

from vit_explorer.data.tiff import PHOTOMETRIC_MEANINGS, TiffError, read_samples, read_size

MAX_PIXELS = 50_000_000  # that are decoded
MAX_JPEG_PIXELS = 250_000_000  # of a JPEG, which can be decoded at an eighth of its sides
JPEG_REDUCTIONS = (1, 2, 4, 8)  # that its cosine transform allows
MAX_PROFILE_BYTES = 4 * 2**20
MIN_SIDE = 2  # pixels
TOO_MANY_PIXELS = f"This picture has over {MAX_PIXELS // 10**6} megapixels; make it smaller, then retry."
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB"))
PROFILE_SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # modes of Pillow: colour spaces of ICC profiles


class PictureError(ValueError):
    """An unusable image; the message is one sentence for the uploader."""


def decode_picture(data: bytes, kind: str, short_side: int | None = None) -> tuple[Image.Image, Image.Image]:
    """Decode a file of a format: the picture as RGB, and the opened file with its metadata.

    Its size is read from its header before anything is decoded.

    Args:
        short_side: a JPEG may be reduced while it is decoded as long as no side falls below these pixels.
    Raises:
        PictureError: for a size that is not decoded here, or samples that are not read.
        Exception: of the parser, for a damaged file.
    """
    if kind == "HEIC":
        opened = import_module("pillow_heif").open_heif(io.BytesIO(data), convert_hdr_to_8bit=True)
        check_size(*opened.size)
        picture = opened.to_pillow()
        return to_rgb(picture), picture
    if kind == "JPEG":
        picture = _open_jpeg(data, short_side)
    else:
        try:
            picture = Image.open(io.BytesIO(data), formats=[kind])
        except UnidentifiedImageError:
            if kind != "TIFF":
                raise
            return _deep_tiff(data)
        check_size(*picture.size)
        # Pillow takes 32-bit numbers without a sign for numbers with one, and mixes up the bytes of deflated floats.
        if picture.mode in ("I", "F") and kind == "TIFF":
            try:
                return _deep_tiff(data)[0], picture
            except PictureError:
                pass  # compressed: as Pillow reads it
    picture.load()
    return to_rgb(picture), picture


def header_size(data: bytes, kind: str) -> tuple[int, int]:
    """Width and height of a file of a format. Raises whatever its parser raises."""
    if kind == "HEIC":
        return import_module("pillow_heif").open_heif(io.BytesIO(data)).size
    if kind == "JPEG":
        return JpegImageFile(io.BytesIO(data)).size
    return Image.open(io.BytesIO(data), formats=[kind]).size


def check_size(width: int, height: int) -> None:
    """Refuse images too large to decode, or too narrow."""
    if width * height > MAX_PIXELS:
        raise PictureError(TOO_MANY_PIXELS)
    if min(width, height) < MIN_SIDE:
        raise PictureError(
            f"This picture is only {width} x {height} pixels; choose one of at least {MIN_SIDE} x {MIN_SIDE}."
        )


def _open_jpeg(data: bytes, short_side: int | None) -> Image.Image:
    """A JPEG, to be decoded at a half, a quarter or an eighth where that suffices or it would be too large.

    A progressive one needs memory for all its coefficients whatever it is reduced to, so it is not let off. Of a file
    with a gain map or further pictures behind it, the first is taken.
    """
    picture = JpegImageFile(io.BytesIO(data))
    width, height = picture.size
    wanted = 1
    if short_side:
        wanted = max(r for r in JPEG_REDUCTIONS if r == 1 or min(width, height) // r >= short_side)
    if MAX_PIXELS < width * height <= MAX_JPEG_PIXELS and not picture.info.get("progressive"):
        fitting = min(r for r in JPEG_REDUCTIONS if width * height <= MAX_PIXELS * r * r)
        wanted = max(wanted, fitting)
    elif width * height > MAX_PIXELS:
        raise PictureError(TOO_MANY_PIXELS)
    if wanted > 1:
        picture.draft(None, (width // wanted, height // wanted))
    check_size(*picture.size)
    return picture


def to_rgb(picture: Image.Image) -> Image.Image:
    """Convert a decoded image to RGB in sRGB, over white where transparent."""
    if picture.mode.startswith("I;16"):
        return _from_samples(np.asarray(picture).astype(np.uint16)[:, :, None])
    if picture.mode in ("I", "F"):
        return Image.fromarray(_deep_to_8_bit(np.asarray(picture))).convert("RGB")
    if picture.mode == "LAB":  # Pillow has no way from it to RGB without a colour profile
        raise PictureError("This picture's colours are in the LAB space; save it as RGB, then retry.")
    if picture.has_transparency_data:
        layer = picture if picture.mode == "RGBA" else picture.convert("RGBA")
        paper = Image.new("RGB", picture.size, "white")
        paper.paste(layer, mask=layer)
        return _to_srgb(paper, picture) or paper
    return _to_srgb(picture, picture) or picture.convert("RGB")  # a copy where it already is RGB


def _to_srgb(picture: Image.Image, source: Image.Image) -> Image.Image | None:
    """Colours of the source's ICC profile turned into sRGB; None without a profile that fits, or where it is sRGB."""
    stated = source.info.get("icc_profile")
    if not stated or len(stated) > MAX_PROFILE_BYTES:
        return None
    if picture.mode in ("P", "1"):
        picture = picture.convert("RGB")
    try:
        profile = ImageCms.ImageCmsProfile(io.BytesIO(stated))
        space = profile.profile.xcolor_space.strip()
        if PROFILE_SPACES.get(picture.mode) != space or "sRGB" in ImageCms.getProfileDescription(profile):
            return None
        return ImageCms.profileToProfile(
            picture,
            profile,
            SRGB,
            ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):  # a damaged profile: the pixels are good
        return None


def _deep_tiff(data: bytes) -> tuple[Image.Image, Image.Image]:
    """A TIFF whose samples are read here. Raises PictureError with what it holds where they cannot be."""
    try:
        check_size(*read_size(data))
        samples, meaning = read_samples(data)
    except TiffError as error:
        raise PictureError(f"This TIFF {error}; save it with 8 or 16 bits a channel, then retry.") from error
    picture = _from_samples(samples)
    if PHOTOMETRIC_MEANINGS[meaning] == "white is 0":
        picture = picture.point(lambda level: 255 - level)
    return picture, picture.copy()


def _from_samples(samples: np.ndarray) -> Image.Image:
    """Samples (H, W, channels) to RGB: grey or colours, and alpha where there are 2 or 4 channels."""
    colours = 1 if samples.shape[2] <= 2 else 3
    levels = samples[:, :, :colours]
    if samples.dtype == np.uint8:
        eight = levels
    elif samples.dtype == np.uint16:  # 65535 / 257 = 255
        eight = ((levels.astype(np.uint32) + 128) // 257).astype(np.uint8)
    else:
        eight = _deep_to_8_bit(levels)
    rgb = Image.fromarray(np.ascontiguousarray(np.broadcast_to(eight, (*eight.shape[:2], 3))))
    if samples.shape[2] not in (2, 4):
        return rgb
    alpha = samples[:, :, -1].astype(np.float64)
    top = 1.0 if samples.dtype.kind == "f" else float(np.iinfo(samples.dtype).max)
    opacity = Image.fromarray(np.rint(255 * np.clip(np.nan_to_num(alpha / top), 0, 1)).astype(np.uint8))
    paper = Image.new("RGB", rgb.size, "white")
    paper.paste(rgb, mask=opacity)
    return paper


def _deep_to_8_bit(levels: np.ndarray) -> np.ndarray:
    """Convert deep samples to uint8, scaled by the values.

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
