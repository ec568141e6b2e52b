"""The views on the stage, and what may be asked of it: what is small, what is cut, and which canvases it shows."""

from __future__ import annotations

import pytest

ROOM = {"width": 1920, "height": 1080}  # of a projector
NO_FULLSCREEN = "Object.defineProperty(document, 'fullscreenEnabled', { value: false, configurable: true });"
OPENED = "document.querySelector('#tabs > .tab-wrapper [aria-selected=true]').dataset.tabId"
SENTENCE = "document.querySelector('.vx-frame-present .sentence').textContent"

FIGURES = {  # those of views with more than one
    "patches": 4,
    "positions": 3,
    "features&sub=maps": 2,
    "windows&sub=masks&mask=on": 2,
    "train&sub=hunger": 2,
    "compare&sub=architectures": 2,
    "roots&sub=cross": 2,
    "roots&sub=cache": 2,
}
VIEWS = [
    "home",
    *["patches", "patches&patch=2"],
    "positions",
    *[f"attention&sub={sub}" for sub in ("heads", "inside", "rollout", "explain", "test", "layers")],
    *["features&sub=maps", "features&sub=networks", "features&sub=nearest"],
    *[f"windows&sub={sub}" for sub in ("steps", "masks&mask=off", "masks&mask=on", "hierarchy", "cost")],
    *[f"train&sub={sub}" for sub in ("race", "hunger")],
    *[f"recipe&sub={sub}" for sub in ("ingredients", "distillation", "ladder")],
    "classify",
    *[f"compare&sub={sub}" for sub in ("one-picture", "architectures", "guide")],
    *[f"roots&sub={sub}" for sub in ("cross", "decoding", "cache")],
]

# Words, canvases and controls of a figure that reach out of its room, and words that are cut.
CUT = """(shown) => {
  const { top } = document.querySelector(".vx-frame-present .sentence").getBoundingClientRect();
  const floor = top || innerHeight; // no sentence, no place
  const panels = [...document.querySelectorAll("#tabs section.vx-panel")].filter((one) => one.offsetParent);
  const others = panels.filter((_, k) => k !== shown);
  const cut = [];
  for (const one of document.querySelectorAll("#tabs *")) {
    const words = [...one.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
    if ((!words && !one.matches("canvas, img, svg, button, select, input")) || one.closest(".vx-unseen")) continue;
    if (others.some((panel) => panel.contains(one)) || !one.checkVisibility({ visibilityProperty: true })) continue;
    const { width, height, right, bottom } = one.getBoundingClientRect();
    const short = words && getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 2;
    if (width > 1 && height > 1 && (short || bottom > floor + 1 || right > innerWidth + 1))
      cut.push(`${one.className} ${one.textContent.trim()}`);
  }
  return cut;
}"""


# Of every canvas on screen: its name, its width, its pixels for each of the screen, how far it juts out of its place.
CANVASES = """() => [...document.querySelectorAll("#tabs canvas")].filter((one) => one.checkVisibility()).map((one) => {
  const zoom = one.currentCSSZoom ?? 1;
  const [own, around] = [one, one.parentElement].map((element) => element.getBoundingClientRect());
  const name = `${one.closest(".vx-widget").classList[1]} ${one.className}`;
  const sharp = one.style.width ? one.width / (own.width * devicePixelRatio) : 1;
  return [name, Math.round(own.width / zoom), sharp, Math.round((own.right - around.right) / zoom)];
})"""


def well_drawn(page) -> list[tuple[str, int]]:
    """The widths of all canvases, each of which is sharp and inside of what it stands in."""
    found = page.evaluate(CANVASES)
    assert found
    for name, width, sharp, over in found:
        assert sharp == pytest.approx(1, abs=0.06), (name, width)
        assert over <= 3, (name, width)
    return [(name, width) for name, width, _, _ in found]


def small_letters(page) -> list[str]:
    """What is written in less than 26 px of 1080 on screen, canvases left out."""
    return page.evaluate("""() => {
      const found = [];
      for (const element of document.querySelectorAll("#tabs *")) {
        const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
        const box = element.getBoundingClientRect();
        if (!own || !element.checkVisibility({ visibilityProperty: true })) continue;
        if (box.width < 2 || box.bottom > innerHeight) continue;
        const scale = (element.currentCSSZoom ?? 1) * (1080 / innerHeight);
        const size = parseFloat(getComputedStyle(element).fontSize) * scale;
        if (size > 0 && size < 25.9 && element.tagName !== "OPTION")
          found.push(`${size}: ${element.textContent.trim()}`);
      }
      return found;
    }""")
