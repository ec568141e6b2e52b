"""The tour on the real page: acts are done, the page goes on by itself, and is left as it was."""

from __future__ import annotations

import json

import pytest

from tests.browser.pages import PHONE, drawn, written
from vit_explorer.bench.page import VIEWPORT, open_page
from vit_explorer.ui.tour.tour import read_tour

CARD = ".vx-tour .card"
LARGE = {"width": 1920, "height": 1080}
STEPS = read_tour()


def at_step(page, number: int) -> None:
    """Wait until a step has begun and what it shows is drawn."""
    page.wait_for_function(
        "(text) => document.querySelector('.vx-tour .count').textContent === text",
        arg=f"Step {number} of {len(STEPS)}",
        timeout=60_000,
    )
    page.wait_for_function("(part) => location.hash.split('&').includes(part)", arg=f"tour={number}")
    drawn(page)


def clear(page) -> None:
    """Wait until the card covers nothing of what the step lights."""
    page.wait_for_function("""() => {
      const [card, lit] = [".card", ".spot"].map((one) => document.querySelector(`.vx-tour ${one}`));
      const [a, b] = [card, lit].map((one) => one.getBoundingClientRect());
      return !lit.hidden && (a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom);
    }""")


@pytest.fixture(scope="module")
def media() -> dict[str, str]:
    return {"reduced_motion": "reduce"}


@pytest.fixture
def tour(same_page):
    same_page.evaluate("vx.go('tab=positions&picture=sample:lion&token=9', true)")
    same_page.get_by_role("button", name="Take the tour").click()
    at_step(same_page, 1)
    return same_page


def test_every_step_lights_what_it_names_with_its_numbers_and_the_page_is_left_as_it_was(tour):
    for number, step in enumerate(STEPS, 1):
        at_step(tour, number)
        assert tour.locator(f"{CARD} h2").inner_text() == step.title
        tour.wait_for_function("!document.querySelector('.vx-tour .say').textContent.includes('…')", timeout=60_000)
        assert "{" not in tour.locator(f"{CARD} .say").inner_text()
        assert tour.locator(step.spot).first.is_visible()
        clear(tour)
        assert tour.evaluate("document.activeElement.matches('.vx-tour .card')")
        word = "Next" if number < len(STEPS) else "Return to where I was"
        tour.locator("#tour").get_by_role("button", name=word, exact=True).click()
    tour.locator(CARD).wait_for(state="hidden")
    tour.wait_for_function("vx.get('trace').picture.name === 'sample:lion' && vx.get('token') === 9")
    tour.locator(".vx-positions:visible").first.wait_for()
    tour.wait_for_function("!location.hash.includes('tour')")


def opened(page, link: str) -> str:
    """The address of a view that is opened by a link, once it is drawn."""
    page.evaluate("(link) => vx.go(link)", link)
    drawn(page)
    written(page)
    return page.url


_OPEN = """async (link) => {
  const { opened, openTab } = await vx.module("core/tabs.js");
  for (const [, id] of new URLSearchParams(link)) {
    openTab(id);
    await opened(id);
  }
}"""


def test_what_was_chosen_in_views_that_the_tour_leads_through_is_given_back(same_page):
    page = same_page
    page.evaluate("vx.go('picture=sample:lion&model=vit-conv-cifar10')")
    chosen = [
        opened(page, f"tab={link}")
        for link in (
            "positions&snapshot=1",
            "attention&sub=heads&layer=2&head=3",
            "attention&sub=layers&block=1",
            "attention&sub=test&erased=3.4&muted=1-2",
            "windows&sub=steps&step=4",
            "train&sub=race&setup=vit-cnn&pictures=200&epochs=2&unfolded=yes",
        )
    ]
    page.locator(".vx-train-setup .chips").get_by_role("button", name="Remove").last.click()
    contenders = page.locator(".vx-train-setup .chips").inner_text()
    page.evaluate("vx.go('tab=patches&token=9')")
    drawn(page)
    written(page)
    left = page.url
    page.evaluate("vx.go('tour=1')")
    for number in range(1, 10):
        at_step(page, number)
        page.keyboard.press("ArrowRight")
    at_step(page, 10)
    page.keyboard.press("Escape")
    page.locator(CARD).wait_for(state="hidden")
    drawn(page)
    written(page)
    assert page.url == left
    for address in chosen:
        place = "&".join(part for part in address.split("#")[1].split("&") if part.startswith(("tab=", "sub=")))
        page.evaluate(_OPEN, place)  # as a visitor does, not by a link
        drawn(page)
        written(page)
        assert set(page.url.split("&")) == {*address.split("&"), "token=9"}
    assert page.locator(".vx-train-setup .chips").inner_text() == contenders


