"""The Classify tab in a real browser: several pictures, bad ones among them, every model side by side."""

from __future__ import annotations

import io
import json
import re

import numpy as np
import pytest
from PIL import Image

from tests.browser.pages import drawn, reload, save, written
from vit_explorer.models.summary import accuracy_percent

TABLE = ".vx-classify .answers table"


def png(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (8, 8, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).resize((120, 90)).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def classify(same_page):
    """The tab on the sample at the left, with its details unfolded."""
    page = same_page
    page.evaluate("vx.set('told', {})")
    page.evaluate("vx.go('tab=classify', true)")
    page.evaluate("document.querySelector('.vx-classify .details').open = true")
    drawn(page)
    page.wait_for_function("document.querySelectorAll('.vx-classify .cards .vx-number').length > 0")
    return page


def choose(page, *files: tuple[str, bytes]) -> None:
    page.set_input_files(
        ".vx-classify .file", [{"name": name, "mimeType": "image/png", "buffer": data} for name, data in files]
    )


def test_the_first_screen_is_the_picture_at_the_left(classify):
    n_models = classify.evaluate("vx.get('catalogue').models.length")
    cards = classify.locator(".vx-classify .cards > *")
    assert cards.count() == 1
    assert classify.evaluate("vx.get('trace').picture.title") in cards.first.inner_text()
    assert cards.first.locator(".vx-bars").count() == n_models
    best = classify.evaluate("Math.max(...vx.get('trace').probabilities)")
    assert f"{100 * best:.1f} %" in cards.first.inner_text()


def test_several_pictures_at_once_and_a_bad_one_among_them(classify):
    choose(classify, ("one.png", png(1)), ("broken.png", b"no picture"), ("two.png", png(2)))
    classify.wait_for_function("document.querySelectorAll('.vx-classify .cards > *').length >= 2")
    classify.wait_for_function(
        "['one.png', 'two.png'].every((t) => document.querySelector('.vx-classify .cards').textContent.includes(t))"
    )
    problems = classify.locator(".vx-classify .problems")
    assert problems.locator("li").count() == 1
    assert "broken.png" in problems.inner_text()


def test_times_are_shown_in_milliseconds(classify):
    assert " ms" in classify.locator(".vx-classify .cards").inner_text()


def test_a_card_opens_its_picture_in_every_tab(classify):
    choose(classify, ("mine.png", png(3)))
    classify.wait_for_function("document.querySelector('.vx-classify .cards').textContent.includes('mine.png')")
    classify.wait_for_function("vx.get('settled').picture.startsWith('upload:')")  # what is brought is open at once
    classify.evaluate("vx.set('wish', { picture: 'sample:cat' })")
    classify.wait_for_function("vx.get('settled').picture === 'sample:cat'")
    card = classify.locator(".vx-classify .cards > *", has_text="mine.png")
    card.get_by_role("button", name="mine.png open in every tab").click()
    classify.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    assert classify.locator(".vx-frame .title").inner_text() == "mine.png"


def test_the_honest_line_names_the_classes(classify):
    text = classify.locator(".vx-classify .honest").inner_text()
    assert "ten things: airplane, " in text and " and truck" in text
    assert "circle" not in text  # the networks of drawn shapes have no column
    above = "(table) => document.querySelector('.vx-classify .honest').getBoundingClientRect().bottom"
    assert classify.locator(TABLE).evaluate(f"{above} <= table.getBoundingClientRect().top")


def test_a_column_says_what_its_network_is_and_how_often_it_was_right(classify):
    models = {one["name"]: one for one in classify.evaluate("vx.get('catalogue').models")}
    heads = classify.locator(f"{TABLE} thead th[title]")
    tested = classify.locator(f"{TABLE} thead td").all_inner_texts()
    named = [models[title.rpartition(", ")[2]] for title in heads.evaluate_all("(all) => all.map((th) => th.title)")]
    assert len(named) == len(names(classify))
    assert [head.split("\n")[1] for head in heads.all_inner_texts()] == [one["gist"] for one in named]
    assert tested == [accuracy_percent(one["test_accuracy"]) for one in named]


def test_the_table_judges_each_answer_by_the_true_one_that_is_typed(classify):
    cells = classify.locator(f"{TABLE} tbody td:not(:has(input))")
    agreement = classify.locator(f"{TABLE} tbody .agree").inner_text()
    assert "say" in agreement or "agree" in agreement
    classify.wait_for_function(f"document.querySelector('{TABLE} tbody td.right') !== null")
    photographic = classify.evaluate("vx.get('catalogue').models.filter(({ data }) => data !== 'shapes').length")
    assert cells.count() == photographic  # the sample is no drawn shape
    field = classify.get_by_label("What Cat shows")
    assert field.input_value() == "cat"
    best = classify.evaluate("Math.max(...vx.get('trace').probabilities)")
    assert f"cat {100 * best:.1f} %" in cells.all_text_contents()[names(classify).index(short(classify))]
    field.fill("bus")
    field.press("Enter")
    classify.wait_for_function(f"document.querySelectorAll('{TABLE} tbody td.none').length > 0")
    assert classify.locator(f"{TABLE} tbody td.right").count() == 0
    assert classify.locator(f"{TABLE} tfoot strong").first.inner_text() == "–"  # a bus is none of the classes
    field.fill("dog")
    field.press("Enter")
    classify.wait_for_function(f"document.querySelectorAll('{TABLE} tbody td.none').length === 0")
    assert classify.locator(f"{TABLE} tfoot strong").first.inner_text().endswith(" of 1")
    assert "are right about Cat" not in classify.locator(".vx-classify .trust").inner_text()
    height = f"document.querySelector('{TABLE} tbody').offsetHeight"
    before = classify.evaluate(height)
    nothing = classify.get_by_role("button", name="Cat shows none of these classes")
    nothing.click()
    classify.wait_for_function(f"document.querySelectorAll('{TABLE} tbody td.none').length === {photographic}")
    assert nothing.get_attribute("aria-pressed") == "true" and field.input_value() == "none of these"
    assert classify.evaluate(height) == before  # a row below stays under the pointer
    assert classify.locator(".vx-classify .trust").inner_text().startswith("On Cat no answer can be right")
    assert classify.locator(f"{TABLE} tfoot td span").all_inner_texts() == ["1 not counted"] * photographic
    nothing.click()
    classify.wait_for_function(f"document.querySelector('{TABLE} tbody td.right') !== null")
    assert field.input_value() == "cat"


@pytest.mark.parametrize("network", ["vit-cifar10", "cnn-cifar10"])
def test_the_reason_of_an_answer_is_where_it_comes_from_in_the_picture(classify, network):
    classify.evaluate("vx.go('picture=sample:rocket')")
    classify.wait_for_function(f"document.querySelector('{TABLE}').textContent.includes('ship')")
    classify.locator(f"{TABLE} thead th[title$='{network}']").wait_for()
    titles = classify.locator(f"{TABLE} thead th[title]").evaluate_all("(all) => all.map((one) => one.title)")
    column = next(k for k, one in enumerate(titles) if one.endswith(network))
    classify.locator(f"{TABLE} tbody .why").nth(column).click()
    finding = classify.locator(".vx-explain .outcome", has_text=re.compile("It says ship|decides|None of these maps"))
    finding.wait_for()
    assert classify.evaluate("[vx.get('trace').model, vx.get('trace').picture.name]") == [network, "sample:rocket"]
    told = re.search(r"([\d.]+) % → ([\d.]+) %", classify.locator(".vx-explain .photo .fact").inner_text())
    assert told is None or float(told[2]) <= float(told[1]) / 2


def test_a_field_that_is_written_in_keeps_its_words_while_answers_come(classify):
    field = classify.get_by_label("What Cat shows")
    field.fill("")
    field.press_sequentially("do")
    choose(classify, ("mine.png", png(4)))
    classify.wait_for_function(f"document.querySelectorAll('{TABLE} tbody tr').length === 2")
    classify.wait_for_function(f"!document.querySelector('{TABLE}').textContent.includes('…')")
    assert field.input_value() == "do"
    assert field.evaluate("(field) => field === document.activeElement")


def test_what_a_visitor_tells_of_a_picture_counts_in_every_view_and_after_a_reload(classify):
    choose(classify, ("mine.png", png(7)))
    rail = classify.locator(".vx-frame .verdict")
    classify.wait_for_function("vx.get('settled').picture.startsWith('upload:')")
    classify.wait_for_function(f"document.querySelectorAll('{TABLE} tbody td.unknown').length > 0")
    answer = classify.evaluate(
        "vx.get('trace').classes[vx.get('trace').probabilities.indexOf(Math.max(...vx.get('trace').probabilities))]"
    )
    assert rail.get_attribute("data-state") == "unknown"
    field = classify.get_by_label("What mine.png shows")
    field.click()
    classify.keyboard.type(f" {answer.upper()}")
    classify.keyboard.press("Enter")
    assert field.input_value() == answer
    assert rail.get_attribute("data-state") == "right"
    assert classify.locator(f"{TABLE} tbody td.none").count() == 0
    classify.evaluate("vx.go('tab=compare&sub=one-picture')")
    drawn(classify)
    assert f"label is {answer}" in classify.locator(".vx-compare-picture .verdict").inner_text()
    classify.evaluate("vx.go('tab=home')")
    classify.wait_for_function(
        "(answer) => document.querySelector('.vx-home').innerText.includes(`labelled ${answer}`)", arg=answer
    )
    written(classify)
    reload(classify)
    classify.evaluate("vx.go('tab=classify')")
    drawn(classify)
    assert rail.get_attribute("data-state") == "right"
    field.fill("")
    field.press("Enter")
    assert rail.get_attribute("data-state") == "unknown"


def test_who_comes_to_a_field_writes_in_place_of_what_stands_in_it(classify):
    field = classify.get_by_label("What Cat shows")
    classify.get_by_role("button", name="Cat shows none of these classes").click()
    field.click()
    classify.keyboard.type("dog")
    classify.keyboard.press("Enter")
    assert field.input_value() == "dog"
    field.click()
    field.click()  # the second click sets the caret
    assert field.evaluate("(field) => field.selectionStart === field.selectionEnd")


def test_a_name_that_no_network_knows_is_questioned(classify):
    field = classify.get_by_label("What Cat shows")
    height = classify.locator(f"{TABLE} tbody").evaluate("(body) => body.offsetHeight")
    field.fill("none ocatf these")
    field.press("Enter")
    doubt = classify.locator(f"{TABLE} .doubt")
    assert doubt.inner_text() == "Did you mean cat?"
    assert classify.locator(f"{TABLE} tbody").evaluate("(body) => body.offsetHeight") == height
    doubt.get_by_role("button").click()
    assert (field.input_value(), doubt.inner_text()) == ("cat", "")
    field.fill("rocket")
    field.press("Enter")
    assert doubt.inner_text() == "Not known here."


def names(page) -> list[str]:
    """The models of the table, in its order."""
    return page.locator(f"{TABLE} thead .called").all_inner_texts()


def short(page) -> str:
    return page.evaluate("vx.get('catalogue').models.find((one) => one.name === vx.get('model').name).short")


def test_own_pictures_take_the_place_of_the_sample_and_a_row_opens_and_removes_its_own(classify):
    rows = classify.locator(f"{TABLE} tbody tr")
    choose(classify, ("one.png", png(5)), ("two.png", png(6)))
    classify.wait_for_function(f"document.querySelector('{TABLE} tbody').textContent.includes('two.png')")
    titles = rows.locator("th > span:nth-child(2)")
    assert titles.all_inner_texts() == ["one.png", "two.png"]
    shown = "(title) => document.querySelector('.vx-frame .title').textContent === title"
    classify.wait_for_function(shown, arg="one.png")  # the first that the visitor brought is at the left
    rows.nth(1).get_by_role("button", name="open: two.png, in every tab").click()
    classify.wait_for_function(shown, arg="two.png")
    rows.first.get_by_role("button", name="open: one.png, in every tab").click()
    classify.wait_for_function(shown, arg="one.png")
    assert rows.first.locator(".show").inner_text() == "open now"
    rows.first.get_by_role("button", name="Remove one.png").click()
    assert titles.all_inner_texts() == ["two.png"]
    assert classify.evaluate("document.activeElement.getAttribute('aria-label')") == "Remove two.png"
    assert classify.evaluate("document.activeElement.closest('table') !== null")
    classify.set_viewport_size({"width": 390, "height": 844})
    drawn(classify)
    first = rows.first.locator("th")
    scroll = classify.locator(".vx-classify .vx-scroll")
    left = first.bounding_box()["x"]
    scroll.evaluate("(scroll) => { scroll.scrollLeft = 100; }")
    assert scroll.evaluate("(scroll) => scroll.scrollLeft") == 100
    assert first.bounding_box()["x"] == pytest.approx(left, abs=14)  # the panel's padding goes, the column stays


def test_the_table_is_saved_and_one_link_holds_all_of_it(classify):
    classify.locator(".vx-classify .left").click()  # the sample is wanted too
    choose(classify, ("mine.png", png(4)))
    classify.wait_for_function(f"document.querySelectorAll('{TABLE} tbody tr').length === 2")
    field = classify.get_by_label("What mine.png shows")
    field.fill("dog")
    field.press("Enter")
    classify.wait_for_function(f"!document.querySelector('{TABLE}').textContent.includes('…')")
    lines = save(classify, ".vx-classify .answers", "csv").path().read_text(encoding="utf-8").splitlines()
    assert len(lines) == 1 + 2 * classify.evaluate("vx.get('catalogue').models.length")
    assert lines[1].startswith("mine.png,dog,")
    probabilities = json.loads(save(classify, ".vx-classify .answers", "json").path().read_text(encoding="utf-8"))
    assert len(probabilities) > 20
    assert np.isfinite([one["probability"] for one in probabilities]).all()
    picture = save(classify, ".vx-classify .answers", "png")
    assert picture.suggested_filename == "mine-png-and-1-more-answers.png"
    with Image.open(picture.path()) as image:
        assert image.width > 2 * 150 * len(names(classify))
    before = classify.locator(f"{TABLE} tbody").inner_text()
    classify.wait_for_function("location.hash.includes('dog')")
    reload(classify)
    classify.wait_for_function(f"document.querySelectorAll('{TABLE} tbody tr').length === 2", timeout=60_000)
    classify.wait_for_function(
        f"(before) => document.querySelector('{TABLE} tbody').innerText === before", arg=before, timeout=60_000
    )
    assert classify.get_by_label("What mine.png shows").input_value() == "dog"
