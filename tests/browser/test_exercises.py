"""The sheet of exercises: doors open views, answers are checked against what is open, and only the sheet is printed."""

from __future__ import annotations

from urllib.parse import parse_qsl
from xml.etree import ElementTree

from tests.browser.pages import drawn, save

FACTS = """() => {
  const { similarity, structure } = vx.get("model").positions;
  return { rows: similarity.shape[1], before: structure[0].two_d };
}"""


def test_doors_open_views_answers_are_checked_and_only_the_sheet_is_printed(same_page):
    page = same_page
    page.evaluate("vx.go('tab=exercises')")
    drawn(page)
    positions = page.locator(".vx-exercises section").nth(1)
    facts = page.evaluate(FACTS)
    field = "[data-check={}]"
    positions.locator(field.format("rows")).fill(str(facts["rows"]))
    positions.locator(field.format("scoreBefore")).fill(f"{facts['before']:.2f}")
    positions.locator(field.format("scoreAfter")).fill("0.1")
    positions.locator(".check").click()
    positions.get_by_text("2 of 4 right").wait_for()
    states = positions.locator(".result").evaluate_all("(all) => all.map((one) => one.dataset.state)")
    assert states == ["right", "right", "wrong", ""]

    svg = " ".join(" ".join(ElementTree.parse(save(page, ".vx-exercises", "svg").path()).getroot().itertext()).split())
    assert "What windows save" in svg and "Set up the race" not in svg
    assert "a. Before anything runs" in svg and "e. One seed decides little." in svg

    race = page.locator(".vx-exercises section").first
    race.locator("select").first.select_option("the CNN")
    race.locator(".check").click()
    race.locator(".result[data-state=open]").wait_for()

    windows = page.locator(".vx-exercises section").nth(2)
    windows.locator(field.format("module")).fill("13.8")
    windows.locator(".check").click()
    windows.get_by_text("1 of 4 right").wait_for()

    page.emulate_media(media="print")
    assert positions.locator("h3").is_visible()
    for hidden in (
        "#header",
        "#rail",
        "#tabs > .tab-wrapper",
        ".vx-exercises .check >> nth=0",
        ".vx-exercises .vx-save",
    ):
        assert not page.locator(hidden).is_visible(), hidden
    page.emulate_media(media="screen")
    windows.locator(".door").first.click()
    page.locator(".vx-windows-cost").wait_for()
    page.wait_for_function("location.hash.includes('tab=windows&sub=cost')")
    page.emulate_media(media="print")
    assert page.locator("#header").is_visible()  # other tabs are printed as they are
    page.emulate_media(media="screen")
    page.evaluate("vx.go('tab=exercises')")
    assert windows.locator(field.format("module")).input_value() == "13.8"


def test_every_door_leads_to_a_view_that_is_there(same_page):
    page = same_page
    page.evaluate("vx.go('tab=exercises')")
    drawn(page)
    tabs = page.evaluate("gradio_config.components.filter(({type}) => type === 'tabitem').map(({props}) => props.id)")
    page.evaluate("async () => (window.vxSheet = (await vx.module('exercises/sheet.js')).SHEET)")
    links = page.evaluate("vxSheet.flatMap(({tasks}) => tasks.flatMap(({link}) => link || []))")
    named = {value for link in links for key, value in parse_qsl(link) if key in ("tab", "sub")}
    assert len(links) >= 6
    assert named <= set(tabs)
