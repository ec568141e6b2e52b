"""The Hierarchy view in a real browser: numbers of the network, children and parents, the published sizes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

import pytest

from tests.browser.apps import serving
from tests.browser.pages import PHONE, fits
from tests.browser.swin_models import SWIN, VIT, open_windows, save_models, settle, swin_of
from vit_explorer.cost.multiply_adds import vit_multiply_adds
from vit_explorer.cost.stages import stage_multiply_adds
from vit_explorer.explain.windows import merged_tokens
from vit_explorer.models import SwinTransformer
from vit_explorer.ui.core.session import Session

VIEW = ".vx-windows-pyramid"


@pytest.fixture(scope="module")
def checkpoints(tmp_path_factory):
    folder = tmp_path_factory.mktemp("checkpoints")
    save_models(folder)
    return folder


@pytest.fixture(scope="module")
def address(checkpoints, runs) -> Iterator[str]:
    with serving(runs, checkpoints) as running:
        yield running


@pytest.fixture
def pyramid(same_page):
    open_windows(same_page, "Hierarchy")
    return same_page


def readout(page) -> dict[str, str]:
    """ "Stage 1" -> "row 3, column 5" and so on."""
    texts = page.locator(f"{VIEW} .readout span").all_inner_texts()
    return dict(zip(texts[::2], texts[1::2], strict=True))


def short(number: float) -> float:
    """As it is printed: three digits."""
    return float(f"{number:.3g}")


def printed(text: str) -> float:
    said = re.search(r"([\d.]+) ([MG]) multiply-adds", text)
    return float(said[1]) * {"M": 1e6, "G": 1e9}[said[2]]


def choose_model(page, name: str) -> None:
    page.evaluate("(model) => vx.set('wish', { model })", name)
    page.wait_for_function("(model) => vx.get('settled').model === model", arg=name)
    page.evaluate("vx.idle()")
    settle(page)


def test_captions_are_the_networks_numbers(pyramid, checkpoints):
    model = swin_of(Session(checkpoint_folders=[checkpoints]))
    costs = stage_multiply_adds(model, 16, 16)
    captions = pyramid.locator(f"{VIEW} .stages li").all_inner_texts()
    for text, side, d_model, cost in zip(captions, (16, 8), (64, 128), costs, strict=True):
        assert f"{side} × {side} × {d_model}" in text
        assert f"{side**2} tokens, {side**2 * d_model:,} numbers" in text
        assert printed(text) == short(cost)
        assert f"{100 * cost / sum(costs):.0f} %" in text
    assert printed(pyramid.locator(f"{VIEW} .note").inner_text()) == short(sum(costs))


def test_pointing_at_any_slab_names_children_parents_and_pixels(pyramid):
    parents = merged_tokens(16, 16)
    marks = pyramid.locator(f"{VIEW} .slabs-marks")
    box = marks.bounding_box()
    met = set()
    for y in range(20, int(box["height"]), 17):
        pyramid.mouse.move(box["x"] + 0.52 * box["width"], box["y"] + y)
        settle(pyramid)
        now = readout(pyramid)
        fine = re.fullmatch(r"row (\d+), column (\d+)", now["Stage 1"])
        coarse = re.fullmatch(r"row (\d+), column (\d+)", now["Stage 2"])
        assert coarse, now
        if fine:
            token = 16 * (int(fine[1]) - 1) + int(fine[2]) - 1
            assert int(parents[token]) == 8 * (int(coarse[1]) - 1) + int(coarse[2]) - 1
            assert now["Pixels"] == "2 × 2 of 32 × 32"
        else:
            assert now["Stage 1"] == "2 × 2 tokens" and now["Pixels"] == "4 × 4 of 32 × 32"
        if pyramid.evaluate("vx.get('token') !== null"):
            met.add(bool(fine))
            marked = pyramid.evaluate("vx.module('windows/data.js').then(({ token }) => token(vx.state, [8, 8]))")
            assert marked == 8 * (int(coarse[1]) - 1) + int(coarse[2]) - 1
    assert met == {True, False}, "both slabs were pointed at"


def test_keys_go_from_stage_to_stage(pyramid):
    pyramid.locator(f"{VIEW} .slabs-marks").focus()
    pyramid.keyboard.press("PageUp")
    pyramid.keyboard.press("ArrowRight")
    settle(pyramid)
    assert readout(pyramid) == {"Stage 2": "row 1, column 2", "Stage 1": "2 × 2 tokens", "Pixels": "4 × 4 of 32 × 32"}
    pyramid.keyboard.press("Escape")
    settle(pyramid)
    assert readout(pyramid)["Stage 1"] == "row 2, column 2"


def test_pointing_at_the_picture_marks_the_token_of_the_first_map(pyramid):
    before = pyramid.eval_on_selector(f"{VIEW} .slabs-marks", "(canvas) => canvas.toDataURL()")
    box = pyramid.locator(f"{VIEW} .scene-marks").bounding_box()
    pyramid.mouse.move(box["x"] + box["width"] * 5.5 / 16, box["y"] + box["height"] * 12.5 / 16)
    settle(pyramid)
    assert readout(pyramid) == {
        "Stage 2": "row 7, column 3",
        "Stage 1": "row 13, column 6",
        "Pixels": "2 × 2 of 32 × 32",
    }
    assert pyramid.eval_on_selector(f"{VIEW} .slabs-marks", "(canvas) => canvas.toDataURL()") != before


def test_swin_t_is_the_published_one(pyramid):
    pyramid.locator(f"{VIEW} [data-which=published]").click()
    settle(pyramid)
    sizes = ((56, 96), (28, 192), (14, 384), (7, 768))
    model = SwinTransformer(224, 4, d_model=96, depths=(2, 2, 6, 2), n_heads=(3, 6, 12, 24), window=7, n_classes=1000)
    costs = stage_multiply_adds(model, 56, 56)
    captions = pyramid.locator(f"{VIEW} .stages li").all_inner_texts()
    for text, (side, d_model), cost in zip(captions, sizes, costs, strict=True):
        assert f"{side} × {side} × {d_model}" in text
        assert f"{side**2:,} tokens, {side**2 * d_model:,} numbers" in text
        assert printed(text) == short(cost)
    assert "by formula" in pyramid.locator(f"{VIEW} .note").inner_text()
    plain = pyramid.locator(f"{VIEW} .plain-words").inner_text()
    assert "14 × 14 × 384 in all 12 layers" in plain
    parts = vit_multiply_adds(196, 768, 384, 12, 4 * 384, 1000)
    assert printed(plain) == short(parts["total"] - parts["head"])


def test_a_token_of_the_published_stages_has_all_its_kin(pyramid):
    pyramid.locator(f"{VIEW} [data-which=published]").click()
    pyramid.locator(f"{VIEW} .slabs-marks").focus()
    for _ in range(2):
        pyramid.keyboard.press("PageUp")
    settle(pyramid)
    told = readout(pyramid)
    row, col = map(int, re.findall(r"\d+", told["Stage 3"]))
    assert told["Stage 4"] == f"row {(row + 1) // 2}, column {(col + 1) // 2}"
    assert (told["Stage 2"], told["Stage 1"]) == ("2 × 2 tokens", "4 × 4 tokens")
    assert told["Pixels"] == "16 × 16 of 224 × 224"


def test_the_vit_in_the_frame_stands_beside_it(pyramid):
    choose_model(pyramid, VIT)
    text = pyramid.locator(f"{VIEW} .plain-words").inner_text()
    assert text.startswith(f"{VIT} 8 × 8 × 128 in all 4 layers: 64 tokens, 8,192 numbers")
    assert pyramid.locator(f"{VIEW} .title").inner_text().startswith(f"{SWIN}: ")


def test_without_a_vit_in_the_frame_the_zoos_stands_beside_it(pyramid):
    choose_model(pyramid, SWIN)
    text = pyramid.locator(f"{VIEW} .plain-words").inner_text()
    assert text.startswith("Plain ViT 8 × 8 × 128 in all 4 layers: 64 tokens, 8,192 numbers")
    parts = vit_multiply_adds(64, 48, 128, 4, 512, 10)
    assert printed(text) == short(parts["total"])


def test_on_a_phone_all_of_it_is_one_column(pyramid):
    pyramid.set_viewport_size(PHONE)
    fits(pyramid, PHONE["width"])
    boxes = [pyramid.locator(f"{VIEW} .{part}").bounding_box() for part in ("slabs", "stages", "scene", "readout")]
    assert all(above["y"] + above["height"] <= below["y"] + 1 for above, below in pairwise(boxes))
