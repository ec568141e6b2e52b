/* By what is chosen what a picture of the Classify tab shows: a field for its class, and a button for none of them. */
import { NONE } from "../core/answers.js";
import { make } from "../core/elements.js";

/** @param {string} title of the picture @param {(truth: string) => void} choose is called with what is chosen; "" lets its label stand again */
export function truthField(title, choose) {
  const [box, field, none] = [
    make("div", "chosen"),
    make("input", "truth"),
    make("button", "vx-button no-class", NONE),
  ];
  field.placeholder = "not known";
  field.setAttribute("list", "vx-classify-classes");
  field.setAttribute("aria-label", `What ${title} shows`);
  none.type = "button";
  none.setAttribute("aria-label", `${title} shows ${NONE} classes`);
  field.addEventListener("change", () => choose(field.value));
  none.addEventListener("click", () => choose(none.getAttribute("aria-pressed") === "true" ? "" : NONE));
  box.append(field, none);
  return box;
}

/** @param {HTMLElement} box  @param {string} truth */
export function showTruth(box, truth) {
  const [field, none] = /** @type {[HTMLInputElement, HTMLElement]} */ (/** @type {unknown} */ (box.children));
  field.value = truth;
  none.setAttribute("aria-pressed", String(truth === NONE));
}
