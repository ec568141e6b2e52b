"""What a newcomer sees and reaches without knowing anything."""

from __future__ import annotations

import pytest

from tests.browser.pages import fits, open_view
from vit_explorer.bench.page import open_page

# Whether a canvas holds more than one colour.
_PAINTED = """(canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  for (let i = 4; i < data.length; i += 4) {
    if (data[i] !== data[0] || data[i + 1] !== data[1] || data[i + 2] !== data[2]) return true;
  }
  return false;
}"""


@pytest.fixture
def page(same_page):
    return same_page


def test_first_screen_is_a_finished_example(page):
    assert page.locator(".vx-frame .title").inner_text() == "Cat"
    assert page.locator("#vx-model").input_value() == "vit-cifar10"
    percents = page.locator(".vx-frame .top .vx-number").all_inner_texts()
    assert len(percents) == 5
    for selector in (".vx-frame .pixels", ".vx-patches .scene", ".vx-patch .pixels", ".vx-patch .embedding"):
        assert page.eval_on_selector(selector, _PAINTED), f"{selector} is blank"
    assert "patch 36 " in page.locator(".vx-patch .name").inner_text()


def test_prediction_is_in_sight_without_scrolling(page):
    box = page.locator(".vx-frame .verdict").bounding_box()
    assert box["y"] + box["height"] <= 720


def test_the_first_picture_is_named_rightly_and_an_unknown_thing_is_said_to_be_unknown(page):
    assert page.evaluate("vx.get('trace').picture.labels")[0] == "cat"
    assert page.locator(".vx-frame .verdict").get_attribute("data-state") == "right"
    page.evaluate("vx.set('wish', { picture: 'sample:lion' })")
    page.wait_for_function("vx.get('settled').picture === 'sample:lion'")
    assert page.locator(".vx-frame .verdict").get_attribute("data-state") == "none"


def test_top_five_are_the_probabilities_of_the_trace(page):
    shown = page.locator(".vx-frame .top .vx-number").first.inner_text()
    best = page.evaluate("Math.max(...vx.get('trace').probabilities)")
    assert shown == f"{100 * best:.1f} %"
    assert page.evaluate("vx.get('trace').probabilities.reduce((a, b) => a + b, 0)") == pytest.approx(1, abs=1e-5)


ATTENTION = {  # the views of the tab and their widgets
    "Heads": "attention-heads",
    "Inside a head": "inside",
    "Rollout": "attention-rollout",
    "Explain": "explain",
    "Test it": "ablate",
    "Layers": "layers",
}


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_phone_does_not_scroll_sideways(watched, address, dark):
    page = watched(390, 844, color_scheme="dark" if dark else "light")
    open_page(page, address)
    page.evaluate("vx.openTab('home')")
    answer = page.locator(".vx-home .answer .bars button").first
    assert answer.bounding_box()["y"] < 1000  # by the picture, not after the blocks
    for tab in ("patches", "positions", "train", "classify"):
        page.evaluate("(tab) => vx.openTab(tab)", tab)
        page.wait_for_selector(f".vx-{'train-setup' if tab == 'train' else tab}", state="visible")
        fits(page, 390)
        if tab == "patches":
            assert page.locator(".vx-patches .vx-panel").bounding_box()["y"] < 205
            button = page.get_by_role("button", name="One patch becomes a token")
            numbers = page.locator(".vx-patch .embedding")
            for opened in ("false", "true", "false"):
                assert button.get_attribute("aria-expanded") == opened
                assert numbers.evaluate("(one) => one.checkVisibility({ visibilityProperty: true })") == (
                    opened == "true"
                )
                button.press("Enter")
    page.evaluate("vx.openTab('attention')")
    for view, shown in ATTENTION.items():
        page.evaluate(
            """(view) => [...document.querySelectorAll("#attention-tabs [role=tab]")]
              .find((one) => one.textContent.trim() === view).click()""",
            view,
        )
        page.wait_for_selector(f".vx-{shown} .vx-panel", state="visible")
        fits(page, 390)
    assert page.evaluate("vx.get('theme')") == ("dark" if dark else "light")


