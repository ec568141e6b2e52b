"""What is on screen is in the page's address: copied, opened by somebody else, loaded again, gone back to."""

from __future__ import annotations

from tests.browser.pages import drawn, open_view
from vit_explorer.bench.page import open_page, settled


def in_address(page, *parts: str) -> None:
    """Wait until the address holds these parts, each as key=value."""
    page.wait_for_function(
        "(parts) => parts.every((part) => location.hash.slice(1).split('&').includes(part))", arg=list(parts)
    )


def test_back_and_forward_go_from_tab_to_tab_with_their_settings(page):
    in_address(page, "tab=patches")
    open_view(page, "Attention / Heads")
    page.evaluate("vx.pin(9)")
    page.locator(".vx-attention-heads [data-direction=column]").click()
    in_address(page, "tab=attention", "sub=heads", "token=9", "direction=column")
    open_view(page, "Layers")
    in_address(page, "sub=layers")
    assert "direction" not in page.url
    page.go_back()
    page.locator(".vx-attention-heads [data-direction=column][aria-pressed=true]").wait_for()
    page.go_back()
    page.locator(".vx-patches:visible").wait_for()
    page.go_forward()
    page.locator(".vx-attention-heads [data-direction=column][aria-pressed=true]").wait_for()
    in_address(page, "tab=attention", "sub=heads", "direction=column")


def test_a_page_loaded_again_shows_the_same(page):
    open_view(page, "Attention / Heads")
    page.evaluate("vx.pin(9)")
    page.locator(".vx-attention-heads [data-scale=own]").click()
    page.get_by_role("button", name="Switch between light and dark").click()
    in_address(page, "scale=own", "token=9", "theme=dark")
    drawn(page)
    before = page.locator(".vx-attention-heads .large").evaluate("(canvas) => canvas.toDataURL()")
    page.reload()
    settled(page)
    drawn(page)
    assert page.locator(".vx-attention-heads .large").evaluate("(canvas) => canvas.toDataURL()") == before
    assert page.evaluate("vx.get('theme')") == "dark"


def test_what_a_link_cannot_mean_is_left_aside(watched, address):
    page = watched()
    nonsense = (
        "tab=attention&sub=nowhere&layer=99&head=x&scale=toString&token=4000&theme=pink&fit=round&more=1&model=none"
    )
    open_page(page, f"{address}#{nonsense}")
    drawn(page)
    in_address(page, "tab=attention", "sub=heads", "picture=sample:cat", "model=vit-cifar10")
    page.wait_for_function("(length) => location.hash.split('&').length === length", arg=4)  # nothing else is in it
    assert page.locator(".vx-attention-heads .which").inner_text() == "Layer 4, head 1"
