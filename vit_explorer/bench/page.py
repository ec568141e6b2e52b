"""Latency of the page under the pointer and for another image, in Chromium."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vit_explorer.bench.browser import chromium, running_app

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Page, Request

VIEWPORT = {"width": 1280, "height": 720}
MOVES = 200  # pointer moves that mark another token each
PICTURES = 40  # changes of image per tab
WARM_UP = 10  # of each, not counted
POINT_BUDGET = 16.0  # ms, 95th percentile
PICTURE_BUDGET = 300.0  # ms, 95th percentile
POINTED = (  # tabs, and views inside of a tab
    "Home",
    "Patches",
    "Positions",
    "Attention / Heads",
    "Attention / Inside a head",
    "Attention / Rollout",
    "Features / Maps",
    "Features / Two networks",
    "Windows / Step by step",
    "Windows / Masks",
    "Windows / Hierarchy",
    "Compare / One picture",
)
PICTURED = (
    *POINTED, "Attention / Explain", "Attention / Test it", "Attention / Layers", "Recipe / Ingredients", "Classify",
)  # fmt: skip


@dataclass(frozen=True)
class Area:
    """An element with a grid under the pointer, and the JavaScript expression that names what is marked."""

    selector: str
    rows: int
    columns: int
    marked: str


IMAGE = Area(":is(.vx-frame .marks, .vx-home .pixels):visible", 8, 8, 'vx.get("token")')  # patches of the first model
CROSS_ATTENTION = Area(  # a row for each output letter and for the end, a column for each input letter
    ".vx-text-sequence .marks", 11, 10,
    "[...document.querySelectorAll('.vx-text-sequence .outputs .tiles > *')].findIndex((tile) => tile.tabIndex === 0)",
)  # fmt: skip
BEAM_TREE = Area(  # a column for each step, rows of hypotheses; the bars are of the one that is pointed at
    ".vx-text-decoding .tree", 6, 11, "document.querySelector('.vx-text-decoding .whose').textContent"
)
ROOTS = "Roots / Cross-attention"

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

# Plays Home's film once: how long the scripts of each of its frames took, without what the browser paints after them.
_PLAY_HOME = """() => new Promise((resolve) => {
  const button = document.querySelector(".vx-home .play");
  const next = window.requestAnimationFrame.bind(window);
  const frames = new Map(); // by the time that the browser gives a frame
  window.requestAnimationFrame = (act) => next((time) => {
    const began = performance.now();
    act(time);
    frames.set(time, (frames.get(time) ?? 0) + performance.now() - began);
  });
  button.click();
  const look = () => {
    if (button.textContent === "Pause") return next(look);
    window.requestAnimationFrame = next;
    resolve([...frames.values()]);
  };
  next(() => next(look));
})"""

# Types a sequence and waits until its letters stand in the input row.
_CHANGE_SEQUENCE = """(text) => new Promise((resolve) => {
  const began = performance.now();
  const tiles = document.querySelector(".vx-text-sequence .inputs .tiles");
  const field = document.querySelector(".vx-text-bar .text");
  field.value = text;
  field.form.requestSubmit();
  const look = () => {
    if ([...tiles.children].map((tile) => tile.firstChild.data).join("") === text) resolve(performance.now() - began);
    else requestAnimationFrame(look);
  };
  look();
})"""

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


def measure_point(checkpoints: str | None = None) -> dict[str, Any]:
    """Milliseconds from a pointer move to the last linked view, and its requests."""
    result: dict[str, Any] = {}
    with running_app(*app_flags(checkpoints)) as address, chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        open_page(page, address)
        roots = ((ROOTS, CROSS_ATTENTION), ("Roots / Decoding", BEAM_TREE))
        for view, area in (*((view, IMAGE) for view in POINTED), *roots):
            pointing = point_on(page, view, area)
            result[f"{view}: marks of the last view drawn, ms (median)"] = pointing.percentile(50)
            result[f"{view}: marks of the last view drawn, ms (95th percentile)"] = pointing.percentile(95)
            result[f"{view}: all of it on screen, ms (95th percentile)"] = float(np.percentile(pointing.shown, 95))
            result[f"{view}: moves counted"] = len(pointing.drawn)
            result[f"{view}: requests made"] = len(pointing.requests)
        page.goto("about:blank")  # the pass that plays by itself was ended by pointing
        open_page(page, f"{address}#tab=home")
        page.wait_for_function("document.querySelector('.vx-home .play').textContent === 'Play again'")
        frames = page.evaluate(_PLAY_HOME)
        result["Home playing: scripts of a frame, ms (median)"] = float(np.median(frames))
        result["Home playing: scripts of a frame, ms (95th percentile)"] = float(np.percentile(frames, 95))
        result["Home playing: frames counted"] = len(frames)
    return result | {"budget, ms (95th percentile, marks drawn; scripts of a frame)": POINT_BUDGET}


def measure_picture(checkpoints: str | None = None) -> dict[str, Any]:
    """Milliseconds from another image's request to the open tab fully drawn."""
    result: dict[str, Any] = {}
    with running_app(*app_flags(checkpoints)) as address, chromium() as browser:
        page = browser.new_page(viewport=VIEWPORT)
        open_page(page, address)
        for view in PICTURED:
            open_view(page, view)
            names = [f"shapes:{index}" for index in range(10, 10 + WARM_UP + PICTURES)]
            times = [change_picture(page, name) for name in names][WARM_UP:]
            result[f"{view}: everything drawn, ms (median)"] = float(np.median(times))
            result[f"{view}: everything drawn, ms (95th percentile)"] = float(np.percentile(times, 95))
        open_view(page, ROOTS)
        letters = [chr(ord("A") + index) for index in range(18)]
        texts = ["".join(letters[(start + 5 * k) % 18] for k in range(10)) for start in range(WARM_UP + 8)]
        times = [page.evaluate(_CHANGE_SEQUENCE, text) for text in texts][WARM_UP:]
        result[f"{ROOTS}: another sequence drawn, ms (median)"] = float(np.median(times))
        result[f"{ROOTS}: another sequence drawn, ms (95th percentile)"] = float(np.percentile(times, 95))
    return result | {"pictures per view": PICTURES, "budget, ms (95th percentile)": PICTURE_BUDGET}


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
