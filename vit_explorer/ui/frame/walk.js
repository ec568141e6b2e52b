/* Through the tabs of the page and their views, in the order of a talk that keeps no scenes. */
import { inform } from "../core/say.js";
import * as tabs from "../core/tabs.js";
import { moved } from "./scenes.js";

export const ORDER =
  "home patches positions attention features windows train recipe classify compare roots exercises".split(" ");

/** The one that comes so many after another; undefined where there is none. @param {string[]} ids @param {string | undefined} here @param {number} by */
const beside = (ids, here, by) => ids[moved(ids.indexOf(here ?? ""), by, ids.length) ?? -1];
const viewBeside = (/** @type {number} */ by) => beside(tabs.views(), tabs.place().sub, by);
const tabBeside = (/** @type {number} */ by) => beside(ORDER, tabs.place().tab, by);

/** What comes next, as words: a view of this tab, or else a tab; "" after the last. */
export const following = () => tabs.nameOf(viewBeside(1) ?? tabBeside(1) ?? "");

/** Open the next tab, or the one before. @param {number} by */
export function openTabBeside(by) {
  const tab = tabBeside(by);
  if (tab) tabs.openTab(tab);
}

/** Open the next view of this tab, or the one before; whether there is one. @param {number} by */
export function openViewBeside(by) {
  const view = viewBeside(by);
  if (view) tabs.openTab(view);
  return Boolean(view);
}

/** Open what comes next, or before: a view of this tab, or else the first view of the next tab, the last of the one before. @param {number} by */
export async function turnOver(by) {
  const tab = tabBeside(by);
  if (openViewBeside(by)) return;
  if (!tab) return inform(by > 0 ? "This is the last view: Home leads back to the first." : "This is the first view.");
  tabs.openTab(tab);
  await tabs.opened(tab);
  const view = tabs.views().at(by > 0 ? 0 : -1);
  if (view) tabs.openTab(view);
}
