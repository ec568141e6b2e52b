"""Questions before answers: what would give an answer away is hidden, the numbers on screen decide, answers count."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.pages import drawn, fits
from vit_explorer.bench.page import open_page
from vit_explorer.models.folders import checkout

PANEL = ".vx-guess-panel"
OPEN = "#guess .open"
TOLD = f"{PANEL} .outcome"
# A view with questions, and how many.
VIEWS = {
    "tab=home": 1,
    "tab=patches": 2,
    "tab=positions": 2,
    "tab=attention&sub=heads": 1,
    "tab=attention&sub=inside": 1,
    "tab=attention&sub=rollout": 1,
    "tab=attention&sub=explain": 1,
    "tab=attention&sub=test": 1,
    "tab=attention&sub=layers": 1,
    "tab=features": 1,
    "tab=windows&sub=steps": 2,
    "tab=windows&sub=masks": 1,
    "tab=windows&sub=hierarchy": 1,
    "tab=windows&sub=cost": 1,
    "tab=train&sub=hunger": 1,
    "tab=recipe&sub=ingredients": 1,
    "tab=recipe&sub=distillation": 1,
    "tab=recipe&sub=ladder": 1,
    "tab=classify": 1,
    "tab=compare&sub=one-picture": 1,
    "tab=compare&sub=architectures": 1,
    "tab=compare&sub=guide": 1,
    "tab=roots&sub=cross": 1,
    "tab=roots&sub=decoding": 2,
    "tab=roots&sub=cache": 1,
}


def go(page, link: str) -> None:
    page.evaluate("(link) => vx.go(link)", link)
    drawn(page)


def ask(page) -> None:
    """Press Guess first, and wait for the question."""
    page.locator(OPEN).press("Enter")
    page.locator(f"{PANEL} form").wait_for()


def answer(page) -> str:
    """Press Answer, and what is told."""
    page.locator(f"{PANEL} .answer").click()
    page.locator(TOLD).wait_for(timeout=60_000)
    drawn(page)
    return page.locator(TOLD).inner_text()


def test_a_choice_is_made_by_keyboard_and_its_view_hides_the_answer_until_then(page):
    numbers = page.locator(".vx-patches .numbers")
    assert numbers.is_visible()
    assert not page.locator(PANEL).is_visible()
    ask(page)
    assert page.evaluate("document.activeElement.id") == "vx-guess-ask"
    assert not numbers.is_visible()
    page.keyboard.press("Tab")  # Close
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    options = [text.strip() for text in page.locator(f"{PANEL} label").all_inner_texts()]
    values = page.evaluate("vx.get('trace').patches.values")
    for _ in range(options.index(str(values))):
        page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator(TOLD).wait_for()
    assert page.locator(TOLD).get_attribute("data-state") == "right"
    assert str(values) in page.locator(TOLD).inner_text()
    assert numbers.is_visible()
    assert "1 of 1 right" in page.locator(OPEN).inner_text()
    page.keyboard.press("Escape")
    assert not page.locator(PANEL).is_visible()
    assert page.evaluate("document.activeElement.matches('#guess .open')")


def test_a_patch_is_clicked_and_the_view_shows_the_right_one(same_page):
    page = same_page
    go(page, "tab=attention&sub=heads&layer=4&head=1&token=9")
    ask(page)
    assert not page.locator(".vx-attention-heads .views").is_visible()
    right = page.evaluate("""async () => {
      const seen = (await vx.module("attention/data.js")).view(vx.state);
      const given = seen.row(3, 0, 0).subarray(seen.nPrefix);
      return given.indexOf(Math.max(...given));
    }""")
    far = 63 if right < 32 else 0
    side = page.locator(f"{PANEL} .spots").bounding_box()["width"] / 8
    page.locator(f"{PANEL} .spots").click(position={"x": (far % 8 + 0.5) * side, "y": (far // 8 + 0.5) * side})
    told = answer(page)
    assert page.locator(TOLD).get_attribute("data-state") == "wrong"
    assert f"patch {right + 1} " in told and f"Your patch {far + 1} " in told and "patches away" in told
    assert page.evaluate("vx.get('token')") == -1  # CLS, that was asked about
    assert page.locator(".vx-attention-heads .views").is_visible()


def test_another_picture_or_tab_ends_a_question_that_was_about_the_old_one(same_page):
    page = same_page
    go(page, "tab=patches")
    ask(page)
    page.locator(f"{PANEL} input").first.check()
    page.evaluate("vx.set('wish', {picture: 'sample:lion'})")
    page.wait_for_function("vx.get('settled').picture === 'sample:lion'")
    drawn(page)
    assert page.locator(PANEL).is_visible() and page.locator(f"{PANEL} input:checked").count() == 0
    go(page, "tab=positions")
    assert not page.locator(PANEL).is_visible()
    go(page, "tab=patches")
    assert page.locator(".vx-patches .numbers").is_visible()
    go(page, "tab=attention&sub=heads&layer=4&head=1")
    ask(page)
    page.locator(f"{PANEL} .spots").press("ArrowRight")
    assert "layer 4, head 1" in page.locator(f"{PANEL} h2").inner_text()
    go(page, "layer=2")
    assert "layer 2, head 1" in page.locator(f"{PANEL} h2").inner_text()
    assert page.locator(f"{PANEL} .answer").is_disabled()


@pytest.mark.slow
def test_every_question_is_asked_answered_and_decided(page):
    asked = undecided = 0
    for link, questions in VIEWS.items():
        go(page, link)
        ask(page)
        for number in range(questions):
            page.locator(f"{PANEL} form").wait_for()
            words = page.locator(f"{PANEL} h2").inner_text()
            choice = page.locator(f"{PANEL} .options").is_visible()
            if choice:
                page.locator(f"{PANEL} input").first.check()
            else:
                page.locator(f"{PANEL} .spots").press("ArrowRight")
            told = answer(page)
            assert not set("{}") & set(words + told), words
            state = page.locator(TOLD).get_attribute("data-state")
            assert state in {"right", "wrong", "undecided"}
            undecided += state == "undecided"
            assert page.locator("[data-vx-hidden]").count() == 0
            if number < questions - 1:
                page.locator(f"{PANEL} .next").click()
            asked += 1
        page.locator(f"{PANEL} .close").click()
    assert f"of {asked - undecided} right" in page.locator(OPEN).inner_text()


def test_a_network_that_has_not_what_is_asked_about_says_so(same_page):
    page = same_page
    go(page, "tab=positions&model=cnn-cifar10")
    page.locator(OPEN).click()
    page.locator(PANEL).get_by_text("cnn-cifar10").wait_for()
    assert "cnn-cifar10" in page.locator(f"{PANEL} h2").inner_text()
    assert not page.locator(f"{PANEL} form").is_visible()
    assert page.locator("[data-vx-hidden]").count() == 0


def test_a_question_that_cannot_be_asked_is_passed_over_for_one_that_can(same_page):
    page = same_page
    go(page, "tab=patches&model=vit-conv-cifar10")  # its patches have no one matrix, but pairs
    ask(page)
    assert "pairs" in page.locator(f"{PANEL} h2").inner_text()
    go(page, "model=cnn-cifar10")
    page.locator(PANEL).get_by_text("cnn-cifar10").wait_for()
    cut = page.locator(".vx-patches .numbers tbody tr").first.inner_text()
    assert "CLS" in cut and "undefined" not in cut  # of the small ViT, whose costs are shown then


def test_on_a_phone_in_the_dark_it_fits_and_axe_finds_no_fault(watched, address):
    page = watched(390, 844, color_scheme="dark", reduced_motion="reduce", has_touch=True)
    open_page(page, address)
    page.evaluate(((checkout() or Path()) / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    for link in ("tab=patches", "tab=attention&sub=heads"):  # a choice, and a patch
        go(page, link)
        ask(page)
        fits(page, 390)
        found = page.evaluate(
            "async () => (await axe.run('.vx-guess-panel')).violations.map(({id, nodes}) => `${id}: ${nodes[0].html}`)"
        )
        assert found == []
