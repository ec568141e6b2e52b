/* Networks without a head, such as DINO: views that need a prediction say so in its place. */
import { make } from "./elements.js";

/**
 * Whether the network that is shown names no class; then a sentence stands in place of what is in the element.
 * @param {HTMLElement} element
 * @param {Partial<import("../state").State>} state
 */
export function headless(element, { trace }) {
  const missing = Boolean(trace) && trace.classes.length === 0;
  element.classList.toggle("headless", missing);
  if (!missing) return false;
  const notice =
    element.querySelector(":scope > .vx-headless") || element.appendChild(make("p", "vx-headless vx-panel"));
  notice.textContent = `${trace.model} has no head: it turns a picture into vectors and names no class, so there is no prediction here.`;
  return true;
}
