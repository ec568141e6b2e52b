"""Own pictures through the frame: every format, every bad file, and what stays when one is refused."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.browser.pages import drawn

FORMATS = ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"]


@pytest.fixture
def page(same_page):
    return same_page


def picture_bytes(kind: str, size: tuple[int, int] = (64, 48)) -> bytes:
    """Left half red, right half blue."""
    array = np.zeros((size[1], size[0], 3), np.uint8)
    array[:, : size[0] // 2, 0] = 250
    array[:, size[0] // 2 :, 2] = 250
    buffer = io.BytesIO()
    Image.fromarray(array).save(buffer, kind)
    return buffer.getvalue()


def bomb() -> bytes:
    """A PNG whose header declares 100,000 x 100,000 pixels."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", 100_000, 100_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")
    )


BAD = {
    "empty": b"",
    "truncated": picture_bytes("JPEG", (640, 480))[:3000],
    "not a picture": b"Dear model, please classify this letter.",
    "one pixel wide": picture_bytes("PNG", (1, 40)),
    "over 20 MB": b"\x89PNG\r\n\x1a\n" + b"\0" * (20 * 2**20 + 1),
    "over 50 megapixels": None,  # made in the test: it takes a moment
    "decompression bomb": bomb(),
}


def upload(page, path: Path, data: bytes) -> None:
    path.write_bytes(data)
    page.set_input_files(".vx-frame .file", path)


@pytest.mark.parametrize("kind", FORMATS)
def test_each_format_is_seen_by_the_model(page, kind, tmp_path):
    upload(page, tmp_path / f"mine.{kind.lower()}", picture_bytes(kind))
    page.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    assert page.locator(".vx-frame .title").inner_text() == f"mine.{kind.lower()}"
    assert page.locator(".vx-frame .detail").inner_text().startswith("64 × 48 → 32 × 32")
    left, right = page.evaluate(
        "[[16, 4], [16, 27]].map(([r, c]) => [0, 1, 2].map((k) => vx.get('trace').rgb.at(r, c, k)))"
    )
    assert left[0] > 220 and left[2] < 40
    assert right[2] > 220 and right[0] < 40


def test_letterbox_keeps_the_whole_picture(page, tmp_path):
    upload(page, tmp_path / "mine.png", picture_bytes("PNG"))
    page.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    page.get_by_role("button", name="Letterbox").first.click()
    page.wait_for_function("vx.get('settled').fit === 'letterbox'")
    assert page.evaluate("[0, 1, 2].map((k) => vx.get('trace').rgb.at(0, 0, k))") == [128, 128, 128]


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_gives_one_sentence_and_the_picture_stays(page, name, tmp_path):
    data = BAD[name]
    if data is None:
        buffer = io.BytesIO()
        Image.new("1", (10_000, 5_001)).save(buffer, "PNG")
        data = buffer.getvalue()
    before = page.evaluate("vx.get('trace').picture.name")
    upload(page, tmp_path / "bad.png", data)
    page.wait_for_selector("#vx-say.shown")
    sentence = page.locator("#vx-say").inner_text()
    assert sentence.endswith(".") and 15 < len(sentence) < 200
    assert page.evaluate("vx.get('trace').picture.name") == before
    assert page.locator(".vx-frame .title").inner_text() == "Cat"


def test_a_pasted_picture_is_taken(page):
    data = base64.b64encode(picture_bytes("PNG")).decode()
    page.evaluate(
        """(data) => {
          const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
          const transfer = new DataTransfer();
          transfer.items.add(new File([bytes], "clip.png", { type: "image/png" }));
          const options = { clipboardData: transfer, bubbles: true, cancelable: true };
          document.dispatchEvent(new ClipboardEvent("paste", options));
        }""",
        data,
    )
    page.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    assert page.locator(".vx-frame .title").inner_text() == "clip.png"


def test_text_that_brings_its_own_picture_goes_to_the_field(page):
    """Word processors and spreadsheets put both on the clipboard."""
    stays = page.evaluate(
        """() => {
          const field = document.querySelector(".vx-frame").appendChild(document.createElement("input"));
          const transfer = new DataTransfer();
          transfer.items.add("12.5", "text/plain");
          transfer.items.add(new File(["x"], "image.png", { type: "image/png" }));
          const paste = new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true });
          field.dispatchEvent(paste);
          field.remove();
          return !paste.defaultPrevented;
        }"""
    )
    drawn(page)
    assert stays and page.locator("#vx-say.shown").count() == 0
    assert page.evaluate("vx.get('settled').picture") == "sample:cat"


@pytest.mark.parametrize(("dropped", "word"), [("address", "no file"), ("two files", "one picture")])
def test_what_cannot_be_taken_from_a_drop_is_said(page, dropped, word):
    page.evaluate(
        """(dropped) => {
          const dataTransfer = new DataTransfer();
          if (dropped === "address") dataTransfer.setData("text/uri-list", "https://example.org/cat.jpg");
          else for (const name of ["a.png", "b.png"]) dataTransfer.items.add(new File(["x"], name));
          const drop = new DragEvent("drop", { dataTransfer, bubbles: true, cancelable: true });
          document.querySelector(".vx-frame .picture").dispatchEvent(drop);
        }""",
        dropped,
    )
    page.locator("#vx-say.shown", has_text=word).wait_for()
    assert page.evaluate("vx.get('settled').picture") == "sample:cat"


def test_the_camera_gives_a_picture(page):
    page.locator(".vx-frame .camera").click()
    page.wait_for_function("document.querySelector('.vx-frame .video').videoWidth > 0")
    page.locator(".vx-frame .shoot").click()
    page.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    assert page.locator(".vx-frame .title").inner_text() == "camera picture"
    assert page.locator(".vx-frame .live").is_hidden()


def test_random_draws_a_labelled_picture(page):
    page.locator(".vx-frame .lot").click()
    page.wait_for_function("vx.get('settled').picture !== 'sample:cat'")
    truth = page.evaluate("vx.get('trace').picture.truth")
    assert truth and f"labelled {truth}" in page.locator(".vx-frame .detail").inner_text()
