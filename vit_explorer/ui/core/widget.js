/* The life of a view: built when its element is there, painted while it is on screen. */
import { foldAsides } from "./fold.js";
import { wordsByHand } from "./hand.js";
import { headless } from "./headless.js";
import { load } from "./server.js";
import * as store from "./store.js";

let mounting = 0; // views whose module is on its way

/**
 * Define a view. `build(root, server)` returns {topics?, draw?, mark?}: `draw(state)` paints everything and is
 * called when one of its topics, the theme, the stage or its width changes; `mark(state)` paints only the marked token and is
 * called on every pointer move. With `predicts: true` a network without a head is a sentence in its place. Neither is called while the view is not on screen: it catches up when it is.
 * @param {import("../state").Build} build
 */
export const widget = (build) => build;

/**
 * Fetch a view's module and build the view in its element.
 * @param {string} path of the module in the page's folder, without ".js"
 * @param {HTMLElement} element
 * @param {import("../state").Server} server
 */
export async function mount(path, element, server) {
  mounting++;
  try {
    const module = await load(`${path}.js`);
    if (module) build(module, element, server);
  } finally {
    mounting--;
  }
}

/** Resolves when all views whose elements are there have been built. */
export async function mounted() {
  do await new Promise((resolve) => setTimeout(resolve));
  while (mounting > 0);
}

/** @param {{default: import("../state").Build}} module  @param {HTMLElement} element  @param {import("../state").Server} server */
function build({ default: make }, element, server) {
  const root = /** @type {HTMLElement} */ (element.querySelector(".vx-widget"));
  wordsByHand(root);
  foldAsides(root);
  const parts = /** @type {import("../state").View} */ (make(root, server));
  if (!parts || (!parts.draw && !parts.mark)) return;
  const topics = new Set([...(parts.topics || ["model", "trace"]), "theme", "stage"]);
  root.classList.toggle("traced", topics.has("trace"));
  let stale = true; // something changed that is not painted yet
  let width = element.clientWidth; // 0 while its tab is closed; kept here because asking makes the browser lay out
  const paint = () => {
    stale = width === 0;
    if (stale || (parts.predicts && headless(root, store.state))) return;
    if (parts.draw) parts.draw(store.state);
    if (parts.mark) parts.mark(store.state);
  };
  const following = store.follow((changes) => {
    if (changes.includes("stage")) width = element.clientWidth; // its tab may have been closed a moment ago
    if (changes.some((topic) => topics.has(topic))) paint();
    else if (!changes.includes("token") || !parts.mark) return;
    else if (width > 0 && !stale) {
      if (!root.classList.contains("headless")) parts.mark(store.state);
    } else stale = true;
  });
  new ResizeObserver(() => {
    if (!root.isConnected) following.stop();
    const before = width;
    width = element.clientWidth;
    if (width > 0 && (stale || Math.abs(width - before) > 1)) paint();
  }).observe(element);
  paint();
}
