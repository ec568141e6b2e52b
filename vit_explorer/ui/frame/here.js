/* What a visitor can do in the view that is open, in the view's own words. */
import * as store from "../core/store.js";
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

/**
 * What is pointed at, from the name of a figure: "a patch to mark it everywhere" of "Last layer: point at a patch to mark it
 * everywhere", or the figure alone where the name says only how; "" where it names none.
 * @param {string} name
 */
export function pointed(name) {
  const [, what] = name.match(/\bpoint at (.+?)\.?$/i) ?? [];
  if (what) return what;
  const figure = name.split(": ")[0];
  return /[;.]/.test(figure) ? "" : figure.replace(/^\p{Lu}(?=\p{Ll}|\s)/u, (first) => first.toLowerCase());
}

const nameOf = (/** @type {HTMLElement} */ one) => one.getAttribute("aria-label") ?? textOf(one);

/** Lines on the open view, each with its kind. @returns {[string, string][]} */
export function lines() {
  const asked = [...document.querySelectorAll("#lead .open")].some(
    (one) => one instanceof HTMLElement && tabs.visible(one),
  );
  const pressed = few(onScreen(PRESSED).map(nameOf), 3).map((name) => `“${name}”`);
  if (asked) pressed.push("“Guess first”, above: a question to answer before you look");
  const { tab, sub } = tabs.place();
  const kept = tab === "train" && sub === "race" && store.get("lobby")?.keeps; // its button comes only when a race is over
  const kinds = /** @type {[string, string[]][]} */ ([
    ["You see", few(onScreen(":is(.vx-what, [data-help])").map((one) => one.dataset.help ?? textOf(one)))],
    ["Look for", few(onScreen(".vx-look").map(textOf))],
    ["Point at", few(onScreen(POINTED).map((one) => pointed(nameOf(one))))],
    ["Press", pressed.length ? [pressed.join(", ")] : []],
    ["At the end", kept ? ["“Keep this model”, to open it in every tab"] : []],
  ]);
  return kinds.flatMap(([kind, texts]) => texts.map((text) => /** @type {[string, string]} */ ([kind, text])));
}

/** What the open view is called: its tab, and its place in the tab. */
export function place() {
  const { tab, sub } = tabs.place();
  return [tab, sub].filter(Boolean).map(tabs.nameOf).join(" · ");
}
