"""Attention's Heads, and what its canvases and words show, for the tests of Heads and of Rollout."""

from __future__ import annotations

import re

from tests.browser.pages import open_view
from vit_explorer.ui.attention.request import AttentionInput, load_attention
from vit_explorer.ui.core.requests import ModelRequest
from vit_explorer.ui.core.session import Session

SESSION = Session()


def open_heads(page):
    open_view(page, "Attention / Heads")
    page.wait_for_selector(".vx-attention-heads .large")
    page.wait_for_function("document.querySelector('.vx-attention-heads .pair').textContent.includes('gives')")
    return page


def image_of(page, selector: str) -> str:
    return page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()")


def traced(page) -> AttentionInput:
    """What is on screen, computed here."""
    shown = page.evaluate("(({ picture, model, fit }) => ({ picture, model, fit }))(vx.get('settled'))")
    return load_attention(SESSION, ModelRequest(**shown))


def settle(page) -> None:
    """Until the words of the newest marks are written."""
    page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")


def number(text: str) -> float:
    return float(re.search(r"([\d.e-]+) %", text)[1]) / 100


def hover(page, selector: str, x: float, y: float) -> None:
    page.locator(selector).scroll_into_view_if_needed()
    box = page.locator(selector).bounding_box()
    page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"])
    settle(page)
