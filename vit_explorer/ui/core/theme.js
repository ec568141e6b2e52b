/* Light or dark, the inks of either, and whether anything may move. */
import { ofBrowser } from "./storage.js";
import * as store from "./store.js";

const KEY = "vx-theme"; // of what the person chose, in this browser
const inks = new Map(); // of the present theme; asking the browser each time would make it lay out the page

const known = (name) => (name === "light" || name === "dark" ? name : null);
const kept = () => known(ofBrowser.get(KEY));

/** What the person or a link has chosen; null follows the browser's own preference. @type {"light" | "dark" | null} */
export let chosen = kept();

/** A CSS custom property of the page, such as "--vx-query". */
export function inkOf(name) {
  if (!inks.has(name)) inks.set(name, getComputedStyle(document.body).getPropertyValue(name).trim());
  return inks.get(name);
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

const shown = () => (document.body.classList.contains("dark") ? "dark" : "light");

/** Choose a theme; null is the one that was kept, or else the browser's. `keep` it for the next visit. @param {string | null} name */
export function choose(name, keep = true) {
  const before = chosen;
  chosen = known(name) || (keep ? null : kept());
  if (keep && chosen) ofBrowser.set(KEY, chosen);
  if (chosen || before) apply();
}

function apply() {
  const wanted = chosen || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  document.body.classList.toggle("dark", wanted === "dark");
}

/** Show the theme that was chosen, and tell the topic "theme" what the page shows, now and at every change. */
export function followTheme() {
  const follow = () => {
    inks.clear();
    store.set("theme", shown());
  };
  if (chosen) apply();
  follow();
  new MutationObserver(() => {
    if (chosen && shown() !== chosen) apply(); // Gradio sets the browser's own when it starts
    if (shown() !== store.state.theme) follow();
  }).observe(document.body, { attributes: true, attributeFilter: ["class"] });
}
