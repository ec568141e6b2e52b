"""Pictures as phones, cameras and scientific programs write them."""

import io
import struct
import sys
import zlib
from types import ModuleType

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.data.pictures import encode, gradient, pixels, png, sentence
from vit_explorer.data.decode import MAX_PIXELS
from vit_explorer.data.uploads import load_picture

# Chromaticities of a wide gamut (Display P3) with sRGB's transfer curve, as an ICC profile written by hand.
P3_TO_XYZ_D50 = np.array([[0.51512, 0.29198, 0.1571], [0.2412, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]])


def wide_gamut_profile() -> bytes:
    """A matrix profile of Display P3. ICC.1:2022, 9.2"""

    def fixed(value: float) -> bytes:
        return struct.pack(">i", round(value * 65536))

    name = b"Display P3"
    text = b"desc" + bytes(4) + struct.pack(">I", len(name) + 1) + name + bytes(1) + bytes(78)
    curve = b"para" + bytes(4) + struct.pack(">HH", 3, 0)
    curve += b"".join(fixed(v) for v in (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045))
    tags = {b"desc": text, b"wtpt": b"XYZ " + bytes(4) + b"".join(fixed(v) for v in (0.9642, 1.0, 0.8249))}
    for tag, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), P3_TO_XYZ_D50.T, strict=True):
        tags[tag] = b"XYZ " + bytes(4) + b"".join(fixed(v) for v in column)
    tags |= {b"rTRC": curve, b"gTRC": curve, b"bTRC": curve}
    body, table, at = b"", struct.pack(">I", len(tags)), 128 + 4 + 12 * len(tags)
    for tag, data in tags.items():
        data += bytes(-len(data) % 4)
        table += tag + struct.pack(">II", at + len(body), len(data))
        body += data
    header = bytearray(128)
    header[0:4] = struct.pack(">I", 128 + len(table) + len(body))
    header[8:12], header[12:16], header[16:20], header[20:24] = b"\x02\x40\0\0", b"mntr", b"RGB ", b"XYZ "
    header[36:40] = b"acsp"
    header[68:80] = b"".join(fixed(v) for v in (0.9642, 1.0, 0.8249))
    return bytes(header) + table + body


def test_a_wide_gamut_becomes_srgb():
    """P3 (234, 51, 35) is pure red in sRGB, to within a level; grey stays grey."""
    picture = Image.new("RGB", (4, 4), (234, 51, 35))
    picture.paste((128, 128, 128), (0, 0, 4, 2))
    for file_format, options in (("PNG", {}), ("TIFF", {}), ("WEBP", {"lossless": True})):
        found = pixels(encode(picture, file_format, icc_profile=wide_gamut_profile(), **options)).astype(int)
        assert np.abs(found[3, 0] - (255, 0, 0)).max() <= 4
        assert np.abs(found[0, 0] - 128).max() <= 1


def test_transparent_pixels_and_palettes_have_their_profile_too():
    picture = Image.new("RGBA", (4, 4), (234, 51, 35, 255))
    picture.putpixel((0, 0), (0, 0, 0, 0))
    found = pixels(encode(picture, "PNG", icc_profile=wide_gamut_profile())).astype(int)
    assert found[0, 0].tolist() == [255, 255, 255]
    assert np.abs(found[3, 3] - (255, 0, 0)).max() <= 4
    indexed = picture.convert("RGB").quantize(4)
    assert (
        np.abs(pixels(encode(indexed, "PNG", icc_profile=wide_gamut_profile()))[3, 3].astype(int) - (255, 0, 0)).max()
        <= 4
    )


@pytest.mark.parametrize("profile", [b"no profile", wide_gamut_profile()[:200], b"\0" * 5_000_000])
def test_a_damaged_profile_is_ignored(profile):
    picture = Image.new("RGB", (4, 4), (200, 100, 50))
    assert pixels(encode(picture, "TIFF", icc_profile=profile))[0, 0].tolist() == [200, 100, 50]


