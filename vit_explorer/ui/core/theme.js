/* Light or dark, the inks of either, and whether anything may move. */
import * as store from "./store.js";

const inks = new Map(); // of the present theme; asking the browser each time would make it lay out the page

/** A CSS custom property of the page, such as "--vx-query". */
export function inkOf(name) {
  if (!inks.has(name)) inks.set(name, getComputedStyle(document.body).getPropertyValue(name).trim());
  return inks.get(name);
}

export const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

/** Tell the topic "theme" what the page shows, now and at every change. */
export function followTheme() {
  const read = () => (document.body.classList.contains("dark") ? "dark" : "light");
  const follow = () => {
    inks.clear();
    store.set("theme", read());
  };
  follow();
  new MutationObserver(() => read() !== store.state.theme && follow()).observe(document.body, {
    attributes: true,
    attributeFilter: ["class"],
  });
}
