"""The Roots tab in a real browser: sequences, cross-attention, both halves of the network, on a phone and in dark."""

from __future__ import annotations

import re

import pytest

from tests.browser.pages import PHONE, drawn, hastened, written
from tests.browser.text_page import LONG, image_of, open_roots, open_view, read, requests_of, word


@pytest.fixture
def roots(same_page):
    return open_roots(same_page)


# ---- sequences ------------------------------------------------------------------------------------------------------
def test_a_finished_example_is_on_screen_at_once(roots):
    assert word(roots, "inputs") == "BLACKBOARD"
    assert word(roots, "outputs") == "DRAOBKCALB■"
    assert roots.locator(".vx-text-sequence .outputs .wrong").count() == 0
    share = int(re.search(r"(\d+) %", roots.locator(".vx-text-sequence .finding").inner_text())[1])
    assert share > 60


def test_a_rolled_sequence_is_reversed(roots):
    before = word(roots, "inputs")
    roots.locator(".vx-text-bar .roll").click()
    roots.wait_for_function(f"vx.get('text').text !== '{before}'", timeout=LONG)
    rolled = roots.evaluate("vx.get('text').text")
    assert re.fullmatch("[A-R]{10}", rolled)
    assert word(roots, "inputs") == rolled == roots.locator(".vx-text-bar .text").input_value()
    assert word(roots, "outputs") == roots.evaluate("vx.get('text').output.at(-1)[1].join('').replace('end', '■')")


def test_typed_sequences_of_other_lengths_keep_the_slider(roots):
    read(roots, "cabbage")
    assert word(roots, "outputs") == "EGABBAC■"
    assert roots.evaluate("vx.get('text').network") == "reverse-3-to-10"
    slider = roots.locator(".vx-text-sequence .slider")
    assert int(slider.get_attribute("max")) >= 4
    slider.focus()
    roots.keyboard.press("Home")
    assert "untrained" in roots.locator(".vx-text-sequence .epoch").inner_text()
    assert word(roots, "outputs") != "EGABBAC■"


def test_another_task_is_done_by_another_network_that_looks_elsewhere(roots):
    view = roots.locator(".vx-text-sequence")
    roots.locator(".vx-text-bar .task").select_option("sort")
    roots.wait_for_function("vx.get('text').task === 'sort'", timeout=LONG)
    drawn(roots)
    assert word(roots, "outputs") == "AABBCDKLOR■"
    assert "order of the alphabet" in view.locator(".vx-what").inner_text()
    assert "backwards" not in view.locator(".vx-what").inner_text()
    assert "sort" in view.locator(".finding").inner_text()
    written(roots)
    assert "task=sort" in roots.evaluate("location.hash")
    copied = roots.evaluate("vx.get('text').copied.at(-1)[1]")
    look = roots.evaluate("vx.get('textLook')")
    assert copied[look["layer"]][look["head"]] == max(map(max, copied)), "the head that does it is shown first"
    open_view(roots, "Decoding")
    roots.locator(".vx-text-decoding .outputs .good").wait_for(timeout=LONG)
    assert roots.locator(".vx-text-decoding .outputs .word").first.inner_text() == "AABBCDKLOR"
    roots.locator(".vx-text-bar .text").fill("CABBAGE")
    roots.keyboard.press("Enter")
    roots.locator("#vx-say.shown", has_text="write 10").wait_for(timeout=LONG)
    roots.evaluate("vx.go('task=sort&text=ABC')")  # refused, and then no longer what is wanted
    drawn(roots)
    roots.locator(".vx-text-bar .task").select_option("reverse")
    roots.wait_for_function("vx.get('text').task === 'reverse'", timeout=LONG)


@pytest.mark.parametrize(("text", "limit"), [("", "3 to 10"), ("ABCDEFGHIJKLM", "3 to 10"), ("BAZAAR", "A to R")])
def test_bad_input_is_answered_by_a_sentence_with_the_limit(roots, text, limit):
    roots.locator(".vx-text-bar .text").fill(text)
    roots.locator(".vx-text-bar .read").click()
    roots.locator("#vx-say.shown", has_text=limit).wait_for(timeout=LONG)
    assert roots.locator(".vx-text-bar .text").get_attribute("aria-invalid") == "true"
    assert word(roots, "inputs") == "BLACKBOARD"


