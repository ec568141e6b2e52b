/* The rail as a bar, where there is no room for it beside the tabs: picture, names and first answer; opens as a sheet. */
import { clearCanvas, rgbImage } from "../core/draw.js";
import * as format from "../core/format.js";

const SIDE = 48; // px of the picture

/** @param {HTMLElement} root of the frame. Returns a function that writes on the bar what the frame shows. */
export function wireBar(root) {
  const $ = (selector) => root.querySelector(selector);
  const fold = $(".fold");

  function open(wanted) {
    root.classList.toggle("open", wanted);
    fold.setAttribute("aria-expanded", String(wanted));
  }
  fold.addEventListener("click", () => open(!root.classList.contains("open")));
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || event.defaultPrevented || !root.classList.contains("open")) return;
    open(false);
    fold.focus();
  });
  document.addEventListener("pointerdown", ({ target }) => {
    if (!document.querySelector("#rail").contains(/** @type {Node} */ (target))) open(false);
  });

  /** `verdict` is whether the first answer is right: "right", "wrong", "none" of its classes, or unknown. */
  return function write(/** @type {import("../state").Trace} */ trace, model, verdict) {
    const context = clearCanvas($(".fold canvas"), SIDE, SIDE);
    context.drawImage(rgbImage(trace.rgb.data, trace.size, trace.size), 0, 0, SIDE, SIDE);
    $(".fold .what").textContent = trace.picture.title;
    $(".fold .who").textContent = model.name;
    const best = trace.probabilities.indexOf(Math.max(...trace.probabilities));
    $(".fold .answer").textContent = trace.classes.length
      ? `${trace.classes[best]} ${format.probability(trace.probabilities[best])}`
      : "";
    $(".fold .answer").dataset.state = verdict;
  };
}
