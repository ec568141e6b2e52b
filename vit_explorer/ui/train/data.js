/* What the widgets of the Train tab share: the race that is followed, and its numbers.
 *
 * Topics: "lobby" (what there is to choose from, and the races kept), "race" (the one followed, or null; set anew when
 * its state changes), "raceNow" (counts up with every answer) and "raceData" (when there are numbers to draw in it),
 * "raceAt" (the moment of the scrubber: a share of the training from 0 to 1, or null for the newest), "raceAxis",
 * "comparing" (names of races drawn dashed), "setup" ({open}) and "run" (the race's name, for the page's link).
 */
import { decode } from "../core/arrays.js";
import { isOpen, isUnderWay } from "../core/race-states.js";
import { poll as polling } from "../core/server.js";
import { number, setting, words } from "../core/setting.js";
import * as store from "../core/store.js";
import * as calls from "./calls.js";

/** @typedef {import("./types").Contender} Contender its numbers, as payload.py packs them */

const POLL = 333; // ms between two questions while something trains
const POLL_SLOWLY = 1200; // while it waits, is paused, or the tab is not on screen
const HIDDEN_LIMIT = 60_000; // ms after which a page that nobody sees stops asking

/** What people call the datasets that have another name on the page. @type {Map<string, string>} */
export const titles = new Map();
export let race = null;
export let compared = []; // other races, drawn dashed
let hiddenSince = null;
const visible = []; // functions, each telling whether a view that shows the race is on screen
const onScreen = () => visible.some((one) => one());
let arrived = 0; // counts up with every answer
let waiting = null; // what the next frame has to draw

// ---- the page opens ------------------------------------------------------------------------------------------
/** The first widget brings the server; the page may have been opened by a link to a race. */
export async function connect(functions) {
  calls.connect(functions);
  document.addEventListener("visibilitychange", seen);
  const lobby = await refreshLobby();
  if (!lobby) return;
  const linked = store.get("run");
  const running = lobby.races.find((one) => one.mine && isUnderWay(one));
  const finished = lobby.races.find((one) => one.state === "finished" || (one.mine && one.state === "paused"));
  const measured = lobby.races.find((one) => one.contenders.some((contender) => contender.test_accuracy !== null));
  const first = linked || (running || finished || measured || {}).name;
  if (!first || !(await open(first, { quietly: !linked }))) store.update({ setup: { open: true }, run: null });
  store.on("catalogue", dataCame);
  store.on("run", (name) => name && (!race || race.name !== name) && open(name)); // another link was followed
}

/** Own data have been read meanwhile: they can be raced on, and a race on them has its classes and its probe. */
async function dataCame({ sources }) {
  const known = store.get("lobby").datasets.map(({ name }) => name);
  if (sources.every((name) => known.includes(name))) return;
  await refreshLobby();
  if (race && !race.classes) await open(race.name, { quietly: true });
}

export async function refreshLobby() {
  const lobby = await calls.ask("lobby");
  if (lobby) {
    for (const { name, title } of lobby.datasets) titles.set(name, title);
    store.set("lobby", lobby);
  }
  return lobby;
}

// ---- following a race ------------------------------------------------------------------------------------------
function emptyRace(name) {
  return {
    name,
    title: name,
    state: "starting",
    place: null,
    reason: null,
    mine: false,
    keeps: false,
    contenders: [],
    activity: null,
    seconds_before: null,
    outcome: null,
    classes: null,
    probe: null,
  };
}

/** Until the race of a link is open: the moment of its scrubber, and the races to be laid under it. */
const linked = { at: null, under: [] };

/** Whether the race that a link is about is still to be opened. */
const coming = () => !race || (store.get("run") && store.get("run") !== race.name);

/** What a link holds of the moment and of the races that are laid under this one. */
export const links = {
  at: setting(
    number(0, 1),
    () => store.get("raceAt"),
    (at) => (coming() ? (linked.at = at) : store.set("raceAt", at)),
  ),
  under: setting(
    words(1000),
    () => compared.map(({ name }) => name).join(" "),
    (names) => {
      linked.under = names ? names.split(" ") : [];
      if (!coming()) layUnder();
    },
    "",
  ),
};

