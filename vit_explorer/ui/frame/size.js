/* How large the stage is: smaller than its room, so that more is beside each other, or larger: then nothing is laid out anew, and
   what is out of sight lies behind arrows at the edges. */
import { number } from "../core/setting.js";
import { figures, shown } from "./figures.js";
import { scaleOf } from "./scenes.js";

const SMALLEST = 0.75; // times as large as fills the room
const LARGEST = 2;
const ONWARD = 0.6; // of the room that an arrow moves
const SLACK = 2; // px out of sight that need no arrow

/** @param {HTMLElement} arrows buttons with `data-x` and `data-y`, the ways that they lead */
export function sizeOf(arrows) {
  let own = 1;
  const buttons = /** @type {HTMLElement[]} */ ([...arrows.children]);

  /** Give the stage its size in a room of so many px; how much larger than on the page its views are laid out. */
  function apply(/** @type {number} */ width, /** @type {number} */ height) {
    const [less, more] = [Math.min(1, own), Math.max(1, own)];
    const stage = scaleOf(width, height, own);
    const room = Math.min(width / 1920, height / 1080) * less;
    for (const [name, value] of Object.entries({ stage, room, more }))
      document.documentElement.style.setProperty(`--vx-${name}`, String(value));
    document.body.classList.toggle("vx-more", more > 1);
    return stage;
  }

  /** Show an arrow for each way in which the figure goes on out of sight. */
  function point() {
    const view = figures()[shown()] ?? document.querySelector("#stage");
    const { left, right, top, bottom } = view.getBoundingClientRect();
    const room = arrows.getBoundingClientRect();
    const beyond = {
      "-1 0": room.left - left,
      "1 0": right - room.right,
      "0 -1": room.top - top,
      "0 1": bottom - room.bottom,
    };
    for (const button of buttons) button.hidden = !(beyond[`${button.dataset.x} ${button.dataset.y}`] > SLACK);
  }

  for (const button of buttons)
    button.addEventListener("click", () => {
      const { width, height } = arrows.getBoundingClientRect();
      const [x, y] = [button.dataset.x, button.dataset.y].map(Number);
      window.scrollBy(ONWARD * x * width, ONWARD * y * height);
      point();
    });
  window.addEventListener("scroll", () => own > 1 && point());

  return {
    apply,
    point,
    range: number(SMALLEST, LARGEST),
    get: () => own,
    set(/** @type {number} */ value) {
      own = Math.max(SMALLEST, Math.min(LARGEST, value));
    },
  };
}
