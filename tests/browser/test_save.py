"""A view of which the server draws no figure is saved as it stands on screen, with its numbers."""

from __future__ import annotations

import csv
import io

import numpy as np
import pytest
from PIL import Image

from tests.browser.pages import open_view, save


@pytest.fixture
def page(same_page):
    return same_page


def test_the_picture_of_a_view_holds_its_boxes_words_and_canvases(page):
    open_view(page, "Patches")
    panel = page.locator(".vx-patches .vx-panel").bounding_box()
    scene = page.locator(".vx-patches .scene").bounding_box()
    words = page.locator(".vx-patches h2").bounding_box()
    saved = np.asarray(Image.open(save(page, ".vx-patches", "png").path()).convert("RGB"))
    assert saved.shape[:2] == (int(2 * panel["height"]), int(2 * panel["width"]))

    def part(box) -> np.ndarray:
        left, top = 2 * int(box["x"] - panel["x"]), 2 * int(box["y"] - panel["y"])
        return saved[top : top + 2 * int(box["height"]), left : left + 2 * int(box["width"])]

    assert part(scene).std() > 30
    assert (part(words).max(2) < 60).mean() > 0.01  # dark letters on a light ground
    rows = list(csv.reader(io.StringIO(save(page, ".vx-patches", "csv").path().read_text(encoding="utf-8-sig"))))
    assert rows[1][:2] == ["4 × 4 patches and CLS", "65"]


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
