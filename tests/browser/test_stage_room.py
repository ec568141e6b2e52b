"""The stage in its room: larger than it, under a mouse at rest, and with a sentence of what was done."""

from __future__ import annotations

import pytest

from tests.browser.pages import drawn
from tests.browser.stage_page import CUT, well_drawn

SMALL = {"width": 1280, "height": 720}
SENT = """([selector, across, moved]) => {
  const canvas = document.querySelector(selector);
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const [x, y] = window.lastMove;
  const place = { clientX: left + across * width, clientY: top + height / 2, screenX: x + moved, screenY: y };
  canvas.dispatchEvent(new PointerEvent("pointermove", { bubbles: true, pointerType: "mouse", ...place }));
  return vx.get("token");
}"""
# What a sentence lies over: controls, figures, the finding.
COVERED = """() => {
  const box = document.querySelector("#vx-say").getBoundingClientRect();
  const kinds = ":is(button, select, input, canvas), .vx-frame-present .sentence";
  return [...document.querySelectorAll(kinds)].filter((one) => {
    const { left, right, top, bottom, width } = one.getBoundingClientRect();
    const apart = left >= box.right || right <= box.left || top >= box.bottom || bottom <= box.top;
    return width > 0 && one.checkVisibility({ visibilityProperty: true }) && !apart;
  }).map((one) => `${one.className} ${one.textContent}`);
}"""

# Each canvas keeps the heights of its letters, in its pixels, until it is cleared.
LETTERS_KEPT = r"""() => {
  const { fillText, reset } = CanvasRenderingContext2D.prototype;
  Object.assign(CanvasRenderingContext2D.prototype, {
    reset() {
      this.canvas.letters = [];
      return reset.call(this);
    },
    fillText(...words) {
      (this.canvas.letters ??= []).push(parseFloat(this.font.match(/([\d.]+)px/)[1]) * this.getTransform().d);
      return fillText.apply(this, words);
    },
  });
}"""
LETTERS = """() => [...document.querySelectorAll("#tabs canvas")].flatMap((one) => {
  if (!one.checkVisibility()) return [];
  const { height } = one.getBoundingClientRect();
  return (one.letters ?? []).map((px) => (px * height) / one.height);
})"""


@pytest.fixture(scope="module")
def media() -> dict[str, str]:
    return {"reduced_motion": "reduce"}


@pytest.mark.parametrize("view", ["tab=home", "tab=attention&sub=heads"])
def test_a_stage_larger_than_its_room_shows_the_same_and_arrows_lead_to_the_rest(stage, view):
    stage.set_viewport_size(SMALL)
    stage.evaluate("(view) => vx.go(view)", view)
    drawn(stage)
    first = well_drawn(stage)
    right, below = (stage.locator(f".vx-frame-present .onward [{way}='1']") for way in ("data-x", "data-y"))
    assert not right.is_visible() and not below.is_visible()
    for _ in range(3):
        stage.keyboard.press("+")
    drawn(stage)
    assert well_drawn(stage) == first
    for arrow in (right, below):
        arrow.wait_for()
        for _ in range(6):
            if arrow.is_visible():
                arrow.click()
    ends = stage.evaluate("""() => {
      const { right, bottom } = document.querySelector("#stage").getBoundingClientRect();
      const { top } = document.querySelector(".vx-frame-present .sentence").getBoundingClientRect();
      return [right - innerWidth, bottom - (top || innerHeight)];
    }""")
    assert max(ends) <= 2
    for _ in range(3):
        stage.keyboard.press("-")
    drawn(stage)
    stage.wait_for_function(f"({CUT})(0).length === 0")
    assert not right.is_visible() and not below.is_visible()
    assert well_drawn(stage) == first


def test_a_mouse_at_rest_points_at_nothing_that_comes_under_it_and_is_hidden_after_a_while(stage):
    stage.evaluate("""() => {
      const note = ({ screenX, screenY }) => { window.lastMove = [screenX, screenY]; };
      addEventListener("pointermove", note, { capture: true, once: true });
    }""")
    stage.mouse.move(700, 300)
    stage.keyboard.press("3")
    stage.wait_for_function("document.body.dataset.vxTab === 'attention'")
    drawn(stage)
    pinned = stage.evaluate("vx.get('token')")
    scene = ".vx-attention-heads .scene-marks"
    assert stage.evaluate(SENT, [scene, 0.06, 0]) == pinned
    assert stage.evaluate(SENT, [scene, 0.06, 1]) != pinned
    stage.wait_for_function("document.body.classList.contains('vx-still')")
    cursor = "getComputedStyle(document.querySelector('.vx-frame-present .leave')).cursor"
    assert stage.evaluate(cursor) == "none"
    stage.mouse.move(710, 310)
    assert stage.evaluate(cursor) != "none"
    stage.keyboard.press("p")
    stage.locator("#rail").wait_for()
    assert stage.evaluate(SENT, [scene, 0.06, 0]) != pinned  # off the stage each move counts
    assert not stage.evaluate("document.body.classList.contains('vx-still')")


@pytest.mark.parametrize("width", [1280, 1920])
def test_what_is_said_covers_no_control_and_no_figure(stage, width):
    stage.set_viewport_size({"width": width, "height": width * 9 // 16})
    for view in ("home", "attention&sub=heads", "compare&sub=one-picture", "windows&sub=steps"):
        stage.evaluate("(view) => vx.go(`tab=${view}`)", view)
        drawn(stage)
        for key in "kk":  # kept, and kept already
            stage.keyboard.press(key)
            stage.locator("#vx-say.shown", has_text="scene").wait_for()
            assert stage.evaluate(COVERED) == [], (view, key)
    stage.keyboard.press("p")
    assert stage.evaluate("document.querySelector('#vx-say').parentElement === document.body")


def test_no_letters_of_a_canvas_are_small(stage):
    """Of what is written in less than 26 px of 1080 on screen, words of the page are tested with each figure."""
    stage.evaluate(LETTERS_KEPT)
    for view in ("positions", "attention&sub=heads", "windows&sub=masks&model=swin-cifar10", "roots&sub=decoding"):
        stage.evaluate("(view) => vx.go(`tab=${view}`)", view)
        drawn(stage)
        found = stage.evaluate(LETTERS)
        assert found, view
        assert min(found) >= 25.9, view
