"""The way through a convolutional stem on the page: what the marked token sees, at every stage."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from tests.browser.apps import serving
from tests.browser.pages import PHONE, drawn
from tests.browser.swin_models import CLASSES
from vit_explorer.explain.stem import stem_stages
from vit_explorer.models import create_model, save_checkpoint

PANEL = ".vx-stem"
SIZES = {
    "hybrid": {"widths": (8, 16, 16), "d_model": 32, "d_ff": 32},
    "vit-conv": {"d_model": 32},
    "vit": {},
    "swin": {},
}


@pytest.fixture(scope="module")
def address(runs, tmp_path_factory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("checkpoints")
    torch.manual_seed(0)
    for architecture, overrides in SIZES.items():
        card = {
            "model": architecture,
            "overrides": overrides,
            "dataset": {"name": "ten animals", "classes": CLASSES},
            "normalise": {"mean": [120.0] * 3, "std": [60.0] * 3},
            "recipe": {"epochs": 1},
            "multiply_adds": 123_400_000,
        }
        save_checkpoint(create_model(architecture, **overrides), card, f"{architecture}-test", folder)
    with serving(runs, folder) as running:
        yield running


def choose(page, name: str) -> None:
    page.locator("#vx-model").select_option(name)
    page.wait_for_function("(name) => vx.get('settled').model === name", arg=name)


def says(page, token: int) -> str:
    page.evaluate("(token) => vx.pin(token)", token)
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return page.locator(f"{PANEL} .says").inner_text() + page.locator(f"{PANEL} .under").inner_text()


@pytest.fixture
def page(same_page):
    return same_page


@pytest.mark.parametrize("architecture", ["hybrid", "vit-conv"])
def test_each_token_sees_what_the_layers_let_it_see(page, architecture):
    choose(page, f"{architecture}-test")
    embedding = create_model(architecture, **SIZES[architecture]).patch_embedding
    first, *between, _ = stem_stages(embedding, torch.zeros(1, 3, 32, 32))
    shapes = page.locator(f"{PANEL} .stages figure p").all_inner_texts()
    assert shapes == [f"{one.map.shape[-1]} × {one.map.shape[-1]}, {one.map.shape[1]} channels" for one in between]
    for token in (0, 35, 63):
        high, wide = (last - start + 1 for start, last in (first.sees[token // 8], first.sees[token % 8]))
        text = says(page, token)
        assert f"depend on {high * wide} pixels" in text and f"sees {high} × {wide} pixels" in text
    assert "123 M multiply-adds in all" in page.locator(".vx-patches .note").inner_text()


def test_pointing_at_the_picture_marks_the_token_everywhere(page):
    choose(page, "vit-conv-test")
    picture = page.locator(f"{PANEL} .picture")
    picture.scroll_into_view_if_needed()
    box = picture.bounding_box()
    before = page.evaluate(f"document.querySelector('{PANEL} .maps canvas').toDataURL()")
    page.mouse.move(box["x"] + box["width"] * 5.5 / 8, box["y"] + box["height"] * 2.5 / 8)
    page.wait_for_function("vx.get('token') === 21")
    assert page.evaluate(f"document.querySelector('{PANEL} .maps canvas').toDataURL()") != before
    picture.focus()
    page.keyboard.press("ArrowDown")
    page.wait_for_function("vx.get('token') === 29")


def test_a_model_has_one_matrix_or_convolutions_or_neither(page):
    for name, stem, patch in (("vit-conv-test", True, False), ("vit-test", False, True), ("swin-test", False, True)):
        choose(page, name)
        assert page.locator(f"{PANEL} .vx-panel").is_visible() is stem
        assert page.locator(".vx-patch .vx-panel").is_visible() is patch
    assert "is a Swin" in page.locator(".vx-patch .none").inner_text()
    assert "merges them on its way" in page.locator(".vx-patches .note").inner_text()


def test_on_a_phone_it_is_one_column(page):
    page.set_viewport_size(PHONE)
    page.evaluate("vx.go('model=hybrid-test')")
    drawn(page)
    page.locator(f"{PANEL} .vx-panel").wait_for()
    widths = page.evaluate(f"[document.documentElement.scrollWidth, document.querySelector('{PANEL}').scrollWidth]")
    assert widths[0] <= 390 and widths[1] <= 390