def test_srgb_by_name_changes_no_bit():
    rgb = gradient()
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert np.array_equal(pixels(encode(Image.fromarray(rgb), "PNG", icc_profile=profile)), rgb)


# --- AVIF and HEIC ---


def avif(brand: bytes) -> bytes:
    """An AVIF file whose major brand is another, as some phones write it; its own stands among the compatible ones."""
    data = bytearray(encode(Image.fromarray(gradient()), "AVIF", quality=95))
    assert b"avif" in data[16:40]
    data[8:12] = brand
    return bytes(data)


@pytest.mark.parametrize("brand", [b"avif", b"mif1", b"msf1"])
def test_avif_of_any_brand_is_read(brand):
    assert np.abs(pixels(avif(brand)).astype(int) - gradient()).mean() < 5


def test_heic_says_how_to_send_jpeg(monkeypatch):
    monkeypatch.setattr("vit_explorer.data.formats.find_spec", lambda name: None)
    for brand in (b"heic", b"heix", b"mif1"):
        assert "JPEG" in sentence(b"\0\0\0\x18ftyp" + brand + b"\0\0\0\0mif1heic")


def test_heic_is_read_where_its_package_is_installed(monkeypatch):
    """The package is stood in for: it gives a picture of the file's size, upright."""

    class Opened:
        size = (64, 48)

        def to_pillow(self) -> Image.Image:
            return Image.fromarray(gradient())

    module = ModuleType("pillow_heif")
    module.open_heif = lambda file, **_: Opened()
    monkeypatch.setitem(sys.modules, "pillow_heif", module)
    monkeypatch.setattr("vit_explorer.data.formats.find_spec", lambda name: object())
    assert np.array_equal(pixels(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), gradient())


# --- deep TIFFs ---


def tiff(samples: np.ndarray, order: str = "<", deflated: bool = False, photometric: int | None = None) -> bytes:
    """A TIFF of one strip by hand, for what Pillow does not write: samples (H, W) or (H, W, channels)."""
    height, width, channels = samples.shape if samples.ndim == 3 else (*samples.shape, 1)
    kind = {"u": 1, "i": 2, "f": 3}[samples.dtype.kind]
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    data = zlib.compress(data) if deflated else data
    meaning = (1 if channels < 3 else 2) if photometric is None else photometric
    tags = [(256, [width]), (257, [height]), (258, [8 * samples.itemsize] * channels), (259, [8 if deflated else 1])]
    tags += [(262, [meaning]), (273, [0]), (277, [channels]), (279, [len(data)])]
    tags += [(338, [2])] * (channels in (2, 4)) + [(339, [kind] * channels)]
    at, tail, rows = 8 + 2 + 12 * len(tags) + 4, b"", []
    for tag, values in tags:
        packed = struct.pack(f"{order}{len(values)}{'I' if tag in (273, 279) else 'H'}", *values)
        rows.append((tag, 4 if tag in (273, 279) else 3, len(values), packed))
    start = at + sum(len(packed) for *_, packed in rows if len(packed) > 4)
    body = b"II*\0" if order == "<" else b"MM\0*"
    body += struct.pack(f"{order}IH", 8, len(tags))
    for tag, kind_of, count, packed in rows:
        if tag == 273:
            packed = struct.pack(f"{order}I", start)
        if len(packed) > 4:
            inline, tail = struct.pack(f"{order}I", at + len(tail)), tail + packed
        else:
            inline = packed.ljust(4, b"\0")
        body += struct.pack(f"{order}HHI", tag, kind_of, count) + inline
    return body + bytes(4) + tail + data


RAMP = np.array([[0.0, 0.25], [0.5, 1.0]])
GREYS = [[0, 64], [128, 255]]


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("deflated", [False, True])
@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_floats_of_any_width_are_read(kind, order, deflated):
    assert pixels(tiff(RAMP.astype(kind), order, deflated))[:, :, 0].tolist() == GREYS
    colours = np.stack([RAMP, 0 * RAMP, RAMP], axis=2).astype(kind)
    found = pixels(tiff(colours, order, deflated))
    assert found[:, :, 2].tolist() == GREYS and not found[:, :, 1].any()


