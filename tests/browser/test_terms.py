"""A term of the glossary shows its entry to pointer, keyboard and touch."""

from __future__ import annotations

from tests.browser.pages import drawn


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
