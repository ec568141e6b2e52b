"""Files from strangers: each kind that is allowed gives its pixels, each other one its sentence."""

import threading
import warnings

import numpy as np
import pytest
import torch
from PIL import Image, ImageFile

from tests.data.pictures import encode, gradient, noise, pixels, png, sentence
from vit_explorer.data.uploads import LETTERBOX_GREY, fit_picture, load_picture

LOSSLESS = [("PNG", {}), ("WEBP", {"lossless": True}), ("BMP", {}), ("TIFF", {}), ("TIFF", {"compression": "tiff_lzw"})]


# --- what is allowed ---


@pytest.mark.parametrize(("file_format", "options"), LOSSLESS)
def test_lossless_formats_give_each_pixel(file_format, options):
    rgb = noise()
    assert np.array_equal(pixels(encode(Image.fromarray(rgb), file_format, **options)), rgb)


@pytest.mark.parametrize(("file_format", "options"), [("JPEG", {"quality": 95, "subsampling": 0}), ("WEBP", {})])
def test_lossy_formats_give_nearly_each_pixel(file_format, options):
    rgb = gradient()
    decoded = pixels(encode(Image.fromarray(rgb), file_format, **options))
    assert np.abs(decoded.astype(int) - rgb).mean() < 3


def test_progressive_jpeg_and_interlaced_png():
    rgb = gradient()
    plain, progressive = (pixels(encode(Image.fromarray(rgb), "JPEG", progressive=flag)) for flag in (False, True))
    assert np.array_equal(plain, progressive)


def test_paths_are_read_as_bytes_are_and_the_name_does_not_matter(tmp_path):
    rgb = noise()
    file = tmp_path / "called.jpg"
    file.write_bytes(encode(Image.fromarray(rgb), "PNG"))
    assert np.array_equal(pixels(file), rgb)
    assert np.array_equal(pixels(str(file)), rgb)


@pytest.mark.parametrize("file_format", ["GIF", "PNG", "WEBP", "TIFF"])
def test_the_first_of_several_frames_is_taken(file_format):
    frames = [Image.new("RGB", (8, 6), colour) for colour in ("#ff0000", "#00ff00", "#0000ff")]
    options = {"lossless": True} if file_format == "WEBP" else {}
    data = encode(frames[0], file_format, save_all=True, append_images=frames[1:], **options)
    assert np.array_equal(pixels(data), np.full((6, 8, 3), (255, 0, 0)))


def test_a_phones_jpeg_with_a_second_picture_gives_the_first():
    rgb = gradient()
    data = encode(Image.fromarray(rgb), "MPO", save_all=True, append_images=[Image.new("RGB", (64, 48))], quality=95)
    assert np.abs(pixels(data).astype(int) - rgb).mean() < 3


def test_grey_and_one_bit():
    grey = noise(channels=1)[:, :, 0]
    assert np.array_equal(pixels(encode(Image.fromarray(grey), "PNG")), np.repeat(grey[:, :, None], 3, axis=2))
    bits = grey > 127
    decoded = pixels(encode(Image.fromarray(bits), "PNG"))
    assert np.array_equal(decoded, np.repeat(np.where(bits, 255, 0)[:, :, None], 3, axis=2))


@pytest.mark.parametrize(("file_format", "mode"), [("PNG", "I;16"), ("TIFF", "I;16"), ("TIFF", "I;16B")])
def test_16_bit_grey_is_scaled_so_that_65535_is_white(file_format, mode):
    levels = np.array([[0, 128, 129, 257], [32768, 65278, 65407, 65535]], np.uint16)
    raw = levels.astype(">u2" if mode == "I;16B" else "<u2").tobytes()
    data = encode(Image.frombytes(mode, (4, 2), raw), file_format)
    assert pixels(data)[:, :, 0].tolist() == [[0, 0, 1, 1], [128, 254, 255, 255]]  # round(level / 257)


