/* What a link holds: tab, picture, model, token and theme, and the settings of the views on screen.
 *
 * A view says in its build function which of its settings a link holds: `inLink(root, {layer: setting(...)}, redraw)`. The
 * address of the page follows what is shown, an opened tab is an entry of the browser's history, and an address that is
 * opened, or gone back to, is shown. See "What a link holds" in docs/architecture.md.
 */
import { underWay } from "./server.js";
import * as store from "./store.js";
import * as tabs from "./tabs.js";
import * as theme from "./theme.js";
import { middleToken } from "./tokens.js";
import { mounted } from "./widget.js";

/** @typedef {import("./setting.js").Setting} Setting */

const PAUSE = 250; // ms after the last change before it is written: browsers limit how often an address may change
const POINTING = ["token", "positionPair"]; // topics that change while the pointer moves, without a choice
const SPACES = "https://huggingface.co"; // shows an app in an iframe and takes the hash for its own address

/** What a view has beside what links hold of it. @typedef {{read: () => any, write: (value: any) => void}} Rest `null`: as at first */
/** `took`: the link that it was built for. @typedef {{root: HTMLElement, settings: Record<string, Setting>, redraw: () => void, rest: Rest | null, took: object | null}} Linked */
/** @typedef {{values: Record<string, string>, rest: any}} Had */

/** @type {Linked[]} */
let views = [];
/** @type {Map<Linked, Had>} what was given back to views of closed tabs, until they are opened */
const owed = new Map();
let opening = { values: {}, tab: "", sub: "" }; // the newest link, for views that are not there yet
let restoring = 0; // links that are being shown: what is on screen meanwhile is not written
let last = ""; // the hash that is written or was opened last
let entry = ""; // the tabs that the present entry of the history is about
/** @type {ReturnType<typeof setTimeout> | null} */
let timer = null;
/** @type {(show: (wish: object) => Promise<void>) => void} */
let hasFrame;
/** @type {Promise<(wish: object) => Promise<void>>} */
const frame = new Promise((resolve) => (hasFrame = resolve));

// ---- settings of a view --------------------------------------------------------------------------------------
/**
 * Let links hold settings of a view. `redraw` is called when a link has changed them and the view is there already.
 * @param {HTMLElement} root
 * @param {Record<string, Setting>} settings by their key in the link; keys of views that are on screen together differ
 * @param {() => void} [redraw]
 * @param {Rest | null} [rest] what is chosen in it and no link holds, for `remember`
 */
export function inLink(root, settings, redraw = () => {}, rest = null) {
  const view = { root, settings, redraw, rest, took: null };
  views = [...views.filter((one) => one.root.isConnected), view];
  const { tab, sub } = tabs.place();
  const above = root.closest(".tabs")?.id === "tabs"; // the tabs inside of its tab, or in a tab without any
  const here = tab === opening.tab && (above || !opening.sub || sub === opening.sub);
  if (!restoring || !here || !tabs.visible(root)) return;
  take(view, opening.values, false);
  view.took = opening;
}

/** Write to a view what a link says; `whole`: what it does not name gets its default. Returns whether it had a say. */
function take(view, values, whole) {
  const due = owed.get(view);
  owed.delete(view);
  const said = due && !whole ? { ...due.values, ...values } : values;
  const named = Object.keys(view.settings).filter((key) => whole || due || key in values);
  for (const key of named) view.settings[key].write(said[key] ?? null);
  if (due) view.rest?.write(due.rest ?? null);
  return named.length > 0;
}

/** The settings of a view that are not at their defaults. @param {Linked} view */
function valuesOf({ settings }) {
  const read = Object.entries(settings).map(([key, setting]) => [key, setting.read()]);
  return Object.fromEntries(read.filter(([, text]) => text !== null));
}

// ---- the address follows what is shown -----------------------------------------------------------------------
/** What a link to what is on screen holds. @returns {Record<string, string>} */
function present() {
  const { trace, model } = store.state;
  const { tab, sub } = tabs.place();
  /** @type {Record<string, string>} */
  const values = { tab, ...(sub && { sub }) };
  if (trace && model) {
    Object.assign(values, { picture: trace.picture.name, model: model.name });
    if (trace.fit !== "crop") values.fit = trace.fit;
    if (store.pinned !== middleToken(trace.grid)) values.token = store.pinned === null ? "none" : String(store.pinned);
  }
  for (const view of views) if (tabs.visible(view.root)) Object.assign(values, valuesOf(view));
  if (theme.chosen) values.theme = theme.chosen;
  return values;
}

const hashOf = (values) => `#${new URLSearchParams(values)}`.replaceAll("%3A", ":");

/** What a link to what is on screen holds, by key. */
export const current = present;

/** The address of what is on screen. */
export function address() {
  const link = new URL(location.href);
  link.hash = hashOf(present());
  return link.href;
}

/** Write the address: a new entry of the history if another tab is open, else over the present one. */
function write() {
  clearTimeout(timer);
  timer = null;
  if (restoring || !store.state.trace) return;
  const { tab, sub } = tabs.place();
  const hash = hashOf(present());
  if (!tab || hash === last) return;
  const place = `${tab} ${sub}`;
  if (entry && place !== entry) history.pushState(null, "", hash);
  else history.replaceState(null, "", hash);
  [last, entry] = [hash, place];
  tellParent();
}

/** Write the address soon; for what changes by itself and not by a choice of the person, such as the end of a film. */
export function touch() {
  timer ??= setTimeout(write, PAUSE);
}

/** A page around this one may show the address as its own; which picture was uploaded is told to a Space's page alone. */
function tellParent() {
  if (window.parent === window) return;
  const around = location.ancestorOrigins ? location.ancestorOrigins[0] : "";
  const values = present();
  if (around !== SPACES && values.picture?.startsWith("upload:")) delete values.picture;
  window.parent.postMessage(
    { queryString: location.search, hash: hashOf(values) },
    around && around !== "null" ? around : "*",
  );
}

