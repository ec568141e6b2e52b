"""A term of the glossary shows its entry to pointer, keyboard and touch; any word can be looked up."""

from __future__ import annotations

from tests.browser.pages import drawn, reload


def test_a_term_shows_its_entry(page):
    page.evaluate("vx.openTab('patches')")
    drawn(page)
    term = page.locator(".vx-patches .vx-term", has_text="CLS")
    card = page.locator("#vx-term")
    term.hover()
    card.wait_for(state="visible")
    assert "prediction is read from it" in card.inner_text()
    assert "Glossary, From image to tokens" in card.inner_text()
    assert term.get_attribute("aria-describedby") == "vx-term"
    page.keyboard.press("Escape")
    card.wait_for(state="hidden")
    term.focus()
    card.wait_for(state="visible")
    box = card.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 1280 and box["y"] >= 0 and box["y"] + box["height"] <= 720


def test_a_word_is_looked_up_by_keyboard_and_a_link_holds_it(page):
    page.get_by_role("button", name="Words").press("Enter")
    dialog = page.get_by_role("dialog", name="What a word means")
    dialog.wait_for()
    assert dialog.locator("section").count() > 80
    page.keyboard.type("entrop")
    assert dialog.locator("h3").all_inner_texts() == ["Entropy", "Loss, cross-entropy"]
    page.wait_for_function("location.hash.includes('words=entrop')")
    reload(page)
    dialog.locator("h3", has_text="Entropy").first.wait_for()
    dialog.click(position={"x": 5, "y": 200})  # its own edge is not beside it
    dialog.locator(".entries").press("p")  # a key of the page
    assert dialog.is_visible() and not page.locator("body.vx-present").count()
    page.keyboard.press("Escape")
    dialog.wait_for(state="hidden")
    page.wait_for_function("!location.hash.includes('words')")


def test_no_dialog_is_left_open_unseen_on_the_stage(page):
    page.get_by_role("button", name="Words").press("Enter")
    page.get_by_role("dialog", name="What a word means").wait_for()
    page.evaluate("vx.go('present=1')")
    page.locator("body.vx-present").wait_for()
    assert not page.locator("dialog[open]").count()
    page.evaluate("vx.go('words=entropy')")
    assert not page.locator("dialog[open]").count()
    page.keyboard.press("Escape")
    page.wait_for_function("!document.body.classList.contains('vx-present')")