def test_16_bit_colour_with_and_without_alpha():
    levels = np.array([[[0, 0x8000, 0xFFFF], [0x1234, 0x80FF, 0xFE00]]] * 2, ">u2")
    rows = b"".join(b"\0" + row.tobytes() for row in levels)
    expected = [[[0, 0x80, 0xFF], [0x12, 0x80, 0xFE]]] * 2
    assert pixels(png(2, 2, 16, 2, rows)).tolist() == expected
    opaque = np.concatenate([levels, np.full((2, 2, 1), 0xFFFF)], axis=2).astype(">u2")
    assert pixels(png(2, 2, 16, 6, b"".join(b"\0" + row.tobytes() for row in opaque))).tolist() == expected


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (np.array([[0.0, 0.5], [0.25, 1.0]], np.float32), [[0, 128], [64, 255]]),  # 0..1
        (np.array([[0.0, 100.4], [254.6, 1.5]], np.float32), [[0, 100], [255, 2]]),  # 0..255
        (np.array([[0.0, 257.0], [65535.0, 32768.0]], np.float32), [[0, 1], [255, 128]]),  # 0..65535
        (np.array([[-1.0, 0.0], [1.0, 3.0]], np.float32), [[0, 64], [128, 255]]),  # below 0: from least to greatest
        (np.array([[np.nan, 0.5], [np.inf, 1.0]], np.float32), [[0, 128], [0, 255]]),
        (np.full((2, 2), np.nan, np.float32), [[0, 0], [0, 0]]),
        (np.array([[-3e38, 0.0], [3e38, 3e38]], np.float32), [[0, 128], [255, 255]]),
        (np.array([[0, 1], [255, 7]], np.int32), [[0, 1], [255, 7]]),
        (np.array([[0, 257], [65535, 514]], np.int32), [[0, 1], [255, 2]]),
        (np.array([[-(2**31), 0], [2**31 - 1, 0]], np.int32), [[0, 128], [255, 128]]),
    ],
)
def test_32_bit_grey_is_scaled_by_the_range_it_uses(levels, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        decoded = pixels(encode(Image.fromarray(levels), "TIFF"))
    assert decoded[:, :, 0].tolist() == expected


@pytest.mark.parametrize("file_format", ["PNG", "WEBP", "TIFF"])
def test_alpha_is_laid_over_white(file_format):
    rgba = np.array([[[200, 0, 100, 255], [200, 0, 100, 0]], [[200, 0, 100, 51], [0, 0, 0, 128]]], np.uint8)
    options = {"lossless": True, "exact": True} if file_format == "WEBP" else {}
    decoded = pixels(encode(Image.fromarray(rgba), file_format, **options))
    expected = [[[200, 0, 100], [255, 255, 255]], [[244, 204, 224], [127, 127, 127]]]
    assert np.abs(decoded.astype(int) - expected).max() <= 1


def test_grey_with_alpha_and_palettes_with_transparency():
    grey = Image.fromarray(np.array([[[10, 255], [10, 0]], [[110, 255], [60, 0]]], np.uint8))
    assert pixels(encode(grey, "PNG"))[:, :, 0].tolist() == [[10, 255], [110, 255]]

    palette = Image.fromarray(np.array([[0, 1], [2, 3]], np.uint8)).convert("P")
    palette.putpalette([250, 0, 0, 0, 250, 0, 0, 0, 250, 9, 9, 9])
    colours = [[[250, 0, 0], [0, 250, 0]], [[0, 0, 250], [9, 9, 9]]]
    assert pixels(encode(palette, "PNG")).tolist() == colours
    assert pixels(encode(palette, "GIF")).tolist() == colours
    colours[0][1] = [255, 255, 255]
    assert pixels(encode(palette, "PNG", transparency=1)).tolist() == colours
    assert pixels(encode(palette, "GIF", transparency=1)).tolist() == colours
    levels = Image.fromarray(np.array([[5, 6]] * 2, np.uint8))
    assert pixels(encode(levels, "PNG", transparency=6))[0].tolist() == [[5] * 3, [255] * 3]


@pytest.mark.parametrize("file_format", ["JPEG", "TIFF"])
def test_cmyk_is_converted_not_shown_as_a_negative(file_format):
    """Adobe's JPEGs hold CMYK inverted, and Pillow writes them so; both must come back as they were meant."""
    cmyk = Image.new("CMYK", (16, 16), (0, 255, 255, 0))  # no cyan, all of magenta and yellow: red
    cmyk.paste((255, 0, 0, 0), (0, 8, 16, 16))  # cyan
    decoded = pixels(encode(cmyk, file_format)).astype(int)
    assert np.abs(decoded[2, 2] - [255, 0, 0]).max() < 8
    assert np.abs(decoded[13, 2] - [0, 255, 255]).max() < 8


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_exif_turn_ends_upright(file_format, orientation):
    """The file is made from the upright picture by what the EXIF standard says of where row 0 and column 0 lie."""
    upright = np.zeros((16, 32, 3), np.uint8)
    upright[:8, :16], upright[:8, 16:], upright[8:, :16] = (250, 0, 0), (0, 250, 0), (0, 0, 250)
    stored = {
        1: upright,
        2: upright[:, ::-1],  # row 0 is the top, column 0 the right
        3: upright[::-1, ::-1],  # bottom, right
        4: upright[::-1],  # bottom, left
        5: upright.transpose(1, 0, 2),  # left, top
        6: upright[:, ::-1].transpose(1, 0, 2),  # right, top
        7: upright[::-1, ::-1].transpose(1, 0, 2),  # right, bottom
        8: upright[::-1].transpose(1, 0, 2),  # left, bottom
    }
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"JPEG": {"quality": 100, "subsampling": 0}, "WEBP": {"lossless": True}}.get(file_format, {})
    picture = Image.fromarray(np.ascontiguousarray(stored[orientation]))
    decoded = pixels(encode(picture, file_format, exif=exif, **options)).astype(int)
    assert decoded.shape == upright.shape
    assert np.abs(decoded - upright).mean() < 4