# ---- cross-attention ------------------------------------------------------------------------------------------------
def strongest(page, row: int) -> tuple[int, float]:
    """The input that an output takes most from, and how much, from the packed payload."""
    return tuple(
        page.evaluate(
            """async (row) => {
              const { decode } = await vx.module("core/arrays.js");
              const { epoch, way, layer, head } = vx.get("textLook");
              const packed = decode(vx.get("text").cross);
              const at = (_, j) => packed.at(epoch, way, layer, head, row, j);
              const weights = Array.from({ length: packed.shape[5] }, at);
              return [weights.indexOf(Math.max(...weights)), Math.max(...weights)];
            }""",
            row,
        )
    )


def said(page, output: int) -> re.Match:
    page.wait_for_function(
        f"document.querySelector('.vx-text-sequence .readout').textContent.startsWith('Output {output},')"
    )
    text = page.locator(".vx-text-sequence .readout").inner_text()
    return re.search(r"takes ([\d.]+) % from input (\d+), (\w)", text)


def test_pointing_at_an_output_shows_its_input_without_a_request(roots):
    sent = requests_of(roots)
    links = image_of(roots, ".vx-text-sequence .links")
    roots.locator(".vx-text-sequence .outputs .tile").nth(6).hover()
    found = said(roots, 7)
    source, weight = strongest(roots, 6)
    assert int(found[2]) == source + 1 == 4 and found[3] == "C"
    assert float(found[1]) == pytest.approx(100 * weight, rel=0.01)
    assert image_of(roots, ".vx-text-sequence .links") != links
    assert roots.locator(".vx-text-sequence .inputs .best").inner_text().startswith("C")
    box = roots.locator(".vx-text-sequence .marks").bounding_box()
    roots.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 1.5 / 11)
    assert said(roots, 2)[3] == "R"
    assert sent == []


def test_the_marked_output_moves_by_keys_and_stays_where_it_is_pinned(roots):
    roots.locator(".vx-text-sequence .outputs .tile").nth(3).click()
    roots.keyboard.press("ArrowRight")
    assert roots.evaluate("document.activeElement.querySelector('.vx-unseen').textContent").startswith("Output 5:")
    said(roots, 5)
    roots.keyboard.press("End")
    said(roots, 11)
    roots.keyboard.press("Home")
    said(roots, 1)
    roots.locator(".vx-text-sequence .outputs .tile").nth(4).hover()
    said(roots, 5)
    roots.mouse.move(5, 5)
    said(roots, 1)


def test_the_training_is_played_from_untrained_to_trained(roots):
    roots.locator(".vx-text-sequence .play").click()
    roots.wait_for_function("vx.get('textLook').epoch === 0")
    untrained = image_of(roots, ".vx-text-sequence .after")
    assert untrained == image_of(roots, ".vx-text-sequence .before")
    assert roots.locator(".vx-text-sequence .outputs .wrong").count() > 5
    last = roots.evaluate("vx.get('text').epochs.length - 1")
    with hastened(roots):
        roots.wait_for_function(f"vx.get('textLook').epoch === {last}", timeout=LONG)
    assert image_of(roots, ".vx-text-sequence .after") != untrained
    assert word(roots, "outputs") == "DRAOBKCALB■"


def test_layer_and_head_are_chosen(roots):
    head = roots.locator(".vx-text-sequence .head")
    assert head.count() == 8
    before = image_of(roots, ".vx-text-sequence .after")
    head.nth(1).click()
    assert roots.evaluate("[vx.get('textLook').layer, vx.get('textLook').head]") == [0, 1]
    assert head.nth(1).get_attribute("aria-pressed") == "true"
    assert image_of(roots, ".vx-text-sequence .after") != before


