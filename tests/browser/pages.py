"""Pages that one test after another uses. A page loaded again in its own process costs a third of a new one."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from PIL import Image

from vit_explorer.bench.page import settled

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Download, Page

_DRAWN = """async () => {
  const frames = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await frames(); // what has got a size, or another state, is painted or asks the server
  await vx.idle();
  await frames();
}"""
_AGAIN = """async (first) => {
  localStorage.clear();
  sessionStorage.clear();
  document.activeElement?.blur();
  document.querySelector("#vx-say")?.classList.remove("shown");
  await vx.go(first, true);
  scrollTo(0, 0);
}"""
_HASTEN = """() => {
  const unhurried = window.setTimeout;
  const hurried = (act, time = 0, ...rest) => unhurried(act, time / 5, ...rest);
  window.setTimeout = Object.assign(hurried, { unhurried });
}"""
PHONE = {"width": 390, "height": 844}
DEFAULT_MEDIA = {"color_scheme": "light", "reduced_motion": "no-preference"}


@dataclass
class Visitor:
    """One page in a context of its own, with the faults that the page has shown since :meth:`arrive`.

    Attributes:
        first: the link to picture and model of the page as it was opened.
    """

    page: Page
    address: str = ""
    first: str = ""
    faults: list[str] = field(default_factory=list)
    listeners: list[tuple[str, Callable[..., object]]] = field(default_factory=list)

    @classmethod
    def new(cls, browser: Browser, **device: bool) -> Visitor:
        visitor = cls(browser.new_context(**device).new_page())
        page = visitor.page
        page.on("console", lambda message: message.type == "error" and visitor.note(f"console: {message.text}"))
        page.on("pageerror", lambda error: visitor.note(f"page error: {error}"))
        page.on("request", lambda request: visitor.check(request.url))
        page.on = visitor.listen  # from here on: the listeners of a test end with it
        return visitor

    def listen(self, event: str, listener: Callable[..., object]) -> None:
        self.listeners.append((event, listener))
        type(self.page).on(self.page, event, listener)

    def note(self, fault: str) -> None:
        if self.address:
            self.faults.append(fault)

    def check(self, url: str) -> None:
        """Note a request that goes neither to the app nor to the page's own data."""
        if not url.startswith((self.address, "data:", "blob:")):
            self.note(f"foreign request: {url}")

    def arrive(self, address: str, width: int, height: int, **media: str) -> Page:
        """The empty page with this size and these preferences; requests may go to this address alone."""
        self.address, self.faults = address, []
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(**DEFAULT_MEDIA | media)
        return self.page

    def leave(self) -> list[str]:
        """Forget all that the browser has kept for this visitor, and go; the faults seen."""
        found, self.address = self.faults, ""
        while self.listeners:
            self.page.remove_listener(*self.listeners.pop())
        self.page.unroute_all()
        if not self.page.url.startswith("about:"):
            self.page.evaluate("localStorage.clear(); sessionStorage.clear()")
        self.page.goto("about:blank")
        self.page.mouse.move(0, 0)
        return found

    def again(self, width: int, height: int, **media: str) -> list[str]:
        """Stay, with the first picture and all that a link holds of the open view at its default; the faults seen."""
        found, self.faults = self.faults, []
        while self.listeners:
            self.page.remove_listener(*self.listeners.pop())
        self.page.unroute_all()
        self.page.mouse.move(0, 0)
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.emulate_media(**DEFAULT_MEDIA | media)
        self.page.evaluate(_AGAIN, self.first)
        return found

    def close(self) -> None:
        self.page.context.close()


class Visitors:
    """As many visitors as a test asks for at once, kept for the next test unless the test has failed."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._away: dict[bool, list[Visitor]] = {False: [], True: []}  # by whether they have a touch screen
        self._here: list[tuple[bool, Visitor]] = []

    def arrive(self, address: str, width: int, height: int, has_touch: bool = False, **media: str) -> Page:
        visitor = self.borrow(has_touch)
        self._here.append((has_touch, visitor))
        return visitor.arrive(address, width, height, **media)

    def borrow(self, has_touch: bool = False) -> Visitor:
        """A visitor for as long as its borrower wants."""
        away = self._away[has_touch]
        return away.pop() if away else Visitor.new(self._browser, has_touch=has_touch)

    def give_back(self, visitor: Visitor) -> None:
        visitor.leave()
        self._away[False].append(visitor)

    def leave(self, failed: bool) -> list[str]:
        """Send all visitors away, for good if the test has failed; the faults that their pages have shown."""
        faults: list[str] = []
        for has_touch, visitor in self._here:
            if failed or visitor.page.is_closed():
                faults += visitor.faults
                visitor.close()
            else:
                faults += visitor.leave()
                self._away[has_touch].append(visitor)
        self._here.clear()
        return faults


def written(page: Page) -> None:
    """Wait until the page's address says what is on screen."""
    address = page.evaluate_handle("async () => (await vx.module('core/link.js')).address")
    page.wait_for_function("(address) => address() === location.href", arg=address)  # a promise would count as true


def reload(page: Page) -> None:
    """Load the page again, as F5 does, once its address says what is on screen."""
    written(page)
    page.reload()
    settled(page)


def drawn(page: Page) -> None:
    """Wait until the views on screen have the server's answers and are painted; animations may go on."""
    page.evaluate(_DRAWN)


def open_view(page: Page, view: str) -> None:
    """Open a tab, and a view of the tab if named, as in "Attention / Heads", and wait until it is drawn."""
    for name in view.split(" / "):
        tab = page.get_by_role("tab", name=name, exact=True)
        tab.click()
        page.wait_for_function("(tab) => tab.getAttribute('aria-selected') === 'true'", arg=tab.element_handle())
    page.locator("[role=tabpanel] .vx-widget:visible").first.wait_for()
    drawn(page)


def save(page: Page, view: str, format: str) -> Download:
    """Save a view, found by a CSS selector, in one of the formats of its menu."""
    page.locator(f"{view} .vx-save summary").click()
    with page.expect_download() as download:
        page.locator(f"{view} [data-format={format}]").click()
    return download.value


@contextmanager
def beforehand(page: Page, script: str) -> Iterator[None]:
    """Run a script before those of each page that is opened meanwhile; at the end the page is empty."""
    session = page.context.new_cdp_session(page)
    session.send("Page.enable")
    session.send("Page.addScriptToEvaluateOnNewDocument", {"source": script})
    try:
        yield
    finally:
        session.detach()  # takes the script along
        page.goto("about:blank")


@contextmanager
def hastened(page: Page) -> Iterator[None]:
    """Have what the page does after a while happen five times as soon, such as the next step of a film."""
    page.evaluate(_HASTEN)
    yield
    page.evaluate("() => { window.setTimeout = window.setTimeout.unhurried; }")


def fits(page: Page, width: int) -> None:
    """Wait until the page, drawn, does not scroll sideways."""
    drawn(page)
    page.wait_for_function("(width) => document.documentElement.scrollWidth <= width", arg=width)


def red_picture() -> dict[str, object]:
    """A file as Playwright gives it to a field."""
    buffer = io.BytesIO()
    Image.new("RGB", (40, 40), "red").save(buffer, "PNG")
    return {"name": "red.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
