"""The stage: one view, large and whole, by keys and names; pointing that is right at its scale."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import TimeoutError

from tests.browser.pages import drawn, open_view
from tests.browser.stage_page import CUT, FIGURES, OPENED, SENTENCE, VIEWS, small_letters, well_drawn


@pytest.fixture(scope="module")
def media() -> dict[str, str]:
    return {"reduced_motion": "reduce"}


def test_nothing_on_the_stage_is_small_and_the_rest_of_the_page_is_gone(stage):
    assert small_letters(stage) == []
    assert stage.evaluate("getComputedStyle(document.documentElement).scrollbarWidth") == "none"
    for selector in ("#rail", "#strip", "#header .theme", ".vx-home .doors"):
        assert not stage.locator(selector).first.is_visible()
    stage.keyboard.press("3")
    stage.wait_for_function(f"{OPENED} === 'attention' && document.body.dataset.vxTab === 'attention'")
    drawn(stage)
    assert small_letters(stage) == []
    stage.wait_for_function(f"{SENTENCE}.includes('%')")
    stage.keyboard.press("p")
    stage.locator("#rail").wait_for()
    assert stage.evaluate("document.body.classList.contains('vx-present')") is False


@pytest.mark.parametrize("view", ["Patches", "Attention / Heads", "Windows / Step by step"])
def test_pointing_is_right_at_the_scale_of_the_stage(room, view):
    page = room
    open_view(page, view)
    page.keyboard.press("p")
    page.wait_for_selector("body.vx-present")
    drawn(page)
    selector = {"Patches": ".vx-patches .marks", "Attention / Heads": ".vx-attention-heads .scene-marks"}
    if view in selector:
        canvas = page.locator(selector[view])
        canvas.scroll_into_view_if_needed()
        box = canvas.bounding_box()
        side = box["height"] if view == "Patches" else box["width"]
        cells = page.evaluate("vx.get('trace').grid[0]")
        if view == "Patches":  # the picture stands at the left of the scene, as high as wide
            side = page.evaluate("document.querySelector('.vx-patches .marks').currentCSSZoom") * page.evaluate(
                "parseFloat(document.querySelector('.vx-patches .scene').style.height)"
            )
        for row, col in ((1, 1), (6, 2), (3, 5)):
            page.mouse.move(box["x"] + (col + 0.5) * side / cells, box["y"] + (row + 0.5) * side / cells)
            assert page.evaluate("vx.get('token')") == row * cells + col
    else:
        page.mouse.move(960, 540)
        assert page.evaluate("vx.get('token')") is not None


def test_views_and_figures_of_a_tab_are_reached_by_keys_and_by_their_names(stage):
    stage.keyboard.press("3")
    stage.wait_for_function(f"{OPENED} === 'attention'")
    drawn(stage)
    stage.wait_for_function("document.querySelectorAll('.vx-frame-present .views button').length === 6")
    names = stage.locator(".vx-frame-present .views button")
    assert names.all_inner_texts() == ["Heads", "Inside a head", "Rollout", "Explain", "Test it", "Layers"]

    def shows(view: str, figure: int = 1) -> None:
        at = f"document.querySelector('.vx-frame-present .views [aria-current]')?.textContent === '{view}'"
        stage.wait_for_function(f"{at} && !(new URLSearchParams(location.hash).get('figure') > {figure})")
        drawn(stage)

    shows("Heads")
    stage.keyboard.press("ArrowDown")
    shows("Inside a head")
    names.filter(has_text="Test it").click()
    shows("Test it")
    stage.keyboard.press("PageDown")
    shows("Layers")
    stage.keyboard.press("PageDown")  # past the last view of the tab: the first of the next
    stage.wait_for_function(f"{OPENED} === 'features'")
    shows("Maps")
    stage.keyboard.press("ArrowDown")  # the second figure of the same view
    stage.wait_for_function("location.hash.includes('figure=2')")
    top = stage.locator(".vx-features-similarity .vx-panel").first.bounding_box()["y"]
    assert 90 < top < 130
    stage.keyboard.press("ArrowUp")
    stage.wait_for_function("!location.hash.includes('figure=')")
    shows("Maps")
    stage.keyboard.press("PageUp")
    stage.wait_for_function(f"{OPENED} === 'attention'")
    shows("Layers")
    stage.keyboard.press("?")
    assert "view of this tab" in stage.locator(".vx-frame-present .help").inner_text()


def test_screens_go_black_and_white_and_the_keys_are_shown(stage):
    curtain = stage.locator(".vx-frame-present .curtain")
    for key, colour in (("b", "rgb(0, 0, 0)"), ("w", "rgb(255, 255, 255)")):
        stage.keyboard.press(key)
        assert curtain.evaluate("(element) => getComputedStyle(element).backgroundColor") == colour
    stage.keyboard.press("PageDown")  # the first key brings the picture back, and does nothing else
    assert not curtain.is_visible()
    assert stage.evaluate(OPENED) == "home"
    stage.keyboard.press("?")
    assert stage.locator(".vx-frame-present .help").is_visible()


@pytest.mark.slow
def test_every_figure_of_every_view_fits_a_small_projector(stage):
    stage.set_viewport_size({"width": 1280, "height": 720})
    for view in VIEWS:
        stage.evaluate("(view) => vx.go(`tab=${view}`)", view)
        drawn(stage)
        for figure in range(FIGURES.get(view, 1)):
            if figure:
                stage.locator(".vx-frame-present .figure").click()
            try:
                stage.wait_for_function(f"({CUT})({figure}).length === 0", timeout=10_000)
            except TimeoutError:
                assert stage.evaluate(CUT, figure) == [], (view, figure)
            assert small_letters(stage) == [], (view, figure)


def test_what_is_said_covers_no_finding(stage):
    stage.set_viewport_size({"width": 1280, "height": 720})
    for view, wanted in {
        "tab=patches&patch=2": "Patches of 2 × 2 pixels against 4 × 4: 3.95 times the tokens",
        "tab=patches&patch=4": "trained on exactly this cut",
        "tab=windows&sub=masks&model=swin-cifar10&mask=off": "Without it: ",
    }.items():
        stage.evaluate("(view) => vx.go(view)", view)
        stage.wait_for_function(f"(wanted) => {SENTENCE}.includes(wanted)", arg=wanted)
    stage.evaluate("vx.go('tab=attention&sub=heads&model=vit-cifar10')")
    drawn(stage)
    stage.keyboard.press("k")
    said = stage.locator("#vx-say.shown").bounding_box()
    finding = stage.locator(".vx-frame-present .sentence")
    assert said["y"] + said["height"] < finding.bounding_box()["y"]
    pair = stage.locator(".vx-attention-heads p.pair")
    assert finding.inner_text() == pair.text_content()
    assert not pair.is_visible()  # it is said once
    stage.keyboard.press("K")
    stage.locator("#vx-say.shown", has_text="Forgotten; 0 scenes").wait_for()
    stage.keyboard.press("?")
    stage.keyboard.press("Escape")
    assert not stage.locator(".vx-frame-present .help").is_visible()
    stage.get_by_role("button", name="Leave").click()
    stage.locator("#rail").wait_for()
    assert not stage.get_by_role("button", name="Leave").is_visible()


def test_a_lens_and_notes_in_a_second_window(stage):
    tiles = stage.locator(".vx-home .tiles")
    box = tiles.bounding_box()
    stage.mouse.move(box["x"] + 2.5 / 8 * box["width"], box["y"] + 3.5 / 8 * box["height"])
    assert stage.evaluate("vx.get('token')") == 26
    stage.keyboard.down("z")
    assert tiles.bounding_box()["width"] == pytest.approx(3 * box["width"], rel=0.01)
    stage.mouse.move(box["x"] + 2.6 / 8 * box["width"], box["y"] + 3.6 / 8 * box["height"])
    assert stage.evaluate("vx.get('token')") == 26
    stage.keyboard.up("z")
    assert tiles.bounding_box()["width"] == pytest.approx(box["width"], rel=0.01)
    with stage.expect_popup() as opened:
        stage.keyboard.press("n")
    notes = opened.value
    notes.wait_for_function("document.querySelector('.sentence').textContent.includes('cat')")
    assert "Patches" in notes.locator(".next").inner_text()
    notes.keyboard.press("b")
    assert "The screen is black" in notes.locator(".screen").inner_text()
    assert stage.locator(".vx-frame-present .curtain").is_visible()
    notes.keyboard.press("PageDown")
    assert not notes.locator(".screen").is_visible()
    assert not stage.locator(".vx-frame-present .curtain").is_visible()
    assert stage.evaluate(OPENED) == "home"
    notes.keyboard.press("PageDown")
    stage.wait_for_function(f"{OPENED} === 'patches'")
    notes.close()


def test_a_laptop_with_its_browsers_bars_cuts_no_figure_and_hides_no_result(stage):
    stage.set_viewport_size({"width": 1280, "height": 600})
    for view in ("home", "positions", "attention&sub=heads", "roots&sub=decoding", "recipe&sub=ladder"):
        stage.evaluate("(view) => vx.go(`tab=${view}`)", view)
        drawn(stage)
        try:
            stage.wait_for_function(f"({CUT})(0).length === 0", timeout=30_000)
        except TimeoutError:
            assert stage.evaluate(CUT, 0) == [], view
        assert small_letters(stage) == [], view
    ends = re.search(r"[\d.]+ (± [\d.]+ )?points", stage.locator(".vx-ladder .sum").text_content())[0]
    sentence = stage.locator(".vx-frame-present .sentence", has_text="Largest gain")
    sentence.wait_for()
    said = sentence.inner_text()
    assert ends in said and "a row" in said
    step, columns = [stage.locator(f".vx-ladder .head .{name}") for name in ("number", "training")]
    assert step.count() == 4 and not columns.is_visible()


@pytest.mark.parametrize(
    "views",
    [
        ["tab=windows&sub=steps&step=6", "tab=recipe&sub=ingredients", "tab=windows&sub=steps&step=5"],
        pytest.param(
            [
                *["tab=home", "tab=patches", "tab=positions", "tab=features&sub=networks"],
                *[f"tab=attention&sub={sub}" for sub in ("heads", "inside", "rollout", "explain", "test", "layers")],
                *[f"tab=windows&sub={sub}" for sub in ("masks&mask=off", "hierarchy", "cost")],
                *["tab=train&sub=hunger", "tab=recipe&sub=distillation", "tab=compare&sub=one-picture"],
                *[f"tab=roots&sub={sub}" for sub in ("cross", "decoding", "cache")],
            ],
            marks=pytest.mark.slow,
        ),
    ],
)
def test_a_view_is_as_large_and_as_sharp_at_every_arrival_and_in_every_room(stage, views):
    for view in views:
        stage.set_viewport_size({"width": 1280, "height": 720})
        stage.evaluate("(view) => vx.go(view)", view)
        drawn(stage)
        first = well_drawn(stage)
        stage.set_viewport_size({"width": 1920, "height": 1080})
        drawn(stage)
        well_drawn(stage)
        stage.set_viewport_size({"width": 1280, "height": 720})
        stage.evaluate("(away) => vx.go(away)", "tab=exercises")
        stage.evaluate("(view) => vx.go(view)", view)
        drawn(stage)
        assert well_drawn(stage) == first, view


def test_the_scale_of_the_heads_is_adjusted_on_the_stage_and_the_finding_names_the_head(stage):
    stage.set_viewport_size({"width": 1280, "height": 720})
    stage.evaluate("vx.go('tab=attention&sub=heads&layer=3&head=2')")
    stage.wait_for_function(f"{SENTENCE}.startsWith('Layer 3, head 2: patch ')")
    stage.keyboard.press("}")
    stage.wait_for_function(f"{SENTENCE}.startsWith('Layer 3, head 3: patch ')")
    heads = stage.locator(".vx-attention-heads")
    heads.get_by_role("button", name="Each its own").click()
    assert "do not compare" in heads.locator(".kind").inner_text()
    slider = heads.get_by_label("How much of the picture shows through")
    slider.fill("0")
    assert stage.evaluate("vx.get('attentionMix')") == 0
    stage.wait_for_function(f"({CUT})(0).length === 0")
