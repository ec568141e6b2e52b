/* Networks that others trained and that are not on this machine: what they are, and their download. */
import { fill, make, refusal } from "../core/elements.js";
import * as format from "../core/format.js";
import { ask, poll } from "../core/server.js";
import * as store from "../core/store.js";
import { widget } from "../core/widget.js";

/** Where a download is asked for: beside the advice, in the list, or in another view. @typedef {"advice" | "list" | "elsewhere"} Place */

export default widget((root, server) => {
  const $ = (selector) => root.querySelector(selector);
  const EVERY = 500; // ms between two looks at a download
  const MEGABYTE = 1e6; // as weights are measured where they are offered
  const ids = {}; // of the downloads that were started here, by network
  let newest = null; // answer; one that was asked for before a start or stop is not taken after it
  /** @type {string[]} */
  let running = []; // networks, in the newest answer
  /** @type {Map<string, Place>} */
  const pressed = new Map(); // where a download was asked for here, by network
  /** @type {Map<string, {sentence: string, place: Place}>} */
  const failed = new Map(); // of these, until dismissed or asked for again
  let shown = ""; // the offers that are on screen

  /** Look again and again while a download is under way. */
  const looking = poll(async () => {
    const before = newest;
    const answer = await ask(server, "offers", { ids });
    if (answer && before === newest) take(answer);
    return running.length && root.isConnected ? EVERY : null;
  });

  /** Start or stop a download. @param {Place} [place] where a start was asked for */
  async function act(which, name, place = undefined) {
    newest = {};
    if (place) {
      pressed.set(name, place);
      forget(name);
    }
    const answer = await ask(server, which, { name, ids }, { once: true });
    if (!answer) return;
    if (answer.id) ids[name] = answer.id;
    take(answer);
    looking.later(EVERY);
  }

  function take(answer) {
    newest = answer;
    const before = new Set([...running, ...Object.keys(ids)]);
    running = answer.running.map(({ name }) => name);
    for (const [name, sentence] of Object.entries(answer.faults)) fail(name, sentence);
    show(answer);
    for (const name of before) if (!running.includes(name)) ended(name, answer);
  }

  /** The network that was asked for here is shown, another one only listed. */
  function ended(name, { offered, faults }) {
    const own = name in ids;
    delete ids[name];
    if (name in faults || offered.some((one) => one.name === name)) return;
    if (own) store.set("wish", { model: name });
    else store.set("refresh", { kept: name });
  }

  /** Tell beside what was pressed; another view tells what was pressed there. @param {string} name @param {string} sentence */
  function fail(name, sentence) {
    const place = pressed.get(name);
    failed.set(name, { sentence, place });
    if (place === "elsewhere") store.set("refused", sentence);
  }

  function forget(name) {
    if (failed.get(name)?.place === "elsewhere") store.set("refused", null);
    failed.delete(name);
  }

  function show({ offered, running: under, advice }) {
    const first = offered.find(({ name }) => name === advice);
    $(".advice").hidden = !first;
    if (store.get("advice")?.name !== first?.name) store.set("advice", first || null);
    if (first) {
      $(".advice .words").textContent =
        `${first.title} (${format.download(first.megabytes)}) knows ${format.count(first.n_classes)} classes.`;
      name($(".advice .get"), first);
    }
    progress(under);
    fill($(".faults"), first ? at("advice", first.name) : [], fault);
    $(".more").hidden = !offered.length;
    const listed = JSON.stringify([offered, [...failed]]);
    if (listed !== shown) fill($(".offered"), offered, offer); // a button keeps the focus while a download goes on
    shown = listed;
  }

  /** What failed here, of this network: one or none. @param {Place} place @param {string} name */
  const at = (place, name) => (failed.get(name)?.place === place ? [name] : []);

  function fault(name) {
    return refusal(failed.get(name).sentence, () => {
      forget(name);
      show(newest);
    });
  }

  function name(button, { name: wanted, title, received }) {
    button.textContent = received ? "Go on" : "Get";
    button.setAttribute("aria-label", `${received ? "Go on downloading" : "Get"} ${title}`);
    button.dataset.name = wanted;
  }

  function offer(one) {
    const line = make("li");
    const button = make("button", "vx-button get");
    button.type = "button";
    name(button, one);
    const words = make("span", "", one.title);
    const knows = one.top1 === null ? "no head" : `top-1 ${format.percent(one.top1)}`;
    const here = one.received ? `${Math.round(one.received / MEGABYTE)} of ` : "";
    words.append(make("span", "vx-soft", `${here}${format.download(one.megabytes)}, ${knows}`));
    words.title = `${one.source}, ${one.licence}`;
    line.append(words, button, ...at("list", one.name).map(fault));
    return line;
  }

  function progress(under) {
    const lines = new Map([...$(".running").children].map((line) => [line.dataset.name, line]));
    const same = under.length === lines.size && under.every((one) => lines.has(one.name));
    if (!same) fill($(".running"), under, (one) => lines.get(one.name) || downloading(one));
    under.forEach((one, index) => {
      const line = $(".running").children[index];
      line.querySelector("span").textContent = told(one);
      line.querySelector(".stop").hidden = !one.mine;
      const bar = line.querySelector("progress");
      if (one.total) Object.assign(bar, { max: one.total, value: one.received });
    });
  }

  function downloading({ name: which, title }) {
    const [line, bar, button] = [make("div"), make("progress"), make("button", "vx-button stop", "Stop")];
    line.dataset.name = button.dataset.name = which;
    bar.setAttribute("aria-label", `Download of ${title}`);
    button.type = "button";
    button.setAttribute("aria-label", `Stop the download of ${title}`);
    line.append(make("span"), bar, button);
    return line;
  }

  function told({ title, received, total, seconds_left: left }) {
    const megabytes = (bytes) => (bytes / MEGABYTE).toFixed(1);
    if (total !== null && received >= total) return `${title} is being opened`;
    const rest = left === null ? "" : `, ${format.duration(left)} left`;
    return `${title}: ${megabytes(received)}${total === null ? "" : ` of ${megabytes(total)}`} MB${rest}`;
  }

  root.addEventListener("click", async ({ target }) => {
    const button = /** @type {HTMLElement} */ (target).closest("button");
    if (!button?.dataset.name) return;
    button.disabled = true;
    if (button.classList.contains("stop")) await act("stop_get", button.dataset.name);
    else await act("get", button.dataset.name, button.closest("li") ? "list" : "advice");
    button.disabled = false;
  });

  store.on("download", (name) => act("get", name, "elsewhere"));
  return { topics: ["catalogue"], draw: ({ catalogue }) => catalogue && looking.now() };
});
