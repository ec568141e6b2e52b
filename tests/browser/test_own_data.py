"""Own data through the page, from drop to confusion matrix."""

from __future__ import annotations

import base64
import io
import re
import zipfile

import numpy as np
import pytest
from PIL import Image

from tests.browser.pages import drawn, fits, open_view
from tests.browser.races import unfold
from vit_explorer.bench.page import open_page

pytestmark = pytest.mark.slow

SETUP = ".vx-train-setup"
OWN = f"{SETUP} .own"
CONFUSION = ".vx-compare-confusion"
FOREVER = 180_000  # ms

# A drop of a folder: entries as a browser gives them, since no test can drag from the desktop.
DROP = """async ([selector, folder, files]) => {
  const entryOf = (name, path) => {
    const inner = new Map();
    for (const [at, data] of files)
      if (at.startsWith(path + "/")) {
        const rest = at.slice(path.length + 1);
        const first = rest.split("/")[0];
        inner.set(first, rest === first ? data : null);
      }
    let told = false;
    return {
      name, isDirectory: true, isFile: false,
      createReader: () => ({
        readEntries: (done) => {
          const entries = told ? [] : [...inner].map(([key, data]) => data === null ? entryOf(key, path + "/" + key) : {
            name: key, isFile: true, isDirectory: false,
            file: (give) => give(new File([Uint8Array.from(atob(data), (c) => c.charCodeAt(0))], key)),
          });
          told = true;
          done(entries);
        },
      }),
    };
  };
  const event = new Event("drop", { bubbles: true, cancelable: true });
  event.dataTransfer = { files: [], items: [{ webkitGetAsEntry: () => entryOf(folder, folder) }] };
  document.querySelector(selector).dispatchEvent(event);
}"""


def pets() -> dict[str, bytes]:
    """Two classes that are told by their brightness, and two files that are no pictures."""
    chance = np.random.default_rng(0)
    files = {"pets/cat/notes.txt": b"no picture", "pets/dog/broken.png": b"\x89PNG\r\n\x1a\n0000"}
    for label, name in enumerate(("cat", "dog")):
        for number in range(20):
            file = io.BytesIO()
            Image.fromarray((chance.integers(0, 60, (40, 48, 3)) + 150 * label).astype(np.uint8)).save(file, "PNG")
            files[f"pets/{name}/{number}.png"] = file.getvalue()
    return files


@pytest.fixture
def setup(page, address):
    open_view(page, "Train")
    if not page.locator(f"{SETUP} .setup").is_visible():
        page.evaluate("vx.set('setup', { open: true })")
    unfold(page)
    page.locator(f"{SETUP} .yours").click()
    page.locator(f"{OWN} .terms", has_text="24 hours").wait_for()
    yield page
    for held in page.evaluate(
        "async () => [...document.querySelectorAll('.own .held')].map((one) => one.dataset.data)"
    ):
        assert held.startswith("own-")