def test_theme_button_switches_and_says_what_comes_next(page):
    button = page.locator(".vx-header .theme")
    before = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert button.inner_text() == "Dark"
    button.click()
    assert button.inner_text() == "Light"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != before


@pytest.mark.parametrize("tab", ["Patches", "Positions", "Classify"])
def test_keyboard_reaches_every_control(watched, address, tab):
    page = watched()  # on which no row of buttons was left at another button than its first
    open_page(page, address)
    open_view(page, tab)
    wanted = page.evaluate(
        """() => {
          const seen = (e) => e.checkVisibility() && !e.disabled && e.tabIndex >= 0;
          const all = [...document.querySelectorAll(".vx-widget :is(button, select, input, canvas[tabindex])")];
          return all.filter(seen).map((e, i) => (e.dataset.stop = i));
        }"""
    )
    assert len(wanted) > 10
    reached = set()
    page.evaluate("document.activeElement && document.activeElement.blur()")
    for _ in range(len(wanted) + 40):
        page.keyboard.press("Tab")
        row = page.evaluate("document.activeElement.closest('[role=toolbar]') !== null")
        for _ in range(8 if row else 1):  # a row of buttons is one stop too
            stop = page.evaluate("document.activeElement && document.activeElement.dataset.stop")
            if stop is not None:
                reached.add(int(stop))
            if row:
                page.keyboard.press("ArrowRight")
    # A group of radio buttons is one stop for Tab; its arrow keys do the rest.
    radios = set(
        page.evaluate("[...document.querySelectorAll('input[type=radio][data-stop]')].map((e) => +e.dataset.stop)")
    )
    assert set(wanted) - reached - radios == set()


def test_link_restores_picture_model_and_fit(watched, address):
    page = watched()
    open_page(page, address + "#picture=shapes%3A2&model=cnn-cifar10&fit=letterbox")
    assert page.evaluate("[vx.get('trace').picture.name, vx.get('model').name, vx.get('trace').fit]") == [
        "shapes:2",
        "cnn-cifar10",
        "letterbox",
    ]


def test_a_link_to_a_lost_upload_says_so_and_shows_the_example(watched, address):
    page = watched()
    open_page(page, address + "#picture=upload%3A0123&model=vit-cifar10")
    assert "no longer here" in page.locator("#vx-say").inner_text()
    assert page.locator(".vx-frame .title").inner_text() == "Cat"


def test_two_quick_wishes_are_both_fulfilled(page):
    page.evaluate("vx.set('wish', { picture: 'sample:lion' }); vx.set('wish', { model: 'cnn-cifar10' });")
    page.wait_for_function("vx.get('settled').model === 'cnn-cifar10'")
    assert page.evaluate("[vx.get('trace').picture.name, vx.get('model').name]") == ["sample:lion", "cnn-cifar10"]
    assert page.locator(".vx-frame .title").inner_text() == "Lion"


def test_a_refused_wish_leaves_everything_as_it_was(page):
    page.evaluate("vx.set('wish', { picture: 'upload:gone', model: 'cnn-cifar10' })")
    page.wait_for_selector("#vx-say.shown")
    assert page.locator("#vx-model").input_value() == "vit-cifar10"
    page.evaluate("vx.set('wish', { fit: 'letterbox' })")
    page.wait_for_function("vx.get('settled').fit === 'letterbox'")
    assert page.evaluate("vx.get('trace').picture.name") == "sample:cat"


def test_a_link_pasted_into_the_open_page_is_followed(page):
    page.evaluate("location.hash = 'picture=sample%3Alion&model=vit-cifar10&fit=crop'")
    page.wait_for_function("vx.get('settled').picture === 'sample:lion'")
