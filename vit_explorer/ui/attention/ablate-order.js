/* Many patches erased at once, in Test it: those that a map of Explain calls the strongest, or as many at random. */
import { best } from "../core/arrays.js";
import { fill, make } from "../core/elements.js";
import { latest } from "../core/server.js";
import * as store from "../core/store.js";
import * as views from "../core/views.js";
import { without } from "./ablate-choices.js";
import * as words from "./ablate-words.js";

const MANY = 8; // patches
const USUAL = "attention_gradient"; // the map to begin with: it asks what speaks for this class
const MOST = 1 / 2; // of all patches, where they are few

/** @typedef {import("../core/payloads").AblationPayload & {of: object, question: string}} Answer */

/**
 * @param {HTMLElement} root of the view
 * @param {import("../state").Server} server
 * @param {{erase: (patches: number[]) => void, answer: () => Answer | null}} how `erase` these patches and no others; the newest `answer` for the picture and model on screen
 */
export function eraseMany(root, server, { erase, answer }) {
  const $ = (selector) => root.querySelector(`.many ${selector}`);
  const send = latest(server, "maps");
  let due = false; // whether the strongest are to be erased and the answer that ranks them is not here yet
  let of = null; // the trace that orders and attempts are about
  let maps = []; // with their orders, once they were asked for
  let listed = "";
  let tried = null; // {by, patches}: erased, its answer not known yet
  let attempts = /** @type {words.Attempt[]} */ ([]);
  let whole = true; // whether no patch is erased: nothing is said of attempts then
  let besides = { key: "", words: "" }; // what else is chosen and taken away: attempts compare under the same alone

  const many = () => {
    const [rows, cols] = store.get("trace").grid;
    return Math.min(MANY, Math.floor(MOST * rows * cols));
  };

  function take(by, patches) {
    tried = { by, patches: patches.join() };
    erase(patches);
  }

  /** The order of the chosen map: that of a map on screen, or the one that Explain shows. */
  async function orderOf(now, name) {
    const known = [...now.maps, ...maps].find((one) => one.name === name);
    if (known) return known;
    const told = await send({ ...views.request(store.state), target: null });
    if (!told || of !== store.get("trace")) return null;
    maps = told.methods;
    return maps.find((one) => one.name === name) ?? null;
  }

  $(".order").addEventListener("change", (event) => store.set("explained", event.target.value));
  $(".strongest").addEventListener("click", eraseStrongest);
  $(".random").addEventListener("click", () => {
    const [rows, cols] = store.get("trace").grid;
    take(null, words.drawn(many(), rows * cols));
  });

  /** Erase what the chosen map calls the strongest. */
  async function eraseStrongest() {
    const now = answer();
    due = !now; // once it is here
    const found = now && (await orderOf(now, chosen(now)));
    if (!found) return;
    const first = found.order.slice(0, many());
    take(
      found.title,
      first.sort((a, b) => a - b),
    );
  }

  /** The map that was chosen here or in Explain, else the one that Explain found best here, else a usual one: of those that this network has. */
  function chosen({ orders, maps: shown }) {
    const scored = store.get("scored");
    const best = scored?.of === of ? scored.name : null;
    const has = (/** @type {string | null} */ wish) => orders.some(({ name }) => name === wish);
    return [store.get("explained"), best, USUAL].find(has) ?? shown.at(-1).name;
  }

  /** Show what there is to choose from. @param {Answer} now  @param {ReturnType<ReturnType<typeof import("./ablate-choices.js").choices>["now"]>} choices */
  function show(now, choices) {
    const others = { ...choices, erased: [] };
    const key = JSON.stringify(others);
    if (of !== now.of || besides.key !== key) [attempts, tried] = [[], null];
    besides = { key, words: without(others) };
    whole = !choices.erased.length;
    if (of !== now.of) maps = [];
    of = now.of;
    const orders = JSON.stringify(now.orders);
    if (orders !== listed)
      fill($(".order"), now.orders, ({ name, title }) => Object.assign(make("option", "", title), { value: name }));
    listed = orders;
    $(".order").value = chosen(now);
    $(".strongest").textContent = `Erase the ${many()} strongest`;
    $(".random").textContent = `${many()} at random`;
    $(".random").setAttribute("aria-label", `Erase ${many()} at random`);
    write();
  }

  /** Take note of what an attempt did. @param {Answer} now  @param {number[]} erased */
  function note({ before, after }, erased) {
    if (due) eraseStrongest();
    if (!tried || erased.join() !== tried.patches) return;
    const { classes } = store.get("trace");
    attempts.push({ by: tried.by, p: after[best(before)], answer: classes[best(after)] });
    tried = null;
    write();
  }

  function write() {
    const { classes, probabilities } = store.get("trace");
    const told = words.compared(attempts, classes[best(probabilities)], many(), besides.words);
    $(".compared").textContent = whole ? "" : told;
  }

  return { show, note };
}
