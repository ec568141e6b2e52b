"""Steps in the Roots tab that the tests of its views share."""

from __future__ import annotations

from tests.browser.pages import drawn

LONG = 60_000  # ms, for a slow machine


def open_roots(page):
    """Open the tab at its first view, with its first sequence in the trained network."""
    page.evaluate("vx.go('tab=roots&sub=cross')")
    page.wait_for_function("vx.get('text')?.text === 'BLACKBOARD'", timeout=LONG)
    page.locator(".vx-text-sequence .outputs .tile").first.wait_for()
    drawn(page)
    return page


def open_view(page, name: str) -> None:
    """Open a view of the tab."""
    page.evaluate(
        """(name) => [...document.querySelectorAll("#text-tabs [role=tab]")]
          .find((one) => one.textContent.trim() === name).click()""",
        name,
    )
    drawn(page)  # the answer about the first sequence, and no longer the one about that of the test before


def word(page, row: str) -> str:
    """Letters of a row of tiles, without the numbers on them."""
    return page.eval_on_selector_all(
        f".vx-text-sequence .{row} .tile", "(tiles) => tiles.map((tile) => tile.firstChild.textContent).join('')"
    )


def read(page, text: str) -> None:
    page.locator(".vx-text-bar .text").fill(text)
    page.keyboard.press("Enter")
    page.wait_for_function(f"vx.get('text').text === '{text.upper()}'", timeout=LONG)
    drawn(page)


def image_of(page, selector: str) -> str:
    return page.eval_on_selector(selector, "(canvas) => canvas.toDataURL()")


def requests_of(page) -> list[str]:
    found: list[str] = []
    page.on("request", lambda request: found.append(request.url))
    return found
