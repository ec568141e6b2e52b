"""Files from strangers that cannot be used: each kind has its sentence, and none costs more than its header."""

import struct
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image, ImageFile, TiffImagePlugin

from tests.data.pictures import encode, noise, png, sentence
from vit_explorer.data import decode
from vit_explorer.data.decode import MAX_PIXELS, PictureError
from vit_explorer.data.uploads import MAX_BYTES, load_picture


def test_empty():
    assert sentence(b"") == "This file is empty; choose another, or save the picture again."


@pytest.mark.parametrize("data", [b"hello", b"\0" * 4000, bytes(range(256)) * 9, b"<html></html>"])
def test_not_a_picture(data):
    message = sentence(b"_" + data)
    assert message == "This file is not a picture; choose one saved as PNG, JPEG, WebP, AVIF, GIF, BMP or TIFF."


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"%PDF-1.7\n", "a PDF"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"\xef\xbb\xbf<?xml version='1.0'?>\n<svg/>", "an SVG"),
        (b"\0\0\0\x18ftypisom", "an MP4"),
        (b"8BPS\0\1", "a Photoshop"),
        (b"P6 2 2 255 aaaabbbbcccc", "a PNM"),
        (encode(Image.new("RGB", (16, 16)), "ICO"), "an ICO"),
        (encode(Image.new("RGB", (16, 16)), "JPEG2000"), "a JPEG 2000"),
        (encode(Image.new("RGB", (16, 16)), "PPM"), "a PNM"),
        (encode(Image.new("RGB", (16, 16)), "EPS"), "a PostScript"),
    ],
)
def test_other_formats_are_named(data, name):
    assert f"is {name} file, which cannot be opened here" in sentence(data)


@pytest.mark.parametrize(
    ("file_format", "name"),
    [
        ("PNG", "PNG"),
        ("JPEG", "JPEG"),
        ("WEBP", "WebP"),
        ("GIF", "GIF"),
        ("BMP", "BMP"),
        ("TIFF", "TIFF"),
        ("AVIF", "AVIF"),
    ],
)
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.6, 0.95])
def test_cut_short(file_format, name, kept):
    data = encode(Image.fromarray(noise(64, 64)), file_format)
    cut = data[: max(12, int(len(data) * kept))]
    assert sentence(cut) == f"This {name} picture is damaged or cut short; save or send it again, then retry."


@pytest.mark.filterwarnings("ignore::UserWarning:PIL", "ignore::PIL.Image.DecompressionBombWarning")
@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_whatever_is_broken_there_is_a_picture_or_a_sentence(file_format):
    """Bytes overwritten at random, in header and metadata above all: no other error may come out, and no hang."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "text"
    options = {} if file_format in ("GIF", "BMP") else {"exif": exif}
    good = encode(Image.fromarray(noise(16, 16)), file_format, **options)
    rng = np.random.default_rng(0)
    refused = 0
    for trial in range(300):
        data = bytearray(good)
        reach = len(data) if trial % 3 == 0 else min(len(data), 120)
        for place in rng.integers(2, reach, rng.integers(1, 6)):
            data[place] = rng.integers(256)
        try:
            assert load_picture(bytes(data)).mode == "RGB"
        except PictureError as error:
            assert str(error).endswith(".")
            refused += 1
    assert refused > 10


@pytest.mark.parametrize("file_format", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("size", [(1, 40), (40, 1), (1, 1)])
def test_too_narrow(file_format, size):
    expected = f"This picture is only {size[0]} x {size[1]} pixels; choose one of at least 2 x 2."
    assert sentence(encode(Image.new("RGB", size), file_format)) == expected
    assert load_picture(encode(Image.new("RGB", (2, 40)), file_format)).size == (2, 40)


def test_over_20_megabytes(tmp_path):
    small = encode(Image.new("RGB", (8, 8)), "PNG")
    expected = "This file is over 20 MB; make the picture smaller, then retry."
    assert load_picture(small + b"\0" * (MAX_BYTES - len(small))).size == (8, 8)
    assert sentence(small + b"\0" * (MAX_BYTES - len(small) + 1)) == expected
    file = tmp_path / "large.png"
    with file.open("wb") as sparse:
        sparse.truncate(10 * 2**30)  # takes no room: must be refused without being read to its end
    assert sentence(file) == expected


def header_only(file_format: str, width: int, height: int) -> bytes:
    """A small file whose header declares another size."""
    if file_format == "PNG":
        return png(width, height, 8, 2, b"\0" * 100)
    data = bytearray(
        encode(Image.new("RGB", (4, 4)), file_format, **({"save_all": True} if file_format == "GIF" else {}))
    )
    if file_format == "JPEG":
        at = data.index(b"\xff\xc0") + 5
        data[at : at + 4] = struct.pack(">HH", height, width)
    elif file_format == "GIF":
        data[6:10] = struct.pack("<HH", width, height)
    elif file_format == "BMP":
        data[18:26] = struct.pack("<ii", width, height)
    return bytes(data)


@pytest.mark.parametrize(
    ("file_format", "size"),
    [
        ("PNG", (100_000, 100_000)),
        ("PNG", (2**31 - 1, 2**31 - 1)),
        ("PNG", (10_000, 10_000)),  # where Pillow only warns
        ("PNG", (MAX_PIXELS // 2 + 1, 2)),  # where Pillow says nothing
        ("JPEG", (65_000, 65_000)),
        ("GIF", (65_535, 65_535)),
        ("BMP", (100_000, 100_000)),
    ],
)
@pytest.mark.parametrize("action", ["ignore", "error"])
def test_bombs_are_refused_from_the_header(file_format, size, action, monkeypatch):
    def load(*_):
        raise AssertionError("decoded")

    monkeypatch.setattr(ImageFile.ImageFile, "load", load)
    with warnings.catch_warnings():
        warnings.simplefilter(action)
        message = sentence(header_only(file_format, *size))
    assert message == "This picture has over 50 megapixels; make it smaller, then retry."


def test_fifty_megapixels_are_still_taken():
    decode.check_size(MAX_PIXELS // 2, 2)
    assert load_picture(encode(Image.new("1", (10_000, 5_000)), "PNG")).size == (10_000, 5_000)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
def test_hostile_metadata():
    bomb = zlib.compress(b"\0" * 200_000_000)
    body = b"Comment\0\0" + bomb
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    good = encode(Image.new("RGB", (8, 8)), "PNG")
    assert "damaged" in sentence(good[:33] + chunk + good[33:])

    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[0x8769] = 2**31  # an EXIF directory far behind the end of the file
    data = encode(Image.new("RGB", (8, 8)), "TIFF", tiffinfo=tags)
    try:
        assert load_picture(data).size == (8, 8)
    except PictureError as error:
        assert "damaged" in str(error)


def test_lab_is_refused_by_its_name():
    assert "LAB" in sentence(encode(Image.new("LAB", (8, 8)), "TIFF"))


@pytest.mark.parametrize("path", ["nothing/here.png", ".", "a\0b"])
def test_a_path_that_cannot_be_read(path):
    assert sentence(path) == "This file cannot be read; choose it again."
