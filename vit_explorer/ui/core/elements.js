/* Elements of the page: made, filled, written to. */
import * as format from "./format.js";

/**
 * A function that writes words once before the next frame, with the newest arguments: marks come at every move of the
 * pointer, and words written at once would make each other view lay out the page again.
 */
export function beforeFrame(write) {
  let newest = null;
  return (...words) => {
    if (newest === null) {
      requestAnimationFrame(() => {
        const last = newest;
        newest = null;
        write(...last);
      });
    }
    newest = words;
  };
}

/** Fill a list element with rows made by `row(item, index)`; keeps no old children. */
export function fill(element, items, row) {
  element.replaceChildren(...items.map(row));
}

/** make("div", "class names", "text") @template {keyof HTMLElementTagNameMap} Tag @param {Tag} tag @returns {HTMLElementTagNameMap[Tag]} */
export function make(tag, className = "", text = "") {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== "") element.textContent = text;
  return element;
}

/** A button: `act` is what a press does. @param {string} text @param {() => void} act @param {string} [className] */
export function button(text, act, className = "vx-button") {
  const element = make("button", className, text);
  element.type = "button";
  element.addEventListener("click", act);
  return element;
}

/** A sentence on what was refused, until it is dismissed: it stands beside what was pressed. @param {string} sentence @param {() => void} dismiss */
export function refusal(sentence, dismiss) {
  const [line, close] = [make("p", "vx-refused"), button("×", dismiss, "close")];
  line.setAttribute("role", "alert");
  close.setAttribute("aria-label", "Dismiss this message");
  line.append(make("span", "", sentence), close);
  return line;
}

/** The three cells of one line of a .vx-bars grid: a class, a bar as long as its probability, the percentage. */
export function barCells(name, probability, style = "") {
  const bar = make("div", `bar ${style}`.trim());
  const length = make("i");
  length.style.width = `${100 * probability}%`;
  bar.append(length);
  return [make("span", style, name), bar, make("span", `vx-number ${style}`.trim(), format.probability(probability))];
}