/** Lay exactly the races of the link under this one. */
async function layUnder() {
  const wanted = linked.under;
  linked.under = [];
  for (const { name } of compared) if (!wanted.includes(name)) await compare(name);
  for (const name of wanted) if (!compared.some((other) => other.name === name)) await compare(name);
}

/** Follow another race; false if it cannot be opened. `quietly`: the page's link does not name it yet. */
export async function open(name, { quietly = false } = {}) {
  following.stop();
  const next = emptyRace(name);
  const answer = await calls.ask("follow", { race: name, cursors: {} });
  if (!answer) {
    schedule();
    return false;
  }
  take(next, answer);
  race = next;
  compared = [];
  const setup = store.get("setup");
  store.update({
    race,
    raceData: ++arrived,
    raceAt: linked.at,
    comparing: [],
    setup: setup && setup.linked ? { open: true } : { open: false },
  });
  linked.at = null;
  if (!quietly) store.set("run", name);
  layUnder();
  schedule();
  return true;
}

export function close() {
  following.stop();
  race = null;
  compared = [];
  store.update({ race: null, raceAt: null, comparing: [], run: null });
}

/** Lay another race under this one, dashed; or take it away again. */
export async function compare(name) {
  if (compared.some((other) => other.name === name)) compared = compared.filter((other) => other.name !== name);
  else {
    const other = emptyRace(name);
    const answer = await calls.ask("follow", { race: name, cursors: {} });
    if (!answer) return;
    take(other, answer);
    compared = [...compared, other];
  }
  store.set(
    "comparing",
    compared.map((other) => other.name),
  );
  tell(false);
}

const cursors = (of) => Object.fromEntries(of.contenders.map(({ label, cursor }) => [label, cursor]));

/** Milliseconds until the race is asked after again; null where nothing more is to come, or nobody looks. */
function pace() {
  if (!race || !isOpen(race)) return null;
  if (document.hidden && hiddenSince !== null && performance.now() - hiddenSince > HIDDEN_LIMIT) return null;
  const busy = race.state === "training" || race.state === "starting";
  return busy && onScreen() && !document.hidden ? POLL : POLL_SLOWLY;
}

function schedule() {
  const wait = pace();
  if (wait !== null) following.later(wait);
}

/** A page that is looked at again catches up at once. */
function seen() {
  hiddenSince = document.hidden ? performance.now() : null;
  if (!document.hidden && pace() !== null) following.now();
}

/** One question at a time: two with the same cursors would bring the same numbers twice. */
const following = polling(async () => {
  const followed = race;
  if (!followed) return null;
  let reason = ""; // why it cannot be read
  const request = { race: followed.name, cursors: cursors(followed) };
  const answer = await calls.ask("follow", request, { quiet: true, say: (sentence) => (reason = sentence) });
  if (race !== followed) return pace();
  if (answer) heard(answer);
  else {
    Object.assign(race, { state: "unreadable", reason, place: null });
    tell(true, false);
  }
  return pace();
});

function heard(answer) {
  const before = stateOf(race);
  const news = take(race, answer);
  const changed = before !== stateOf(race);
  tell(changed, news);
  if (changed && !isUnderWay(race)) refreshLobby();
}

const stateOf = ({ state, title, place, reason, mine, outcome }) =>
  [state, title, place, reason, mine, Boolean(outcome)].join("\n");

/** Let the widgets draw in the next frame, all at once; a page that nobody sees draws when it is seen again. */
function tell(changed, news = true) {
  if (waiting === null) {
    requestAnimationFrame(() => {
      const { changed, news } = waiting;
      waiting = null;
      store.update({ raceNow: ++arrived, ...(news && { raceData: arrived }), ...(changed && { race }) });
    });
    waiting = { changed: false, news: false };
  }
  waiting.changed ||= changed;
  waiting.news ||= news;
}

// ---- what an answer brings -------------------------------------------------------------------------------------
/** What an answer says of the race itself. */
const TOLD = [
  "title",
  "state",
  "place",
  "reason",
  "activity",
  "seconds_before",
  "mine",
  "keeps",
  "outcome",
  "preset",
  "created",
];