@pytest.mark.parametrize("value", [0, 9, 65535])
def test_an_exif_turn_that_does_not_exist_is_none(value):
    exif = Image.Exif()
    exif[0x0112] = value
    rgb = noise()
    assert np.array_equal(pixels(encode(Image.fromarray(rgb), "PNG", exif=exif)), rgb)


@pytest.mark.filterwarnings("ignore::UserWarning:PIL")
@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nonsense" * 99, b"\0" * 50])
def test_exif_that_cannot_be_read_is_ignored(exif):
    rgb = noise()
    assert np.array_equal(pixels(encode(Image.fromarray(rgb), "WEBP", lossless=True, exif=exif)), rgb)


def test_no_metadata_travels_on():
    exif = Image.Exif()
    exif[0x010E] = "where I live"
    picture = load_picture(encode(Image.new("RGB", (8, 8)), "JPEG", exif=exif, comment=b"secret", dpi=(300, 300)))
    assert picture.info == {} and not dict(picture.getexif())


# --- manners ---


def test_nothing_is_written_and_no_setting_changed(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    before = (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters))
    for file_format in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        data = encode(Image.fromarray(noise()), file_format)
        load_picture(data)
        sentence(data[: len(data) // 2])
    load_picture(encode(Image.fromarray(noise()), "TIFF", compression="tiff_lzw"))
    sentence(png(100_000, 100_000, 8, 2, b""))
    assert list(tmp_path.iterdir()) == []
    assert (Image.MAX_IMAGE_PIXELS, ImageFile.LOAD_TRUNCATED_IMAGES, list(warnings.filters)) == before


def test_threads_share_it():
    files = [encode(Image.fromarray(noise(20 + i, 30)), f) for i in range(4) for f in ("PNG", "BMP", "TIFF")]
    wrong = []

    def work(first: int) -> None:
        for i in range(60):
            height = 20 + (index := (first + i) % len(files)) // 3
            if not np.array_equal(pixels(files[index]), noise(height, 30)):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# --- what the model sees ---


@pytest.mark.parametrize("mode", ["crop", "letterbox"])
def test_a_picture_of_the_models_size_comes_through_bit_by_bit(mode):
    rgb = noise(32, 32)
    fitted = fit_picture(Image.fromarray(rgb), 32, mode)
    assert fitted.dtype == torch.uint8 and fitted.is_contiguous()
    assert torch.equal(fitted, torch.from_numpy(rgb).permute(2, 0, 1))


@pytest.mark.parametrize(("height", "width", "top", "left"), [(32, 50, 0, 9), (51, 32, 9, 0)])
def test_crop_is_the_square_in_the_middle(height, width, top, left):
    rgb = noise(height, width)
    expected = torch.from_numpy(rgb[top : top + 32, left : left + 32]).permute(2, 0, 1)
    assert torch.equal(fit_picture(Image.fromarray(rgb), 32), expected)


def test_letterbox_keeps_all_and_says_its_grey():
    rgb = noise(16, 32)
    fitted = fit_picture(Image.fromarray(rgb), 32, "letterbox")
    assert torch.equal(fitted[:, 8:24], torch.from_numpy(rgb).permute(2, 0, 1))
    assert (fitted[:, :8] == LETTERBOX_GREY).all() and (fitted[:, 24:] == LETTERBOX_GREY).all()
    tall = fit_picture(Image.new("RGB", (2, 4000), "white"), 32, "letterbox")
    assert (tall == 255).any(dim=(0, 1)).sum() == 1  # never thinner than a pixel


def test_shrinking_does_not_alias():
    """Stripes of one pixel are grey from afar; picking every n-th pixel would make them black or white."""
    stripes = np.zeros((512, 512, 3), np.uint8)
    stripes[:, ::2] = 255
    fitted = fit_picture(Image.fromarray(stripes), 32).float()
    assert (fitted - 127.5).abs().max() < 4


def test_enlarging_keeps_flat_colours():
    assert (fit_picture(Image.new("RGB", (3, 2), (10, 20, 30)), 64) == torch.tensor([10, 20, 30])[:, None, None]).all()


def test_what_cannot_be_fitted_is_refused():
    with pytest.raises(ValueError, match=r'"crop" or "letterbox", got \'stretch\''):
        fit_picture(Image.new("RGB", (8, 8)), 32, "stretch")
    with pytest.raises(ValueError, match="size=0"):
        fit_picture(Image.new("RGB", (8, 8)), 0)
    with pytest.raises(ValueError, match="mode L"):
        fit_picture(Image.new("L", (8, 8)), 32)
