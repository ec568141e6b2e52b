"""Screenshots for the documents, from a running app in a real Chromium.

python -m vit_explorer.bench.images            # all of them, into docs/images/ of the working directory
python -m vit_explorer.bench.images cut.gif    # one of them
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from vit_explorer.bench.browser import chromium, running_app
from vit_explorer.bench.page import VIEWPORT, open_page, open_view

if TYPE_CHECKING:
    from playwright.sync_api import Page

FOLDER = Path("docs/images")
STEP = 30  # ms of the page from one frame of the animation to the next
SHOWN = 70  # ms for which a frame is shown, so that the cut is seen more slowly than on the page
FRAMES = 100  # at most
HOLD = 2_500  # ms for which the last frame stays
WIDTH = 720  # pixels of the animation
COLOURS = 96


def main(wanted: list[str]) -> int:
    """Take the named images, or all; returns the exit status."""
    unknown = set(wanted) - IMAGES.keys()
    if unknown:
        print(f"no image {unknown.pop()!r}: choose from {', '.join(IMAGES)}", file=sys.stderr)
        return 2
    with running_app() as address, chromium() as browser:
        for name in wanted or IMAGES:
            page = browser.new_page(viewport=VIEWPORT)
            open_page(page, address)
            IMAGES[name](page, FOLDER / name)
            page.close()
            print(f"{FOLDER / name}: {(FOLDER / name).stat().st_size:,} bytes")
    return 0


def view_shot(view: str) -> Callable[[Page, Path], None]:
    """A function that writes a screenshot of this view."""

    def write(page: Page, path: Path) -> None:
        open_view(page, view)
        page.screenshot(path=path)

    return write


def write_home(page: Page, path: Path) -> None:
    """Write a screenshot of Home once its first pass is over."""
    open_view(page, "Home")
    page.wait_for_function("document.querySelector('.vx-home .play').textContent === 'Play again'")
    page.screenshot(path=path)


def write_cut(page: Page, path: Path) -> None:
    """Write a looping GIF of an image being cut into patches.

    The page's clock is stopped between the frames.
    """
    panel = page.locator(".vx-patches .stack")
    page.clock.install()
    page.clock.pause_at(page.evaluate("Date.now()") + 1_000)
    page.locator(".vx-patches .play").click()
    frames: list[Image.Image] = []
    for _ in range(FRAMES):
        page.clock.run_for(STEP)
        frame = Image.open(io.BytesIO(panel.screenshot(animations="allow"))).convert("RGB")
        frame = frame.resize((WIDTH, round(WIDTH * frame.height / frame.width)), Image.Resampling.LANCZOS)
        if len(frames) > 5 and frame == frames[-1] == frames[-2]:
            break
        frames.append(frame)
    palette = frames[-1].quantize(COLOURS)
    drawn = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    times = [*[SHOWN] * (len(drawn) - 1), HOLD]
    drawn[0].save(path, save_all=True, append_images=drawn[1:], duration=times, loop=0, optimize=True)


IMAGES: dict[str, Callable[[Page, Path], None]] = {
    "home.png": write_home,
    "windows.png": view_shot("Windows / Step by step"),
    "cut.gif": write_cut,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
