"""The page in Chromium under the pointer and for another image: each move and each change is timed."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page, Request

VIEWPORT = {"width": 1280, "height": 720}
MOVES = 200  # pointer moves that mark another token each
POLL_OF = '"follow"'  # in the body of a poll of a race
STILL = 0.7  # seconds without a request,
LONGEST = 30.0  # for which is waited no longer than so many
WARM_UP = 10  # moves, or changes of image, that are not counted


@dataclass(frozen=True)
class Area:
    """An element with a grid under the pointer, and the JavaScript expression that names what is marked."""

    selector: str
    rows: int
    columns: int
    marked: str


TOKEN = 'vx.get("token")'
IMAGE = Area(":is(.vx-frame .marks, .vx-home .pixels):visible", 8, 8, TOKEN)  # patches of the first model

# Times every pointer move from the moment the event happened: to the end of all its listeners, when the marks of the
# last view have been drawn, and to the end of the frame after it, in which the last words were written too.
_WATCH_POINTER = """() => {
  const watch = new AbortController();
  const { signal } = watch;
  window.vxTimes = { drawn: [], shown: [], end: () => watch.abort() };
  window.addEventListener("pointermove", (event) => {
    const before = MARKED;
    window.addEventListener("pointermove", () => {
      if (MARKED === before) return;
      vxTimes.drawn.push(performance.now() - event.timeStamp);
      requestAnimationFrame(() => {
        const channel = new MessageChannel();
        channel.port1.onmessage = () => vxTimes.shown.push(performance.now() - event.timeStamp);
        channel.port2.postMessage(0);
      });
    }, { once: true, signal });
  }, { capture: true, signal });
}"""

_CHANGE_PICTURE = """(picture) => new Promise((resolve) => {
  const began = performance.now();
  let first = true; // a listener is told the present value at once
  vx.on("settled", () => {
    if (!first) resolve(performance.now() - began);
    first = false;
  });
  vx.set("wish", { picture });
})"""


def open_page(page: Page, address: str) -> None:
    """Go there, to the Patches tab unless the link names another, and wait until the finished example stands."""
    place, _, link = address.partition("#")
    named = re.search(r"(^|&)(tab|run)=", link)
    page.goto(f"{place}#{link}" if named else f"{place}#tab=patches{link and '&'}{link}")
    settled(page)


def settled(page: Page | Frame) -> None:
    """Wait until a page that has been opened or loaded again shows an answer; the first moments have no ``vx``."""
    page.wait_for_function("window.vx && vx.get('settled')", timeout=60_000)


def open_view(page: Page, view: str) -> None:
    """Open a tab, and a view of the tab if named, and let it draw."""
    for name in view.split(" / "):
        page.get_by_role("tab", name=name, exact=True).click()
    page.wait_for_timeout(800)


def still(page: Page) -> None:
    """Wait until the page has asked for nothing for a while: what comes later than the first answer has come too."""
    asked = [time.monotonic()]

    def note(request: Request) -> None:
        if POLL_OF not in (request.post_data or ""):
            asked.append(time.monotonic())

    page.on("request", note)
    page.on("requestfinished", note)
    page.evaluate("vx.idle()")
    began = time.monotonic()
    while asked[-1] + STILL > time.monotonic() < began + LONGEST:
        page.wait_for_timeout(100)
    page.remove_listener("request", note)
    page.remove_listener("requestfinished", note)


def change_picture(page: Page, name: str) -> float:
    """Milliseconds from the request of another image to the open tab drawn."""
    return float(page.evaluate(_CHANGE_PICTURE, name))


@dataclass(frozen=True)
class Pointing:
    """Milliseconds from each pointer move to the last mark and to the next frame."""

    drawn: list[float]
    shown: list[float]
    requests: list[str]  # addresses asked meanwhile

    def percentile(self, share: float) -> float:
        """Of the times until the marks are drawn."""
        return float(np.percentile(self.drawn, share))


def point_on(page: Page, view: str, area: Area = IMAGE) -> Pointing:
    """Move the pointer over the image, or another area, with a view open and time each move."""
    open_view(page, view)
    still(page)
    requests: list[str] = []

    def note(request: Request) -> None:
        requests.append(request.url)

    page.on("request", note)
    _sweep(page, area, WARM_UP)
    page.evaluate(_WATCH_POINTER.replace("MARKED", area.marked))
    _sweep(page, area, MOVES)
    page.wait_for_timeout(200)
    times = page.evaluate("vxTimes.end(); ({ drawn: vxTimes.drawn, shown: vxTimes.shown })")
    page.remove_listener("request", note)
    return Pointing(times["drawn"], times["shown"], requests)


def app_flags(checkpoints: str | None) -> list[str]:
    """Flags of an app on these weights; none for the shipped ones."""
    return ["--checkpoints", checkpoints] if checkpoints else []


def _sweep(page: Page, area: Area, moves: int) -> None:
    """Move the pointer from cell to cell."""
    place = page.locator(area.selector)
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    assert box is not None
    pitch_x, pitch_y = box["width"] / area.columns, box["height"] / area.rows
    for move in range(moves):
        row, col = divmod(move * 13 % (area.rows * area.columns), area.columns)
        page.mouse.move(box["x"] + (col + 0.5) * pitch_x, box["y"] + (row + 0.5) * pitch_y)
