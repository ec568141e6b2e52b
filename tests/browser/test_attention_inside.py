"""Inside a head: one query's scores, weights and sum of values, as the model computes them."""

from __future__ import annotations

import re

import pytest

from tests.browser.pages import drawn, fits, open_view
from vit_explorer.bench.page import open_page
from vit_explorer.explain.inside import inside_block, inside_head
from vit_explorer.ui.attention.request import load_attention
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.session import Session

ROOT = ".vx-inside"
SESSION = Session()


@pytest.fixture
def inside(same_page):
    open_view(same_page, "Attention / Inside a head")
    same_page.evaluate("vx.go('', true)")
    same_page.wait_for_function(f"document.querySelector('{ROOT} .finding').textContent.includes('gives')")
    drawn(same_page)
    return same_page


def shown_number(page, selector: str) -> float:
    return float(re.search(r"-?[\d.]+", page.locator(f"{ROOT} {selector}").inner_text().replace("−", "-"))[0])


def point_at_column(page, index: int, n: int) -> None:
    """Point at the score of a token: the canvas has 26 px before its first column and 24 px behind the last."""
    field = page.locator(f"{ROOT} .marks")
    field.scroll_into_view_if_needed()
    box = field.bounding_box()
    page.mouse.move(box["x"] + 26 + (index + 0.5) * (box["width"] - 50) / n, box["y"] + box["height"] / 2)
    drawn(page)


def test_its_numbers_are_those_of_the_model(inside):
    shown = inside.evaluate("(({ picture, model, fit }) => ({ picture, model, fit }))(vx.get('settled'))")
    seen = load_attention(SESSION, ModelRequest(**shown))
    inside.locator(f"{ROOT} .layer").select_option(label="2")
    inside.locator(f"{ROOT} .which").select_option(label="3")
    inside.evaluate("vx.pin(11)")
    inside.wait_for_function(f"document.querySelector('{ROOT} .block-name').textContent.startsWith('Layer 2')")
    requests = []
    inside.on("request", lambda request: requests.append(request.url))
    point_at_column(inside, 20, 65)
    head = inside_head(seen.checkpoint.model, seen.traced, 1, 2)
    assert shown_number(inside, ".dot") == pytest.approx(float(head.query[12] @ head.key[20]), abs=0.006)
    assert shown_number(inside, ".score") == pytest.approx(float(head.scores[12, 20]), abs=0.006)
    assert shown_number(inside, ".weight") == pytest.approx(100 * float(seen.weights[1, 2, 12, 20]), rel=0.01)
    parts = inside_block(seen.checkpoint.model, seen.traced, 1)
    lengths = [float(text) for text in inside.locator(f"{ROOT} .block .vx-number").all_inner_texts()]
    expected = [parts.entering, parts.attended, head.added, parts.transformed, parts.leaving]
    assert lengths == pytest.approx([float(part[12].norm()) for part in expected], rel=0.01)
    unit = int(parts.hidden[12].argmax()) + 1
    assert f"token: unit {unit}: " in inside.locator(f"{ROOT} .units").inner_text()
    assert not requests  # pointing asks the server for nothing


def test_keys_move_along_the_tokens_and_make_one_the_query(inside):
    inside.locator(f"{ROOT} .marks").focus()
    for key in ("ArrowRight", "ArrowRight", "Enter"):
        inside.keyboard.press(key)
    drawn(inside)
    assert inside.evaluate("vx.get('token')") == 0  # the second token: the first patch, behind CLS


def test_a_part_of_the_formula_lights_its_numbers(inside):
    sheet = inside.locator(f"{ROOT} .sheet")
    before = sheet.evaluate("(canvas) => canvas.toDataURL()")
    inside.locator(f"{ROOT} .formula [data-part=key]").focus()
    assert inside.locator(f"{ROOT} .formula .lit").inner_text() == "k"
    assert sheet.evaluate("(canvas) => canvas.toDataURL()") != before


def test_a_link_holds_layer_and_head_and_a_phone_has_room(watched, address):
    page = watched(390, 844)
    open_page(page, f"{address}#tab=attention&sub=inside&layer=3&head=2")
    page.wait_for_function(f"document.querySelector('{ROOT} .block-name').textContent.startsWith('Layer 3')")
    assert page.locator(f"{ROOT} .which").input_value() == "1"
    fits(page, 390)