def test_own_pictures_from_drop_to_confusion_matrix(setup):
    page = setup
    files = [[name, base64.b64encode(data).decode()] for name, data in pets().items()]
    page.evaluate(DROP, [OWN, "pets", files])
    held = page.locator(f"{OWN} .held.ready")
    held.wait_for(timeout=FOREVER)
    assert held.locator("strong").inner_text() == "pets"
    assert re.search(r"2 classes, 32 training and 8 test pictures", held.inner_text())
    assert [row.split() for row in held.locator(".classes li").all_inner_texts()] == [
        ["cat", "16", "+", "4"],
        ["dog", "16", "+", "4"],
    ]
    held.locator("summary").click()
    assert "notes.txt" in held.inner_text() and "broken.png" in held.inner_text()
    page.locator(f"{SETUP} .data [aria-pressed=true]", has_text="pets").wait_for()
    assert page.locator(f"{SETUP} .strip button").count() == 8

    page.locator(f"{SETUP} .chip .tools button[aria-label^=Remove]").first.click()
    page.locator(f"{SETUP} .epochs input").fill("3")
    page.wait_for_function(f"!document.querySelector('{SETUP} .start').disabled")
    page.locator(f"{SETUP} .start").click()
    page.wait_for_function(  # another test's race may be on screen before
        "(({ classes, state } = {}) => state === 'finished' && `${classes}` === 'cat,dog')(vx.get('race') || {})",
        timeout=FOREVER,
    )
    label = page.evaluate("vx.get('race').contenders[0].label")
    name = page.evaluate("vx.get('race').name")
    owner = page.evaluate("localStorage.getItem('vx-owner')")
    kept = page.evaluate(
        """async ([race, label, owner]) => {
          const { ask } = await vx.module("train/calls.js");
          return ask("keep", { race, label, owner, name: "pets-model" });
        }""",
        [name, label, owner],
    )
    assert kept == {"model": "pets-model"}, page.locator("#vx-say").inner_text()
    page.evaluate("vx.set('refresh', 1); vx.set('wish', { model: 'pets-model' })")
    page.wait_for_function("vx.get('model').name === 'pets-model'", timeout=FOREVER)

    open_view(page, "Compare / Confusions")
    page.locator(f"{CONFUSION} .matrix button").first.wait_for(timeout=FOREVER)
    drawn(page)
    counts = [[int(text or 0) for text in row.locator("button").all_inner_texts()]
              for row in page.locator(f"{CONFUSION} .matrix tr").all()[1:]]  # fmt: skip
    assert [sum(row) for row in counts] == [4, 4]
    right = (counts[0][0] + counts[1][1]) / 8
    assert f"{100 * right:.1f} % right on 8 test pictures of pets" in page.locator(f"{CONFUSION} .verdict").inner_text()
    page.locator(f"{CONFUSION} .matrix button").first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.wait_for_function(
        "document.activeElement.dataset.truth === '1' && document.activeElement.dataset.answer === '1'"
    )
    drawn(page)
    assert page.locator(f"{CONFUSION} .picture").count() == counts[1][1]
    page.wait_for_function("location.hash.includes('cell=2-2')")

    page.locator("#guess .open").press("Enter")
    hardest = "cat" if counts[0][0] <= counts[1][1] else "dog"
    page.locator(".vx-guess-panel label", has_text=hardest).click(timeout=FOREVER)
    assert not page.locator(f"{CONFUSION} .parts").is_visible()
    page.locator(".vx-guess-panel .answer").click()
    told = page.locator(".vx-guess-panel .outcome")
    told.wait_for(timeout=FOREVER)
    assert told.get_attribute("data-state") == "right" and hardest in told.inner_text()
    page.locator(".vx-guess-panel .close").click()
    page.set_viewport_size({"width": 390, "height": 844})
    fits(page, 390)

    page.set_viewport_size({"width": 1280, "height": 720})
    open_view(page, "Train")
    page.evaluate("vx.set('setup', { open: true })")
    page.locator(f"{OWN} .held button", has_text="Delete").click()
    page.locator(f"{OWN} .held").wait_for(state="detached")
    page.locator(f"{SETUP} .data [data-name]", has_text="pets").wait_for(state="detached")


def test_what_cannot_be_brought_is_said(setup):
    page = setup
    page.locator(f"{OWN} .archive").set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": b"x"})
    page.locator(f"{OWN} .told", has_text="one folder of pictures per class").wait_for()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("../cat/1.png", b"x")
    page.locator(f"{OWN} .archive").set_input_files(
        {"name": "evil.zip", "mimeType": "application/zip", "buffer": buffer.getvalue()}
    )
    failed = page.locator(f"{OWN} .held.failed")
    failed.wait_for(timeout=FOREVER)
    assert "lies outside of it" in failed.inner_text() and "/" not in failed.locator("p").inner_text().replace(
        "../cat/1.png", ""
    )
    failed.locator("button", has_text="Delete").click()
    failed.wait_for(state="detached")
    page.set_viewport_size({"width": 390, "height": 844})
    fits(page, 390)


def test_a_shipped_model_is_counted_by_its_card(watched, address):
    page = watched()
    open_page(page, address)
    page.evaluate("location.hash = 'tab=compare&sub=confusions&model=vit-cifar10&cell=4-6'")
    page.wait_for_function(f"document.querySelector('{CONFUSION} .verdict')?.textContent", timeout=FOREVER)
    if "No test pictures" in page.locator(f"{CONFUSION} .verdict").inner_text():
        pytest.skip("CIFAR-10 is not here")
    page.locator(f"{CONFUSION} .picture").first.wait_for(timeout=FOREVER)
    counted = re.search(r"([\d.]+) % right", page.locator(f"{CONFUSION} .verdict").inner_text())
    accuracy = page.evaluate("vx.get('model').test_accuracy")  # on the card's machine, which may round otherwise
    assert counted and abs(float(counted[1]) - 100 * accuracy) < 0.1
    assert (
        page.locator(f"{CONFUSION} .matrix [aria-pressed=true]").get_attribute("aria-label").endswith("are called dog")
    )
    total = sum(
        int(text.replace(",", "") or 0) for text in page.locator(f"{CONFUSION} .pairs .vx-number").all_inner_texts()
    )
    assert 0 < total < 10_000
    page.locator(f"{CONFUSION} .picture").first.click()
    page.wait_for_function("vx.get('trace').picture.name.startsWith('cifar10:')")
    assert page.evaluate("vx.get('trace').picture.truth") == "cat"