def test_who_wants_to_stay_where_it_ends_stays(tour):
    tour.evaluate("vx.go('tour=10')")
    at_step(tour, 10)
    tour.locator("#tour").get_by_role("button", name="Stay here").click()
    tour.locator(CARD).wait_for(state="hidden")
    written(tour)
    assert "tab=home" in tour.url and "picture=sample:cat" in tour.url and "tour" not in tour.url
    tour.locator(".vx-home .station.picture").wait_for()


def test_an_act_is_seen_and_the_next_step_comes_by_itself(watched, address):
    page = watched(reduced_motion="reduce")
    open_page(page, f"{address}#tour=5")
    at_step(page, 5)
    page.locator(".vx-attention-heads .maps-marks").press("ArrowLeft")  # to the first head: it is that already
    assert page.locator(f"{CARD} .well").inner_text() == ""
    page.locator(".vx-attention-heads .maps-marks").press("ArrowRight")
    page.wait_for_function("document.querySelector('.vx-tour .well').textContent !== ''")
    at_step(page, 6)
    before = page.locator(f"{CARD} .say").inner_text()
    page.locator(".vx-layers .depth").press("End")
    at_step(page, 7)
    assert page.locator(f"{CARD} .say").inner_text() != before
    page.keyboard.press("Escape")
    page.locator(CARD).wait_for(state="hidden")


def test_a_film_is_watched_to_its_end(tour):
    tour.evaluate("vx.go('tour=4')")
    at_step(tour, 4)
    play = tour.locator(".vx-positions .play")
    play.click()  # with reduced motion one snapshot for a press
    tour.wait_for_function("vx.get('positionSnapshot').index === 1")
    tour.wait_for_timeout(400)  # two looks of the tour
    assert tour.locator(f"{CARD} .well").inner_text() == ""
    tour.locator(".vx-positions .slider").press("End")
    tour.wait_for_function("document.querySelector('.vx-tour .well').textContent !== ''")


_UNCOVERED = """() => {
  const [card, play] = [".vx-tour .card", ".vx-home .play"].map((one) => document.querySelector(one));
  const [a, b] = [card, play].map((one) => one.getBoundingClientRect());
  return b.bottom > 0 && b.bottom <= innerHeight &&
    (a.left >= b.right || b.left >= a.right || a.top >= b.bottom || b.top >= a.bottom);
}"""


def test_the_button_is_never_under_the_card_when_the_page_grows_late(tour):
    tour.set_viewport_size({"width": 1280, "height": 720})
    tour.wait_for_function(_UNCOVERED)
    tour.evaluate("""() => {
      const now = performance.now.bind(performance);
      performance.now = () => now() + 1e6; // long after the step has begun
    }""")
    try:
        for height in (60, 300, 0):
            tour.evaluate("(px) => (document.querySelector('#tabs').style.marginTop = `${px}px`)", height)
            tour.wait_for_function(_UNCOVERED)
    finally:
        tour.evaluate("delete performance.now; document.querySelector('#tabs').style.marginTop = ''")


def test_it_follows_where_the_page_is_left_by_its_own_ways(tour):
    tour.keyboard.press("ArrowRight")
    at_step(tour, 2)
    tour.locator("#strip .next").click()
    at_step(tour, 4)
    tour.get_by_role("tab", name="Features", exact=True).click()
    tour.wait_for_function("document.querySelector('.vx-tour .act').textContent.includes('Positions')")
    tour.get_by_role("tab", name="Positions", exact=True).click()
    tour.wait_for_function("(act) => document.querySelector('.vx-tour .act').textContent === act", arg=STEPS[3].act)
    assert tour.locator(f"{CARD} .count").inner_text().startswith("Step 4 ")


