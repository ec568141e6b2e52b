/* The lens of the stage: the view three times as large around the pointer. */
import { placeInWindow } from "../core/pointer.js";

const TIMES = 3; // as large

/** @returns {{enlarge: () => void, reduce: () => void}} */
export function lens() {
  const view = () => /** @type {HTMLElement} */ (document.querySelector("#stage"));
  const pointer = { x: 0, y: 0 };
  /** @type {DOMRect | null} */
  let before = null; // where the view lay

  function enlarge() {
    before ??= view().getBoundingClientRect();
    const [x, y] = [(pointer.x - before.left) / before.width, (pointer.y - before.top) / before.height];
    view().style.transformOrigin = `${100 * x}% ${100 * y}%`;
    view().style.transform = `scale(${TIMES})`;
  }

  function reduce() {
    before = null;
    view().style.transform = "";
  }

  document.addEventListener("pointermove", (event) => {
    [pointer.x, pointer.y] = placeInWindow(event);
    if (before) enlarge();
  });
  return { enlarge, reduce };
}
