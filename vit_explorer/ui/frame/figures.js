/* The figures of a view on the stage: its panels, one under the other, each as high as the room. One that is marked `vx-beside`
   is no figure: it stands above the first. */
import * as tabs from "../core/tabs.js";

const SLACK = 0.4; // of the room's height by which a figure may be scrolled off its place and still be the one shown

/** @returns {HTMLElement[]} */
export function figures() {
  const panels = /** @type {NodeListOf<HTMLElement>} */ (
    document.querySelectorAll("#tabs section.vx-panel:not(.vx-beside)")
  );
  return [...panels].filter((panel) => tabs.visible(panel) && !panel.parentElement.closest("section.vx-panel"));
}

/** Where a figure's top stands when it is shown, px from the window's. */
const top = () => Number.parseFloat(getComputedStyle(document.querySelector(".gradio-container")).paddingTop);

/** The height that a figure has, px of its own, where the stage is no larger than its room. */
export function roomBelow() {
  const { paddingTop, paddingBottom } = getComputedStyle(document.querySelector(".gradio-container"));
  const zoom = /** @type {HTMLElement} */ (document.querySelector("#stage")).currentCSSZoom ?? 1;
  const more = Number.parseFloat(document.documentElement.style.getPropertyValue("--vx-more")) || 1;
  return ((window.innerHeight - Number.parseFloat(paddingTop) - Number.parseFloat(paddingBottom)) * more) / zoom;
}

/** Which figure is shown: the last whose top is not far below its place. */
export function shown() {
  const line = top() + SLACK * window.innerHeight;
  return Math.max(
    0,
    figures().findLastIndex((one) => one.getBoundingClientRect().top <= line),
  );
}

/** Show a figure; the first with what stands above it. Whether there is one. @param {number} index */
export function show(index) {
  const figure = figures()[index];
  if (figure) window.scrollTo(0, index ? window.scrollY + figure.getBoundingClientRect().top - top() : 0);
  return Boolean(figure);
}