// ---- a link is shown -----------------------------------------------------------------------------------------
/**
 * Show what a link says: `go("tab=attention&sub=heads&layer=4&head=1")`. What it does not name stays as it is, or with `whole`
 * goes back to its default. Unknown keys and impossible values are left aside.
 * @param {string} link
 */
export function go(link, whole = false) {
  if (timer !== null) write(); // what was left belongs to the entry before
  return show(link, whole, true);
}

/** Show a link in full: what it does not name goes back to its default. @param {string} link */
export function restore(link) {
  if (timer !== null) write();
  return show(link, true, true);
}

/** Load the page anew as it first opens. What was shown stays an entry of the browser's history. */
export function startOver() {
  if (timer !== null) write();
  restoring++; // until the new page comes, what is on screen is not written
  history.pushState(null, "", location.pathname + location.search);
  location.reload();
}

// ---- what a visitor had --------------------------------------------------------------------------------------
/** @param {Linked} view @returns {Had} */
const hadBy = (view) => owed.get(view) ?? { values: valuesOf(view), rest: view.rest?.read() ?? null };

/** What is on screen, and the settings of all views, for `giveBack`. */
export const remember = () => ({ link: hashOf(present()), views: new Map(views.map((view) => [view, hadBy(view)])) });

/**
 * Give back what was remembered, to views of closed tabs too; to those that were built since, their defaults.
 * @param {{link: string, views: Map<Linked, Had>}} memory
 * @param {boolean} screen whether what was on screen is shown again
 */
export async function giveBack({ link, views: before }, screen = true) {
  if (screen) await restore(link);
  for (const view of views) {
    const had = before.get(view) ?? { values: {}, rest: null };
    if (!tabs.visible(view.root)) owe(view, had);
    else if (screen && view.rest) {
      view.rest.write(had.rest);
      view.redraw();
    }
  }
}

/** A view of a closed tab has its settings at once, for those who share them, and once more when it is opened, after it has seen its picture and model. */
function owe(view, had) {
  if (JSON.stringify(hadBy(view)) === JSON.stringify(had)) return;
  for (const [key, setting] of Object.entries(view.settings)) setting.write(had.values[key] ?? null);
  owed.set(view, had);
  opened.observe(view.root);
}

const opened = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const view = views.find(({ root }) => root === target && tabs.visible(root));
    if (!view) continue;
    opened.unobserve(target);
    if (!owed.has(view)) continue; // a link has been shown meanwhile
    take(view, {}, false);
    view.redraw();
    touch();
  }
});

/** @param {string} link  @param {boolean} whole what it does not name goes back to its default @param {boolean} door another tab is shown from its top */
const show = (link, whole, door) => underWay(bring(link, whole, door)); // what waits until all is drawn waits for it

async function bring(link, whole, door) {
  /** @type {Record<string, string>} */
  const values = Object.fromEntries(new URLSearchParams(link.replace(/^#/, "")));
  if (values.run && !values.tab) values.tab = "train";
  restoring++;
  try {
    if (values.theme || whole) theme.choose(values.theme ?? null, false);
    opening = {
      values,
      tab: tabs.known(values.tab) ? values.tab : tabs.place().tab,
      sub: tabs.known(values.sub) ? values.sub : "",
    };
    if (!store.state.trace) pin(values, false);
    await Promise.all([openTabs(door), showPicture(values, whole)]);
    pin(values, whole);
    for (const view of views)
      if (view.took !== opening && tabs.visible(view.root) && take(view, values, whole)) view.redraw();
    await mounted();
  } finally {
    restoring--;
    touch();
  }
}

async function openTabs(door) {
  const { tab, sub } = opening;
  const before = tabs.place();
  for (const id of [tab, sub]) {
    if (!id) continue;
    tabs.openTab(id);
    await tabs.opened(id);
  }
  const now = tabs.place();
  if (door && (now.tab !== before.tab || now.sub !== before.sub)) window.scrollTo(0, 0); // the door may have been far down its page
}

async function showPicture(values, whole) {
  const wish = Object.fromEntries(
    ["picture", "model", "fit"].filter((key) => values[key]).map((key) => [key, values[key]]),
  );
  if (whole || wish.fit) wish.fit = wish.fit === "letterbox" ? "letterbox" : "crop";
  await (await frame)(wish);
}

/** @param {Record<string, string>} values  @param {boolean} whole */
function pin({ token }, whole) {
  const { trace } = store.state;
  if (token === "none") store.pin(null);
  else if (/^-?\d{1,6}$/.test(token) && (!trace || inside(Number(token), trace))) store.pin(Number(token));
  else if (trace && whole) store.pin(middleToken(trace.grid));
}

const inside = (token, { grid, n_prefix: nPrefix }) => token >= -nPrefix && token < grid[0] * grid[1];

/** Show the link of the page's address, and from now on keep the two together. @param {(wish: object) => Promise<void>} showPicture of the frame */
export async function followAddress(showPicture) {
  hasFrame(showPicture);
  await again();
  store.follow((topics) => topics.some((topic) => !POINTING.includes(topic)) && touch());
  for (const kind of ["click", "change", "input", "keyup"]) document.addEventListener(kind, touch);
  for (const kind of ["popstate", "hashchange"]) window.addEventListener(kind, () => location.hash !== last && again());
  touch();
}

/** Show the address, which the person has changed or gone back to. */
async function again() {
  clearTimeout(timer);
  timer = null;
  last = location.hash;
  await show(last, true, false);
  const { tab, sub } = tabs.place();
  entry = `${tab} ${sub}`;
  touch();
}
