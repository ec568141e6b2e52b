"""Decoding and its cache in a real browser: a film of beam search by pointer and keys, and what a step computes."""

from __future__ import annotations

import math
import re

import pytest

from tests.browser.pages import PHONE, drawn, hastened
from tests.browser.text_page import LONG, image_of, open_roots, open_view


@pytest.fixture
def decoding(same_page):
    roots = open_roots(same_page)
    open_view(roots, "Decoding")
    roots.locator(".vx-text-decoding .outputs li").first.wait_for(timeout=LONG)
    return roots


@pytest.fixture
def cache(same_page):
    roots = open_roots(same_page)
    open_view(roots, "KV cache")
    roots.locator(".vx-text-cache .kv").first.wait_for()
    return roots


# ---- decoding -------------------------------------------------------------------------------------------------------
def step_of(page, view: str) -> tuple[int, int]:
    return tuple(int(n) for n in re.findall(r"\d+", page.locator(f".vx-text-{view} .step").inner_text()))


def test_the_film_goes_back_and_on_by_pointer_and_keys(decoding):
    assert step_of(decoding, "decoding") == (11, 11)
    whole = image_of(decoding, ".vx-text-decoding .tree")
    decoding.locator(".vx-text-decoding .back").click()
    assert step_of(decoding, "decoding") == (10, 11)
    assert image_of(decoding, ".vx-text-decoding .tree") != whole
    decoding.keyboard.press("Home")
    assert step_of(decoding, "decoding") == (0, 11)
    assert "first" in decoding.locator(".vx-text-decoding .whose").inner_text()
    decoding.keyboard.press("ArrowRight")
    assert step_of(decoding, "decoding") == (1, 11)
    assert decoding.locator(".vx-text-decoding .whose").inner_text() == "Next after D, in %"
    decoding.locator(".vx-text-decoding .scroll").focus()
    decoding.keyboard.press("End")
    assert image_of(decoding, ".vx-text-decoding .tree") == whole


def test_the_film_plays_to_its_end(decoding):
    slider, play = (f"document.querySelector('.vx-text-decoding .{name}')" for name in ("slider", "play"))
    with hastened(decoding):
        decoding.locator(".vx-text-decoding .play").click()
        decoding.wait_for_function(f"{slider}.value === '2'", timeout=LONG)
        decoding.wait_for_function(f"{slider}.value === '11'", timeout=LONG)
        decoding.wait_for_function(f"{play}.textContent === 'Play'", timeout=LONG)


def test_bars_are_the_probabilities_of_the_next_token(decoding):
    decoding.locator(".vx-text-decoding .slider").fill("3")
    assert decoding.locator(".vx-text-decoding .bars .one").count() == 19
    titles = [bar.get_attribute("title") for bar in decoding.locator(".vx-text-decoding .bars .one").all()]
    logs = {title.split(":")[0]: -float(re.search(r"log .?([\d.]+)", title)[1]) for title in titles}
    assert sum(math.exp(log) for log in logs.values()) == pytest.approx(1, abs=0.02)
    assert max(logs, key=logs.get) == "O"  # of DRAO
    assert decoding.locator(".vx-text-decoding .bars .greedy b").inner_text() == "O"


def test_pointing_at_the_tree_shows_how_that_branch_goes_on(decoding):
    box = decoding.locator(".vx-text-decoding .tree").bounding_box()
    x = box["x"] + box["width"] * 1.5 / 11
    rows = decoding.evaluate("document.querySelector('.vx-text-decoding .tree').clientHeight") / 6
    decoding.mouse.move(x, box["y"] + 1.4 * rows)
    text = decoding.locator(".vx-text-decoding .whose").inner_text()
    assert re.fullmatch(r"Next after [A-R]{2}, in %", text) and "DR" not in text


def test_a_sequence_is_found_on_which_greedy_and_beam_differ(decoding):
    decoding.locator(".vx-text-decoding .find").click()
    decoding.locator(".vx-text-decoding .found", has_text="Found after").wait_for(timeout=LONG)
    finding = decoding.locator(".vx-text-decoding .finding").inner_text()
    greedy, beam = re.match(r"Greedy: (\w+)\. Beam: (\w+),", finding).groups()
    assert greedy != beam
    assert decoding.locator(".vx-text-decoding .outputs .word").first.inner_text() == beam
    assert decoding.evaluate("vx.get('text').epochs[vx.get('textLook').epoch]") in (1, 2, 3)
    assert decoding.locator(".vx-text-bar .text").input_value() == decoding.evaluate("vx.get('text').text")


