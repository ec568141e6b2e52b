/* By what is chosen what a picture of the Classify tab shows: a field for its class, a button for none of them, and a doubt. */
import { NONE } from "../core/answers.js";
import { make } from "../core/elements.js";
import { among, meant } from "../core/names.js";

const LONGEST = 60; // letters of a name: the link holds it

/** @typedef {{box: HTMLElement, show: (truth: string) => void, question: (truth: string, names: string[]) => void}} TruthField */

/**
 * @param {string} title of the picture
 * @param {(truth: string) => void} choose is called with what is chosen; "" lets its label stand again
 * @param {() => void} write is called while something is written
 * @returns {TruthField} `show` what is chosen; `question` it where it is none of the names that the networks know
 */
export function truthField(title, choose, write) {
  const [box, field, none, doubt] = [
    make("div", "chosen"),
    make("input", "truth"),
    make("button", "vx-button no-class", NONE),
    make("p", "doubt vx-small"),
  ];
  field.placeholder = "not known";
  field.maxLength = LONGEST;
  field.setAttribute("list", "vx-classify-classes");
  field.setAttribute("aria-label", `What ${title} shows`);
  none.type = "button";
  none.setAttribute("aria-label", `${title} shows ${NONE} classes`);
  doubt.setAttribute("role", "status");
  field.addEventListener("input", write);
  field.addEventListener("change", () => choose(field.value));
  none.addEventListener("click", () => choose(none.getAttribute("aria-pressed") === "true" ? "" : NONE));
  selectWhole(field);
  box.append(field, none, doubt);
  return {
    box,
    show(truth) {
      field.value = truth;
      none.setAttribute("aria-pressed", String(truth === NONE));
    },
    question(truth, names) {
      const known = !truth || among([NONE, ...names], [truth]) !== null;
      doubt.title = known ? "" : `No network here knows “${truth}”.`;
      if (known) return doubt.replaceChildren();
      const better = meant(names, truth);
      if (!better) return doubt.replaceChildren("Not known here.");
      const take = make("button", "take", `${better}?`);
      take.type = "button";
      take.setAttribute("aria-label", `No network here knows “${truth}”. Did you mean ${better}?`);
      take.addEventListener("click", () => choose(better));
      return doubt.replaceChildren("Did you mean ", take);
    },
  };
}

/** Who comes to a field writes in place of what stands in it; the second click sets the caret. @param {HTMLInputElement} field */
function selectWhole(field) {
  let came = false;
  field.addEventListener("focus", () => {
    came = true;
    field.select();
  });
  field.addEventListener("click", () => {
    if (came) field.select(); // the click that came here has set the caret
    came = false;
  });
}