@pytest.mark.parametrize("size", [VIEWPORT, LARGE, PHONE], ids=lambda size: str(size["width"]))
def test_the_button_that_a_step_asks_for_is_lit(tour, size):
    """On a large screen too, where the page is zoomed."""
    page = tour
    page.set_viewport_size(size)
    page.evaluate("vx.go('tour=7')")
    at_step(page, 7)
    clear(page)
    button, lit = page.locator(".vx-ablate .strongest").bounding_box(), page.locator(".vx-tour .spot").bounding_box()
    assert button["width"] > 0
    assert lit["x"] <= button["x"] and button["x"] + button["width"] <= lit["x"] + lit["width"]
    assert lit["y"] <= button["y"] and button["y"] + button["height"] <= lit["y"] + lit["height"]


@pytest.mark.parametrize("size", [VIEWPORT, LARGE, PHONE], ids=lambda size: str(size["width"]))
def test_next_stays_at_one_place(tour, size):
    """Pressed there again and again, it leads through the tour to the button that ends it."""
    tour.set_viewport_size(size)
    button = tour.locator(f"{CARD} .next")
    box = button.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for number in range(1, len(STEPS) + 1):
        at_step(tour, number)
        assert tour.evaluate("([x, y]) => document.elementFromPoint(x, y).className", [x, y]) == button.get_attribute(
            "class"
        )
        tour.mouse.click(x, y)
    tour.locator(CARD).wait_for(state="hidden")


def test_what_the_step_of_a_token_points_at_is_computed_in_the_light(tour):
    tour.evaluate("vx.go('tour=3')")
    at_step(tour, 3)
    clear(tour)
    line, lit = tour.locator(".vx-patch .readout").bounding_box(), tour.locator(".vx-tour .spot").bounding_box()
    assert lit["y"] <= line["y"] and line["y"] + line["height"] <= lit["y"] + lit["height"]


def test_keys_step_and_back_of_the_browser_goes_back(tour):
    tour.keyboard.press("ArrowRight")
    at_step(tour, 2)
    tour.keyboard.press("ArrowLeft")
    at_step(tour, 1)
    tour.keyboard.press("ArrowRight")
    at_step(tour, 2)
    written(tour)
    tour.go_back()
    at_step(tour, 1)


def test_on_a_phone_it_is_a_sheet_at_the_lower_edge_and_covers_nothing_it_speaks_of(same_page):
    page = same_page
    page.set_viewport_size(PHONE)
    for number in range(1, len(STEPS) + 1):
        page.evaluate("(number) => vx.go(`tour=${number}`)", number)
        at_step(page, number)
        clear(page)
    box = page.locator(CARD).bounding_box()
    assert (box["x"], box["width"]) == (0, 390)
    assert box["y"] + box["height"] == 844
    assert box["height"] <= 0.38 * 844 + 1
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert all(
        one["height"] >= 44
        for one in (button.bounding_box() for button in page.locator(f"{CARD} button:visible").all())
    )


def test_the_end_says_what_was_seen(tour):
    tour.evaluate("vx.go('tour=10')")
    at_step(tour, 10)
    grid, layers = tour.evaluate("[vx.get('trace').grid, vx.get('model').n_layers]")
    words = tour.locator(f"{CARD} .say").inner_text()
    assert f"{grid[0] * grid[1]} squares" in words
    assert f"{layers} times" in words
    assert "the answer: cat" in words
    assert "Keep (K)" in words and "Present (P)" in words


def test_numbers_in_braces_are_those_of_the_trace(tour):
    tour.evaluate("vx.go('tour=2')")
    at_step(tour, 2)
    shown = json.loads(tour.evaluate("JSON.stringify([vx.get('trace').grid, vx.get('trace').n_prefix])"))
    patches = shown[0][0] * shown[0][1]
    words = tour.locator(f"{CARD} .say").inner_text()
    assert f"{patches} squares" in words
    assert f"{patches + shown[1]} tokens" in words
