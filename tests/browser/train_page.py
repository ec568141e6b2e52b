"""Steps in the Train tab that tests of races under way and of those at rest share."""

from __future__ import annotations

from tests.browser.races import PATIENCE, unfold


def open_setup(page):
    page.evaluate("vx.openTab('train')")
    page.wait_for_function("vx.get('lobby') && vx.get('setup')", timeout=PATIENCE)
    if not page.locator(".vx-train-setup .setup").is_visible():
        page.locator(".vx-train-controls .new").click()
    page.locator(".vx-train-setup .chip").nth(1).wait_for(timeout=PATIENCE)
    unfold(page)
    return page


def in_state(page, *states: str) -> None:
    page.wait_for_function("(states) => states.includes(vx.get('race').state)", arg=list(states), timeout=PATIENCE)
