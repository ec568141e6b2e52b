"""For everyone: axe-core finds nothing in any view, which all count from 1; the keyboard reaches them in few stops."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.pages import drawn, open_view, reload
from vit_explorer.bench.page import VIEWPORT, open_page
from vit_explorer.models.folders import checkout

AXE = "node_modules/axe-core/axe.min.js"
VIEW = "#tabs > [role=tabpanel]"
NARROW = ["scrollable-region-focusable", "button-name", "label", "color-contrast"]  # what less room can break
MOST_STOPS = 8  # of the Tab key, from the link that skips them to the first control of a view

# Faults that axe-core names in a part of the page: rule, how many elements, and the first of them. It looks at every
# element there is before it asks what is on screen, so views of closed tabs are put aside meanwhile, unless `whole`.
_FAULTS = """async ([part, only, whole]) => {
  const some = only ? { runOnly: { type: "rule", values: only } } : {};
  const closed = whole ? [] : [...document.querySelectorAll("[role=tabpanel]")].filter((one) => !one.checkVisibility());
  const aside = closed.map((panel) => {
    const nodes = document.createDocumentFragment();
    nodes.append(...panel.childNodes);
    return nodes;
  });
  try {
    const { violations } = await axe.run(part, { resultTypes: ["violations"], preload: false, ...some });
    return violations.map(({ id, nodes }) => `${id}, ${nodes.length}: ${nodes[0].html.slice(0, 160)}`);
  } finally {
    closed.forEach((panel, index) => panel.append(aside[index]));
  }
}"""
_TOLD = "async () => (await vx.module('frame/here.js')).lines().some(([kind]) => kind === 'You see')"  # by the help
# The tabs of the page, each with the names of its views.
_TABS = (
    """() => [...document.querySelectorAll("#tabs > .tab-wrapper [role=tab]")].map((tab) => tab.textContent.trim())"""
)
_VIEWS = """() => [...document.querySelectorAll("#tabs .tabs [role=tab]")]
  .filter((tab) => tab.checkVisibility()).map((tab) => tab.textContent.trim())"""


# What is seen or heard of a view and counts from 0: words, names, and what has been drawn on canvases.
_COUNTED = "row|column|layer|head|patch|token|window|region|stage|block|step|filter|dimension|channel|pixel"
_ZERO = rf"\b({_COUNTED})s? 0(?![\d.,]*\d)"  # no "head 0.5"
_FROM_ZERO = """(pattern) => {
  const zero = new RegExp(pattern, "gi");
  const named = [...document.querySelectorAll("body *")].filter((one) => one.checkVisibility()).flatMap((one) =>
    ["aria-label", "aria-valuetext", "title", "alt"].map((name) => one.getAttribute(name) ?? ""));
  return [document.body.innerText, ...named, ...drawnWords].flatMap((words) => words.match(zero) ?? []);
}"""
_KEEP_DRAWN = """() => {
  window.drawnWords = [];
  const draw = CanvasRenderingContext2D.prototype.fillText;
  CanvasRenderingContext2D.prototype.fillText = function (words, ...where) {
    drawnWords.push(String(words));
    return draw.call(this, words, ...where);
  };
}"""


# What is pressed on a phone and lower than a finger needs; terms stand in lines of words.
_LOW = """() => {
  const low = [];
  for (const one of document.querySelectorAll("#tabs, #lead, #rail, #header")) for (const pressed of
    one.querySelectorAll("button:not(.vx-term), select, summary, input:not([type=file], .vx-unseen), [role=tab]")) {
    if (!pressed.checkVisibility({ visibilityProperty: true, opacityProperty: true })) continue;
    const target = pressed.matches("[type=checkbox], [type=radio]") ? pressed.closest("label") ?? pressed : pressed;
    const { width, height } = target.getBoundingClientRect();
    if (width > 2 && height > 2 && height < 43.5) low.push(`${height}: ${target.outerHTML.slice(0, 120)}`);
  }
  return low;
}"""


def views(page):
    """Open every view of the page, one after another, and yield its name."""
    for tab in page.evaluate(_TABS):
        open_view(page, tab)
        inner = page.evaluate(_VIEWS)
        for view in inner:
            open_view(page, view)
            yield f"{tab} / {view}"
        if not inner:
            yield tab


@pytest.mark.slow
def test_in_no_view_axe_finds_a_fault_or_anything_counts_from_0(watched, address):
    """Each view is opened once, the first patch marked; light, dark and on a phone. In dark only colours are others."""
    source = (checkout() or Path()) / AXE
    assert source.is_file(), f"{AXE} is missing: scripts/dev setup brings it"
    page = watched(reduced_motion="reduce")  # no colour is on its way to another
    open_page(page, address)
    page.evaluate(source.read_text(encoding="utf-8"))
    page.evaluate(_KEEP_DRAWN)
    page.evaluate("vx.pin(0)")
    found, from_zero, low, untold = {}, {}, {}, []
    for view in views(page):
        from_zero[view] = page.evaluate(_FROM_ZERO, _ZERO)
        if not page.evaluate(_TOLD):
            untold.append(view)
        found[view, "light"] = page.evaluate(_FAULTS, [":root", None, False])
        page.evaluate("document.body.classList.add('dark')")
        drawn(page)
        found[view, "dark"] = page.evaluate(_FAULTS, [VIEW, ["color-contrast"], False])
        page.evaluate("document.body.classList.remove('dark')")
        page.set_viewport_size({"width": 390, "height": 844})
        drawn(page)
        found[view, "phone"] = page.evaluate(_FAULTS, [VIEW, NARROW, False])
        low[view] = page.evaluate(_LOW)
        page.set_viewport_size(VIEWPORT)
    kept = page.evaluate("async () => [...(await vx.module('core/link.js')).remember().views.values()].length")
    assert kept > 25  # every view that links know of can be remembered, wherever its tab is
    for theme in ("light", "dark"):
        page.evaluate("(theme) => vx.go(`words=mute a head&theme=${theme}`)", theme)
        page.get_by_role("dialog", name="Help").wait_for()
        found["help", theme] = page.evaluate(_FAULTS, [".vx-frame-help", None, False])
        page.get_by_role("button", name="All words").click()
        page.get_by_role("button", name="Back to help").click()
        found["help, topics", theme] = page.evaluate(_FAULTS, [".vx-frame-help", None, False])
        page.keyboard.press("Escape")
        page.evaluate("vx.go('tour=1')")
        page.locator(".vx-tour .spot").wait_for()
        found["tour", theme] = page.evaluate(_FAULTS, [".vx-tour", None, False])
        page.keyboard.press("Escape")
        page.locator(".vx-tour .card").wait_for(state="hidden")
    found["all views", "together"] = page.evaluate(_FAULTS, [":root", ["duplicate-id-aria"], True])
    faulty = [f"{' '.join(key)}: {fault}" for key, faults in found.items() for fault in faults]
    assert faulty == []
    assert untold == []
    assert {view: words for view, words in from_zero.items() if words} == {}
    assert {view: targets for view, targets in low.items() if targets} == {}


@pytest.fixture
def page(same_page):
    return same_page


_IN_VIEW = "document.activeElement.closest('#tabs [role=tabpanel]') !== null"


@pytest.mark.parametrize("view", ["Home", "Patches", "Attention", "Windows", "Train", "Classify"])
def test_few_stops_lead_to_a_view(page, view):
    open_view(page, view)
    page.locator(".vx-header .skip").focus()
    stops: list[str] = []
    page.keyboard.press("Tab")
    while not page.evaluate(_IN_VIEW) and len(stops) < 2 * MOST_STOPS:
        stops.append(page.evaluate("document.activeElement.outerHTML.slice(0, 99)"))
        page.keyboard.press("Tab")
    assert 2 <= len(stops) <= MOST_STOPS, stops


def test_the_first_stop_skips_to_the_view(page):
    reload(page)  # the keyboard begins at the top again
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the view"
    page.keyboard.press("Enter")
    assert page.evaluate(_IN_VIEW)


def test_arrow_keys_reach_all_of_a_toolbar_past_a_list_that_chooses(page):
    open_view(page, "Patches")
    model = page.locator("#vx-model")
    model.focus()
    chosen = model.input_value()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.textContent") == "Letterbox"
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert page.evaluate("document.activeElement.textContent") == "Upload"
    assert model.input_value() == chosen
    reached = page.locator(".vx-header .bar :is(a, button):visible")
    page.locator(".vx-header .home").focus()
    for k in range(1, reached.count()):
        page.keyboard.press("ArrowRight")
        assert reached.nth(k).evaluate("(one) => one === document.activeElement")


def test_arrow_keys_move_along_tabs_and_pictures_and_enter_takes_one(page):
    focused = "document.activeElement.textContent.trim()"
    page.locator("#tabs > .tab-wrapper [role=tab]").first.focus()
    names = page.evaluate(_TABS)
    page.keyboard.press("ArrowRight")
    assert page.evaluate(focused) == names[1]
    page.keyboard.press("End")
    assert page.evaluate(focused) == names[-1]
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    drawn(page)
    assert page.locator("#tabs > .tab-wrapper [role=tab][aria-selected=true]").inner_text() == names[1]
    reached = page.locator("#tabs > .tab-wrapper [role=tab]").evaluate_all(
        "(tabs) => tabs.filter((tab) => tab.tabIndex === 0).map((tab) => tab.textContent.trim())"
    )
    assert reached == [names[1]]  # one stop, and it is the open one
    pictures = page.locator(".vx-frame .gallery [role=option]")
    pictures.first.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    wanted = pictures.nth(1).get_attribute("data-name")
    page.wait_for_function("(name) => vx.get('settled').picture === name", arg=wanted)
    assert pictures.nth(1).get_attribute("aria-selected") == "true"