def test_numbers_without_a_sign_stay_so():
    levels = np.array([[0, 2**31], [2**32 - 1, 2**30]], np.uint32)
    assert pixels(tiff(levels))[:, :, 0].tolist() == [[0, 128], [255, 64]]


def test_16_bit_grey_with_alpha_is_laid_over_white():
    samples = np.array([[[0, 65535], [0, 0]], [[65535, 65535], [25700, 32768]]], np.uint16)
    assert pixels(tiff(samples))[:, :, 0].tolist() == [[0, 255], [255, 177]]
    rows = b"".join(b"\0" + row.tobytes() for row in samples.astype(">u2"))
    assert np.abs(pixels(png(2, 2, 16, 4, rows))[:, :, 0].astype(int) - [[0, 255], [255, 177]]).max() <= 1


def test_white_may_be_0():
    assert pixels(tiff(RAMP.astype("f8"), photometric=0))[:, :, 0].tolist() == [[255, 191], [127, 0]]


def test_a_deep_tiff_that_is_not_read_says_what_it_holds():
    assert "64 bits" in sentence(
        tiff(RAMP.astype("f8")).replace(struct.pack("<HHIHH", 259, 3, 1, 1, 0), struct.pack("<HHIHH", 259, 3, 1, 5, 0))
    )
    assert "cut short" in sentence(tiff(RAMP.astype("f8"))[:-8])
    wide = tiff(RAMP.astype("f8")).replace(
        struct.pack("<HHIHH", 256, 3, 1, 2, 0), struct.pack("<HHII", 256, 4, 1, 60_000)
    )
    tall = wide.replace(struct.pack("<HHIHH", 257, 3, 1, 2, 0), struct.pack("<HHII", 257, 4, 1, 60_000))
    assert "50 megapixels" in sentence(tall)


# --- JPEGs of phones ---


def test_a_panorama_is_reduced_while_it_is_decoded():
    wide = Image.new("RGB", (16_000, 6_250), (30, 60, 90))  # 100 megapixels
    picture = load_picture(encode(wide, "JPEG"))
    assert picture.size == (8_000, 3_125)
    assert picture.width * picture.height <= MAX_PIXELS
    assert np.abs(np.asarray(picture.getpixel((100, 100))) - (30, 60, 90)).max() <= 2


def test_a_progressive_panorama_is_refused():
    data = encode(Image.new("RGB", (16, 16)), "JPEG", progressive=True)
    at = data.index(b"\xff\xc2") + 5
    assert "50 megapixels" in sentence(data[:at] + struct.pack(">HH", 6_250, 16_000) + data[at + 4 :])


def test_a_jpeg_is_reduced_no_further_than_asked():
    data = encode(Image.new("RGB", (1_000, 620), (10, 200, 30)), "JPEG")
    assert [load_picture(data, side).size for side in (620, 311, 310, 100, 64)] == [
        (1_000, 620), (1_000, 620), (500, 310), (250, 155), (125, 78)
    ]  # fmt: skip
    turned = Image.Exif()
    turned[0x0112] = 6
    upright = encode(Image.new("RGB", (1_000, 620)), "JPEG", exif=turned)
    assert load_picture(upright, 300).size == (310, 500)


def test_a_gain_map_behind_a_jpeg_is_ignored():
    """Phones put a map of brightness for bright screens behind the picture that is meant for all."""
    buffer = io.BytesIO()
    gain = Image.new("L", (16, 12), 255)
    Image.fromarray(gradient()).save(buffer, "MPO", save_all=True, append_images=[gain], quality=95)
    data = buffer.getvalue()
    assert data.count(b"\xff\xd8\xff") == 2
    found = pixels(data)
    assert found.shape == (48, 64, 3) and np.abs(found.astype(int) - gradient()).mean() < 3