def test_teacher_forcing_gives_the_right_letters_and_free_running_its_own(roots):
    roots.locator(".vx-text-sequence .slider").fill("2")
    own = word(roots, "outputs").removesuffix("■")
    assert word(roots, "given").startswith("▶" + own[:9])
    roots.locator(".vx-text-sequence [data-way='0']").click()
    assert word(roots, "given") == "▶DRAOBKCALB"
    assert word(roots, "outputs") != own
    shown = roots.locator(".vx-text-inside .finding").inner_text()
    row = roots.evaluate("vx.get('text').history[2]")
    for way in ("forced", "free"):
        assert f"{100 * row[way]:.1f} %" in shown
        assert f"{100 * row[way]:.1f} %" in roots.locator(".vx-text-inside .legend").inner_text()


# Colours of a map's cells in the middle, from the upper left, and those of its weights.
_CELLS = """async ([selector, name, picked]) => {
  const { colour, sequential } = await vx.module("core/colours.js");
  const seen = (await vx.module("text/data.js")).view(vx.state);
  const canvas = document.querySelector(selector);
  const weights = seen[name](vx.get("textLook"));
  const cell = canvas.width / weights.cols;
  const context = canvas.getContext("2d");
  const rgb = (text) => text.match(/\\d+/g).slice(0, 3).map(Number);
  return picked.map(([i, j]) => [
    [...context.getImageData((j + 0.5) * cell, (i + 0.5) * cell, 1, 1).data].slice(0, 3),
    rgb(colour(sequential, weights.at(i, j), 0, 1)),
    weights.at(i, j),
  ]);
}"""


def test_maps_of_both_halves_are_painted_and_the_causal_mask_is_hatched(roots):
    cells = [(i, j) for i in (0, 3, 9) for j in (0, 3, 9)]
    for painted, expected, _ in roots.evaluate(_CELLS, [".vx-text-inside .encoder-map", "encoderSelf", cells]):
        assert painted == pytest.approx(expected, abs=1)
    decoder = [".vx-text-inside .decoder-map", "decoderSelf", cells]
    for (i, j), (painted, expected, weight) in zip(cells, roots.evaluate(_CELLS, decoder), strict=True):
        allowed = j <= i
        assert (painted == pytest.approx(expected, abs=1)) == allowed and (weight > 0) == allowed


def test_a_vit_stands_beside_it(roots):
    roots.locator(".vx-text-bridge .beside").click()
    assert "vit-cifar10" in roots.locator(".vx-text-bridge .vit-name").inner_text()
    row = image_of(roots, ".vx-text-bridge .row")
    roots.locator(".vx-text-bridge .marks").focus()
    roots.keyboard.press("ArrowRight")
    assert image_of(roots, ".vx-text-bridge .row") != row
    roots.locator("#vx-model").select_option("cnn-cifar10")
    roots.wait_for_function("vx.get('settled').model === 'cnn-cifar10'", timeout=LONG)
    assert "cnn-cifar10" in roots.locator(".vx-text-bridge .none").inner_text()


# ---- phone and dark -------------------------------------------------------------------------------------------------
def test_on_a_phone_all_views_fit_and_a_click_marks(roots):
    page = roots
    page.set_viewport_size(PHONE)
    drawn(page)
    page.locator(".vx-text-sequence .outputs .tile").nth(5).click()
    assert said(page, 6)[3] in "BK"
    for name, view in (("Cross-attention", "sequence"), ("Decoding", "decoding"), ("KV cache", "cache")):
        open_view(page, name)
        page.locator(f".vx-text-{view} .finding").wait_for()
        drawn(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        panel = page.locator(f".vx-text-{view} .vx-panel").first.bounding_box()
        assert panel["x"] >= 0 and panel["x"] + panel["width"] <= 390
    table = page.locator(".vx-text-cache table").bounding_box()
    assert table["x"] + table["width"] < panel["x"] + panel["width"]


def test_dark_is_painted_anew(roots):
    before = image_of(roots, ".vx-text-inside .chart")
    roots.get_by_role("button", name="Dark").click()
    roots.wait_for_function("vx.get('theme') === 'dark'")
    assert image_of(roots, ".vx-text-inside .chart") != before
