"""A view of which the server draws no figure is saved as it stands on screen, with its numbers."""

from __future__ import annotations

import base64
import csv
import io
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from tests.browser.pages import PHONE, drawn, open_view, save
from tests.browser.stage_page import VIEWS

SVG = "{http://www.w3.org/2000/svg}"
COVERED = """() => { // words over which a button Save stands
  const seen = (element) => element.checkVisibility({ visibilityProperty: true });
  const found = [];
  for (const save of document.querySelectorAll("#tabs .vx-save summary")) {
    if (!seen(save)) continue;
    const own = save.getBoundingClientRect();
    const words = document.createTreeWalker(save.closest(".vx-widget"), NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = words.nextNode(); node; node = words.nextNode()) {
      if (!node.data.trim() || save.parentElement.contains(node) || !seen(node.parentElement)) continue;
      range.selectNodeContents(node);
      const meet = (box, from, to) => box[to] > own[from] + 1 && box[from] < own[to] - 1;
      const over = [...range.getClientRects()].some((box) => meet(box, "left", "right") && meet(box, "top", "bottom"));
      if (over) found.push(node.data.trim());
    }
  }
  return found;
}"""


@pytest.fixture
def page(same_page):
    return same_page


def test_the_picture_of_a_view_holds_its_boxes_words_and_canvases_and_no_controls(page):
    open_view(page, "Patches")
    panel = page.locator(".vx-patches .vx-panel").bounding_box()
    heading = page.locator(".vx-patches h2")
    beginning = heading.evaluate("""(element) => {
      const range = document.createRange();
      range.selectNodeContents(element);
      return range.getBoundingClientRect().left;
    }""")
    svg = ElementTree.parse(save(page, ".vx-patches", "svg").path()).getroot()
    width, height = (int(svg.get(side)) for side in ("width", "height"))
    assert width == pytest.approx(panel["width"], abs=1)
    assert height <= panel["height"] + 1
    lines = {" ".join("".join(text.itertext()).split()): text for text in svg.iter(f"{SVG}text")}
    title = lines[heading.inner_text()]
    assert float(title[0].get("x")) == pytest.approx(beginning - panel["x"], abs=1)
    assert not {"Cut again", "Save", "8"} & set(lines)  # what is pressed is left out, but for what is chosen
    assert "4" in lines
    scene, marks = svg.iter(f"{SVG}image")
    drawn = np.asarray(Image.open(io.BytesIO(base64.b64decode(scene.get("href").split(",")[1]))).convert("RGB"))
    assert drawn.std() > 30
    assert marks.get("width") == scene.get("width")
    saved = np.asarray(Image.open(save(page, ".vx-patches", "png").path()).convert("RGB"))
    assert saved.shape[:2] == (2 * height, 2 * width)
    low = int(2 * float(title.get("y")))
    assert (saved[low - 30 : low, : 2 * 300].max(2) < 60).mean() > 0.01  # dark letters on a light ground
    rows = list(csv.reader(io.StringIO(save(page, ".vx-patches", "csv").path().read_text(encoding="utf-8-sig"))))
    assert rows[1][:2] == ["patches of 4 × 4 pixels and CLS", "65"]


@pytest.mark.parametrize(
    ("view", "root", "column"),
    [
        ("Compare / One picture", ".vx-compare-picture", "probability"),
        ("Roots / Decoding", ".vx-text-decoding", "log-probability"),
    ],
)
def test_numbers_of_a_view_are_a_table(page, view, root, column):
    open_view(page, view)
    rows = list(csv.reader(io.StringIO(save(page, root, "csv").path().read_text(encoding="utf-8-sig"))))
    assert len(rows) > 20
    place = rows[0].index(column)
    assert np.isfinite([float(row[place]) for row in rows[1:]]).all()


@pytest.mark.slow
def test_save_stands_over_no_words(page):
    for size in ({"width": 1280, "height": 720}, PHONE):
        page.set_viewport_size(size)
        for view in VIEWS:
            page.evaluate("(view) => vx.go(`tab=${view}`)", view)
            drawn(page)
            assert page.evaluate(COVERED) == [], (view, size)
