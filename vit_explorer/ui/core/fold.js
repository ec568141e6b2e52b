/* On a phone a panel that is not what its tab is about (.vx-aside) is folded to its heading, and opens by it. On wider
   pages all panels are open: the rules in core.css ask for the width. */
import { make } from "./elements.js";

let number = 0; // of headings that buttons are named by

/** Fold the secondary panels of a view. @param {HTMLElement} root */
export function foldAsides(root) {
  for (const panel of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll(".vx-aside"))) {
    const heading = panel.querySelector("h2, h3");
    heading.id ||= `vx-aside-${++number}`;
    heading.classList.add("vx-fold-name");
    const button = make("button", "vx-fold");
    button.type = "button";
    button.setAttribute("aria-labelledby", heading.id);
    panel.append(button);
    fold(panel, true);
    for (const one of [button, heading]) one.addEventListener("click", () => fold(panel, isOpen(panel)));
  }
}

const isOpen = (/** @type {Element} */ panel) => !panel.classList.contains("vx-folded");

/** @param {Element} panel @param {boolean} folded */
function fold(panel, folded) {
  panel.classList.toggle("vx-folded", folded);
  panel.querySelector(":scope > .vx-fold").setAttribute("aria-expanded", String(!folded));
}

/** Open the panel that an element is in, before it is shown. @param {Element | null} element */
export function unfold(element) {
  const panel = element?.closest(".vx-folded");
  if (panel) fold(panel, false);
}
