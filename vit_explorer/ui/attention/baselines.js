/* What an erased patch becomes, as buttons in the .baselines of a view. */
import { fill, make } from "../core/elements.js";

export const BASELINES = { blurred: "Blurred", mean: "Mean colour" };
/** The same within a sentence: "8 patches blurred". */
export const ERASED = { blurred: "blurred", mean: "made one colour" };
/** What is left to see once every patch is erased. */
export const LEFT = { blurred: "the blurred picture", mean: "its mean colour" };

/** @param {HTMLElement} element @param {(baseline: string) => void} choose @returns {(chosen: string) => void} shows which is chosen */
export function baselineButtons(element, choose) {
  element.classList.add("vx-segments");
  element.setAttribute("role", "group");
  element.setAttribute("aria-label", "What an erased patch becomes");
  fill(element, Object.entries(BASELINES), ([baseline, words]) => {
    const button = make("button", "vx-button", words);
    button.type = "button";
    button.dataset.baseline = baseline;
    button.addEventListener("click", () => choose(baseline));
    return button;
  });
  return (chosen) => {
    for (const button of element.querySelectorAll("button"))
      button.setAttribute("aria-pressed", String(button.dataset.baseline === chosen));
  };
}
