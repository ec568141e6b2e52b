"""Scenes of a talk: kept, named, wandered from and returned to; a list of them, and one link that holds them all."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.browser.pages import beforehand, drawn, reload
from tests.browser.stage_page import NO_FULLSCREEN, OPENED, ROOM
from vit_explorer.bench.page import settled

CHOSEN = "[vx.get('attentionChosen').layer, vx.get('attentionChosen').head, vx.get('token')]"


@pytest.fixture(scope="module")
def media() -> dict[str, str]:
    return {"reduced_motion": "reduce"}


def come(page, link: str):
    """The stage of somebody who comes by a link."""
    page.goto(link)
    settled(page)
    page.wait_for_selector("body.vx-present")
    drawn(page)
    return page


def test_a_clicker_goes_through_scenes_and_one_link_holds_them(watched, address):
    pages = watched(**ROOM, reduced_motion="reduce"), watched(1280, 720, reduced_motion="reduce")
    with beforehand(pages[0], NO_FULLSCREEN), beforehand(pages[1], NO_FULLSCREEN):
        stage = come(pages[0], f"{address}#tab=home&present=1")
        stage.keyboard.press("k")
        stage.keyboard.press("3")
        stage.wait_for_function(f"{OPENED} === 'attention'")
        drawn(stage)
        stage.keyboard.press("[")
        stage.keyboard.press("}")
        stage.keyboard.press("Shift+ArrowDown")
        chosen = stage.evaluate(CHOSEN)
        stage.keyboard.press("k")
        stage.keyboard.press("PageUp")
        stage.wait_for_function(f"{OPENED} === 'home'")
        assert stage.locator(".vx-frame-present .number").inner_text() == "1 / 2"
        stage.keyboard.press("PageUp")
        stage.locator("#vx-say.shown", has_text="This is the first scene.").wait_for()
        stage.keyboard.press("?")
        assert stage.locator("#vx-say.shown").count() == 0  # nothing lies over the list of keys
        stage.keyboard.press("Escape")
        stage.keyboard.press("+")
        stage.wait_for_function("location.hash.includes('deck=') && location.hash.includes('letters=1.125')")
        other = come(pages[1], stage.url)
        for key in ("PageDown", "PageDown"):
            other.keyboard.press(key)
            drawn(other)
        more = other.evaluate("getComputedStyle(document.documentElement).getPropertyValue('--vx-more')")
        assert float(more) == 1.125
        other.wait_for_function(f"{OPENED} === 'attention'")
        other.wait_for_function("(vx.get('attentionChosen') || {}).layer !== undefined")
        assert other.evaluate(CHOSEN) == chosen
        assert other.locator(".vx-frame-present .number").inner_text() == "2 / 2, last"
        other.keyboard.press("PageDown")
        other.locator("#vx-say.shown", has_text="This is the last scene").wait_for()
        other.keyboard.press("Home")
        other.wait_for_function(f"{OPENED} === 'home'")
        other.keyboard.press("End")
        other.wait_for_function(f"{OPENED} === 'attention'")


def test_scenes_are_counted_named_put_in_order_and_deleted(stage):
    number = stage.locator(".vx-frame-present .number")
    said = stage.locator("#vx-say")
    assert "K" in number.inner_text()
    stage.keyboard.press("k")
    assert number.inner_text() == "1 / 1"
    stage.keyboard.press("k")
    assert "already, as scene 1 of 1" in said.inner_text()
    stage.keyboard.press("1")
    stage.wait_for_function(f"{OPENED} === 'patches'")
    drawn(stage)
    assert number.inner_text() == "Not kept (K) · after 1 / 1"
    stage.keyboard.press("k")
    assert number.inner_text() == "2 / 2, last"
    stage.keyboard.press("0")
    stage.wait_for_function(f"{OPENED} === 'home'")
    stage.wait_for_function("document.querySelector('.vx-frame-present .number').textContent === '1 / 2'")
    stage.keyboard.press("s")
    scenes = stage.locator(".vx-frame-present .scenes")
    scenes.get_by_label("Name of scene 2").fill("The cut")
    scenes.get_by_label("Your notes on scene 1").fill("Begin | slowly")
    scenes.get_by_role("button", name="Scene 2, Patches: move up").focus()
    stage.keyboard.press("Enter")
    assert scenes.locator(".called").first.input_value() == "The cut"
    assert "scene 1 of 2" in scenes.locator(".told").inner_text()
    assert scenes.locator(":focus").get_attribute("aria-label") == "Scene 1, The cut: move down"
    stage.keyboard.press("Escape")
    assert stage.evaluate("document.body.classList.contains('vx-present')")
    assert number.inner_text() == "2 / 2, last"
    assert stage.locator(".vx-frame-present .scene-name").inner_text() == ""
    reload(stage)
    stage.keyboard.press("s")
    assert scenes.get_by_label("Your notes on scene 2").input_value() == "Begin | slowly"
    scenes.get_by_role("button", name="Scene 1, The cut: show").click()
    stage.wait_for_function(f"{OPENED} === 'patches'")
    stage.wait_for_function("document.querySelector('.vx-frame-present .number').textContent === '1 / 2'")
    assert stage.locator(".vx-frame-present .scene-name").inner_text() == "The cut"
    number.click()
    stage.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('refused')); }")
    scenes.get_by_role("button", name="Copy link to all scenes").click()
    by_hand = scenes.get_by_label("The link to all scenes")
    by_hand.wait_for()
    stage.evaluate(
        "() => { navigator.clipboard.writeText = (text) => { window.copied = text; return Promise.resolve(); }; }"
    )
    copy, row = scenes.get_by_role("button", name="Copy link to all scenes"), scenes.locator("li").first
    before = copy.bounding_box(), row.bounding_box()
    copy.click()
    scenes.locator(".told", has_text="2 scenes copied").wait_for()
    assert not by_hand.is_visible()
    assert (copy.bounding_box(), row.bounding_box()) == before  # the next click meets what it is meant for
    link = parse_qs(urlsplit(stage.evaluate("window.copied")).fragment)
    stage.evaluate("delete navigator.clipboard.writeText")
    assert link["present"] == ["1"] and "called=The+cut" in link["deck"][0] and link["deck"][0].count("|") == 1
    scenes.get_by_role("button", name="Scene 1, The cut: delete").click()
    assert scenes.locator("li").count() == 1
    scenes.get_by_role("button", name="Close").click()
    stage.wait_for_function("document.querySelector('.vx-frame-present .number').textContent.includes('Not kept')")
    stage.keyboard.press("p")
    stage.locator("#rail").wait_for()
    stage.get_by_role("button", name="Keep", exact=True).click()
    assert "Kept as scene 1 of 2" in said.inner_text() or "Kept as scene 2 of 2" in said.inner_text()
    stage.keyboard.press("s")
    assert not stage.locator("#vx-say.shown").count()
    stage.evaluate(NO_FULLSCREEN)
    scenes.get_by_role("button", name="Present from scene 1").click()
    stage.wait_for_function("document.querySelector('.vx-frame-present .number').textContent === '1 / 2'")
    assert stage.locator("#rail").is_hidden()


def test_wandering_from_a_scene_keeps_its_note_and_the_clicker_leads_back_first(stage):
    scenes = [
        "tab=home",
        "tab=attention&sub=heads&layer=2&called=Near+and+far&note=Then+press+a+head",
        "tab=patches",
    ]
    stage.evaluate("(deck) => vx.go(`deck=${encodeURIComponent(deck)}`)", "|".join(scenes))
    number = "document.querySelector('.vx-frame-present .number').textContent"

    def stands(words: str) -> None:
        stage.wait_for_function(f"(words) => {number} === words", arg=words)
        drawn(stage)

    for _ in range(2):
        stage.keyboard.press("PageDown")
    stands("2 / 3")
    with stage.expect_popup() as opened:
        stage.keyboard.press("n")
    notes = opened.value
    for key in "}]":
        stage.keyboard.press(key)
    stands("2 / 3, changed")
    assert stage.locator(".vx-frame-present .scene-name").inner_text() == "Near and far"
    notes.locator(".where", has_text="Scene 2 of 3, changed. Page Up").wait_for()
    assert notes.locator(".note").inner_text() == "Then press a head"
    assert notes.locator(".title").inner_text() == "Near and far"
    assert "Patches" in notes.locator(".next").inner_text()
    stage.keyboard.press("PageUp")
    stands("2 / 3")
    assert stage.evaluate("vx.get('attentionChosen').layer") == 1
    stage.locator(".vx-frame-present .views button", has_text="Rollout").click()
    stands("Not kept (K) · after 2 / 3")
    notes.locator(".where", has_text="Scene 2 of 3 was left. Page Up").wait_for()
    assert not notes.locator(".note").is_visible()
    stage.keyboard.press("PageUp")
    stands("2 / 3")
    stage.keyboard.press("PageUp")
    stands("1 / 3")
    stage.keyboard.press("PageDown")
    stands("2 / 3")
    stage.keyboard.press("]")
    stands("2 / 3, changed")
    stage.keyboard.press("PageDown")
    stands("3 / 3, last")
    stage.keyboard.press("K")
    stands("Not kept (K) · after 2 / 2")
    notes.close()