/** Put the news of an answer into a race; true if there are any numbers among them. */
function take(into, answer) {
  for (const name of TOLD) into[name] = answer[name];
  if (answer.setting) Object.assign(into, answer.setting);
  let news = false;
  answer.contenders.forEach((part, index) => {
    let contender = into.contenders.find(({ label }) => label === part.label);
    if (!contender) into.contenders.push((contender = { label: part.label, index, cursor: 0, ...nothing() }));
    news = absorb(contender, part) || news;
  });
  return news;
}

/** What a contender has before the first answer. @returns {Pick<Contender, "info" | "steps" | "tests" | "snapshots" | "now" | "finished" | "failed">} */
const nothing = () => ({ info: null, steps: [], tests: [], snapshots: [], now: null, finished: null, failed: null });

/** @param {Contender} contender */
function absorb(contender, part) {
  if (part.anew) Object.assign(contender, nothing(), { info: part.info, words: part.words });
  if (part.recipe) contender.recipe = part.recipe;
  contender.lr_changes = part.lr_changes;
  contender.cursor = part.cursor;
  if (part.finished || (part.now && part.now.step !== contender.now?.step)) contender.heard = performance.now();
  contender.now = part.now || contender.now;
  if (part.steps) {
    const { data, shape } = decode(part.steps);
    for (let i = 0; i < shape[0]; i++) {
      const [step, images, seconds, loss, accuracy] = data.subarray(5 * i, 5 * i + 5);
      contender.steps.push({ step, images, seconds, loss, accuracy });
    }
  }
  for (const test of part.tests)
    if (!contender.tests.some(({ step }) => step === test.step)) contender.tests.push(test);
  contender.snapshots.push(...part.snapshots.map(unpack));
  contender.finished = part.finished || contender.finished;
  contender.failed = part.failed || contender.failed;
  return Boolean(part.anew || part.steps || part.tests.length || part.snapshots.length || part.finished || part.failed);
}

function unpack(snapshot) {
  const { positions, map } = snapshot;
  return { ...snapshot, map: decode(map), positions: positions && { ...positions, maps: decode(positions.maps) } };
}

// ---- commands --------------------------------------------------------------------------------------------------
/** Command the race and look at once what became of it. */
export async function command(what, values = {}) {
  if (!race) return false;
  const commanded = race;
  const answer = await calls.order("command", { race: race.name, do: what, ...values });
  if (!answer || race !== commanded) return false;
  Object.assign(race, answer);
  tell(true, false);
  following.now(); // also where it has come to rest: its last numbers are to be told
  return true;
}

/** A view shows the race while `shown()` is true: it is asked after more often then. */
export const watch = (shown) => visible.push(shown);

/** A function that tells an element's width without making the browser lay out the page. */
export function widthOf(element) {
  let width = element.clientWidth;
  new ResizeObserver((entries) => (width = entries.at(-1).contentRect.width)).observe(element);
  return () => width;
}

// ---- moments of a race -----------------------------------------------------------------------------------------
export const share = (contender, step) => (contender.info ? step / contender.info.total_steps : 0);

/** All moments that some contender was looked at, as shares of the training, from first to last. */
export function moments(of = race) {
  const all = new Set();
  for (const one of of ? of.contenders : [])
    for (const { step } of one.snapshots) all.add(Math.round(1e6 * share(one, step)) / 1e6);
  return [...all].sort((a, b) => a - b);
}

/** The snapshot a contender had last at the moment of the scrubber; null before its first. */
export function snapshotAt(contender, at = store.get("raceAt")) {
  if (at === null || at === undefined) return contender.snapshots.at(-1) || null;
  return (
    contender.snapshots.findLast(({ step }) => share(contender, step) <= at + 1e-6) || contender.snapshots[0] || null
  );
}

/** Where a contender stands now: the newest numbers there are. */
export const standing = (contender) => contender.now || contender.steps.at(-1) || { step: 0, images: 0, seconds: 0 };
