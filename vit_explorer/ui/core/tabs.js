/* The tabs of the page: which are open, and opening one. */

const WAIT = 30; // ms between two looks at a tab that is being opened
const PATIENCE = 20_000; // ms until a tab that does not open is given up

/** What Gradio was told of the tabs: their ids and names. */
const items = () => window.gradio_config.components.filter(({ type }) => type === "tabitem").map(({ props }) => props);

/** Whether there is a tab, or a tab inside of one, with this id. @param {string} id */
export const known = (id) => items().some((item) => item.id === id);

/** What a tab is called. @param {string} id @returns {string} */
export const nameOf = (id) => (items().find((item) => item.id === id) || { label: id }).label;

/** The id of the tab that is open where no link says another. @returns {string} */
export const first = () => items()[0].id;

/** The id of the open tab. It makes the browser lay out nothing, as `place` does. @returns {string | undefined} */
export const openNow = () => selected(document.querySelector("#tabs"));

/** Whether an element is on screen: neither hidden nor in a closed tab. @param {HTMLElement} element */
export const visible = (element) => element.isConnected && element.offsetParent !== null;

const selected = (bar) => bar?.querySelector(':scope > .tab-wrapper [role="tab"][aria-selected="true"]')?.dataset.tabId;
const inner = () => [...document.querySelectorAll("#tabs .tabs")].find(visible);

/** The open tab and the open tab inside of it. @returns {{tab: string | undefined, sub: string | undefined}} */
export const place = () => ({ tab: selected(document.querySelector("#tabs")), sub: selected(inner()) });

/** The ids of the tabs inside of the open tab, in their order; none where it has no such tabs. @returns {string[]} */
export function views() {
  const buttons = inner()?.querySelectorAll(':scope > .tab-wrapper [role="tablist"] > [role="tab"]') ?? [];
  return /** @type {HTMLElement[]} */ ([...buttons]).map(({ dataset }) => dataset.tabId);
}

/** Open a tab, or one inside of a tab, by its id. @param {string} id */
export function openTab(id) {
  document.querySelector(`#tabs [role="tab"][data-tab-id="${CSS.escape(id)}"]`)?.click();
}

/** Resolves when a tab is open and its views are there. @param {string} id */
export async function opened(id) {
  const there = () => Object.values(place()).includes(id);
  for (let waited = 0; waited < PATIENCE; waited += WAIT) {
    if (there() && [...document.querySelectorAll("#tabs .vx-widget")].some(visible)) return;
    await new Promise((resolve) => setTimeout(resolve, WAIT));
  }
}
