/* What a visitor can do in the view that is open, in the view's own words. */
import * as tabs from "../core/tabs.js";

const MOST = 2; // of a kind: the first panels of a view
const POINTED = '[tabindex="0"][aria-label]:is(canvas, [role="application"])';
const PRESSED = "button:is(.primary, .play, .start):enabled";

/** @param {string} selector @returns {HTMLElement[]} */
const onScreen = (selector) =>
  /** @type {HTMLElement[]} */ ([...document.querySelectorAll(`#tabs ${selector}`)]).filter(tabs.visible);

/** Each once, the first few; an explanation that says nothing is none. @param {string[]} texts */
export const few = (texts, most = MOST) =>
  [...new Set(texts.map((text) => text.trim().replace(/\s+/g, " ")))].filter(Boolean).slice(0, most);

/** Its words without those that are hidden. @param {Node} one @returns {string} */
const textOf = (one) =>
  one instanceof Element && !one.checkVisibility()
    ? ""
    : one.childNodes.length
      ? [...one.childNodes].map(textOf).join("")
      : one.textContent;

const nameOf = (/** @type {HTMLElement} */ one) => one.getAttribute("aria-label") ?? textOf(one);

/** Lines on the open view, each with its kind. @returns {[string, string][]} */
export function lines() {
  const asked = [...document.querySelectorAll("#lead .open")].some(
    (one) => one instanceof HTMLElement && tabs.visible(one),
  );
  const pressed = few(onScreen(PRESSED).map(nameOf), 3).map((name) => `“${name}”`);
  if (asked) pressed.push("“Guess first”, above: a question to answer before you look");
  const kinds = /** @type {[string, string[]][]} */ ([
    ["You see", few(onScreen(":is(.vx-what, [data-help])").map((one) => one.dataset.help ?? textOf(one)))],
    ["Look for", few(onScreen(".vx-look").map(textOf))],
    ["Point", few(onScreen(POINTED).map(nameOf))],
    ["Press", pressed.length ? [pressed.join(", ")] : []],
  ]);
  return kinds.flatMap(([kind, texts]) => texts.map((text) => /** @type {[string, string]} */ ([kind, text])));
}

/** What the open view is called: its tab, and its place in the tab. */
export function place() {
  const { tab, sub } = tabs.place();
  return [tab, sub].filter(Boolean).map(tabs.nameOf).join(" · ");
}
