/* A mouse that rests on the stage: what the page brings under it is not pointed at, and after a while the pointer is hidden. */
import * as store from "../core/store.js";

const SHOWN = 3000; // ms after its last move
/** @type {("pointerover" | "pointerenter" | "pointermove")[]} */
const ARRIVALS = ["pointerover", "pointerenter", "pointermove"];

export function watchRest() {
  const last = { screenX: Number.NaN, screenY: Number.NaN }; // where the mouse was moved to
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;

  function wake() {
    clearTimeout(timer);
    document.body.classList.remove("vx-still");
    if (store.get("stage")) timer = setTimeout(() => document.body.classList.add("vx-still"), SHOWN);
  }

  /** A browser sends these as well when the page has moved under the mouse: then they are at the place of its last move. @param {PointerEvent} event */
  function follow(event) {
    if (event.pointerType !== "mouse") return;
    if (event.screenX === last.screenX && event.screenY === last.screenY) {
      if (store.get("stage")) event.stopImmediatePropagation();
      return;
    }
    if (event.type !== "pointermove") return; // which comes last of a move
    [last.screenX, last.screenY] = [event.screenX, event.screenY];
    wake();
  }

  for (const kind of ARRIVALS) window.addEventListener(kind, follow, true);
  window.addEventListener("pointerdown", wake, true);
  store.on("stage", wake);
}