def test_a_wider_beam_has_more_outputs(decoding):
    decoding.locator(".vx-text-decoding .widths").select_option("4")
    decoding.wait_for_function("document.querySelectorAll('.vx-text-decoding .outputs li').length === 4", timeout=LONG)
    decoding.locator(".vx-text-decoding .widths").select_option("1")
    decoding.wait_for_function("document.querySelectorAll('.vx-text-decoding .outputs li').length === 1", timeout=LONG)
    decoding.locator(".vx-text-decoding .epochs").select_option("2")  # a snapshot of the training
    greedy = "".join(decoding.evaluate("vx.get('text').output[2][1].slice(0, -1)"))
    decoding.locator(".vx-text-decoding .outputs", has_text=greedy).wait_for(timeout=LONG)
    assert "wrong" in decoding.locator(".vx-text-decoding .finding").inner_text()


def test_a_question_about_both_is_decided_by_their_scores(decoding):
    decoding.evaluate("vx.go('text=BODKBDOIOF&epoch=2')")
    decoding.wait_for_function("vx.get('text').text === 'BODKBDOIOF'", timeout=LONG)
    decoding.locator(".vx-text-decoding .outputs", has_text="OFIDBOKDOD").wait_for(timeout=LONG)
    scores = decoding.locator(".vx-text-decoding .outputs .vx-number").all_inner_texts()
    decoding.locator("#guess .open").press("Enter")
    decoding.locator(".vx-guess-panel label", has_text="that of the beam").click()
    assert not decoding.locator(".vx-text-decoding .tree").is_visible()
    decoding.locator(".vx-guess-panel .answer").click()
    outcome = decoding.locator(".vx-guess-panel .outcome")
    outcome.wait_for(timeout=LONG)
    assert outcome.get_attribute("data-state") == "right"
    greedy, best = re.findall(r"−[\d.]+\d", outcome.inner_text())
    assert best == scores[0] and float(greedy[1:]) > float(best[1:])
    assert decoding.locator(".vx-text-decoding .tree").is_visible()
    decoding.keyboard.press("Escape")


def test_on_a_phone_the_tree_shows_what_led_to_the_step(decoding):
    decoding.set_viewport_size(PHONE)
    drawn(decoding)
    seen = {}
    for step in ("11", "5", "1", "9"):
        decoding.locator(".vx-text-decoding .slider").fill(step)
        left, width, pitch = decoding.eval_on_selector(
            ".vx-text-decoding .scroll",
            "(scroll) => [scroll.scrollLeft, scroll.clientWidth, scroll.firstElementChild.clientWidth / 11]",
        )
        assert left <= (int(step) - 2) * pitch + 1 or left == 0, "the step before is in sight"
        assert int(step) * pitch <= left + width + 1
        seen[step] = left
    assert seen["5"] == seen["1"] == 0 < seen["9"] < seen["11"]


# ---- the cache ------------------------------------------------------------------------------------------------------
def counts(page, lane: str) -> tuple[int, int]:
    """Blocks computed and read at this step."""
    blocks = f".vx-text-cache .{lane} .kv"
    return page.locator(f"{blocks}.computed").count(), page.locator(f"{blocks}.read").count()


def test_blocks_and_multiply_adds_are_those_of_the_step(cache):
    cache.locator(".vx-text-cache .slider").fill("1")
    assert counts(cache, "with") == counts(cache, "without") == (2 * (1 + 10), 0)
    cache.locator(".vx-text-cache .forward").click()
    cache.locator(".vx-text-cache .back").click()
    assert step_of(cache, "cache") == (1, 11)
    for _ in range(4):
        cache.keyboard.press("ArrowRight")
    cache.keyboard.press("ArrowLeft")
    assert step_of(cache, "cache") == (4, 11)
    assert counts(cache, "with") == (2, 2 * (3 + 10))
    assert counts(cache, "without") == (2 * (4 + 10), 0)
    cost = cache.evaluate("vx.get('text').cost")
    for lane, way in (("with", "cached"), ("without", "plain")):
        shown = cache.locator(f".vx-text-cache .{lane} .big").inner_text()
        assert int(shown.replace(",", "")) == cost[way][3]
        so_far = re.search(r"([\d,]+) so far", cache.locator(f".vx-text-cache .{lane} .unit").inner_text())[1]
        assert int(so_far.replace(",", "")) == sum(cost[way][:4])


def test_a_measurement_begins_and_is_stopped(cache):
    view = cache.locator(".vx-text-cache")
    cache.wait_for_function("document.querySelectorAll('.vx-text-cache tbody tr').length === 5")
    view.locator(".start").click()
    view.locator("tbody tr", has_text="ms").first.wait_for(timeout=LONG)
    assert view.locator(".start").is_disabled()
    view.locator(".stop").click()
    view.locator(".where", has_text="stopped").wait_for(timeout=LONG)
    assert "multiply-adds" in view.locator(".verdict").inner_text()
    measured = view.locator("tbody tr").first.locator("td").all_inner_texts()
    assert all(float(text.split()[0]) > 0 for text in measured)
    assert view.locator(".start").is_enabled()
