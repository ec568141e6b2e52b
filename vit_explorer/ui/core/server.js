/* Asking the server: the one way there is. An answer comes back, or null once a sentence has said why there is none.
 *
 * ask      one question; while the server cannot be reached it is asked again, until there is an answer
 * latest   of several questions only the newest is answered: the code after an older one's await never goes on
 * queue    one question at a time; of those that come meanwhile only the newest is asked next
 * poll     again and again
 *
 * A view's `server` is the number by which Gradio knows the functions of its Python half.
 */
import { delay, faultOf, reweighed, waiting } from "./faults.js";
import { say, stand } from "./say.js";
import { sendAgain } from "./uploads.js";

/** @typedef {import("../state").Server} Server */
/**
 * `say`: where a refusal is written, if not in the page's own box. `once`: a command, which would be wrong to give
 * twice: it is not sent again when it was lost. `quiet`: not underWay as work under way of the page. `signal`: gives up.
 * @typedef {{say?: (sentence: string) => void, once?: boolean, quiet?: boolean, signal?: AbortSignal}} Options
 */

/** @template {string} Name @typedef {(request?: object) => Promise<import("../state").Answer<Name> | null>} Ask */

/** Where the page is, also under a sub-path that the server was not told of. */
export const ROOT = new URL("../../../", import.meta.url);
const PATIENCE = 1800; // ms after which the page says that it waits
const PLACE_AGAIN = 2000; // ms until it asks again how many are before it
const SESSION = "page"; // the server keeps nothing of a visitor, so all share one of Gradio's sessions
const waitedFor = new Set(); // promises that idle waits for
/** @type {Map<symbol, {sentence: string, lost: boolean}>} */
const troubles = new Map(); // what is said of each question that waits
/** @type {Map<string, string>} */
const weights = new Map(); // the stamp of each network's weights in its first answer
const REPLACED = Symbol("weights"); // the trouble that they were replaced, of the network replaced last
const PAGE = Math.random().toString(36).slice(2);
let tickets = 0; // given to requests

/** Say of a question that it waits, or with "" that it no longer does; lost ones before slow ones, and those before what stays. */
function trouble(question, sentence, lost = true) {
  if (sentence) troubles.set(question, { sentence, lost });
  else if (!troubles.delete(question)) return;
  const all = [...troubles.values()];
  stand((all.find((one) => one.lost) || all.at(-1))?.sentence || "");
}

/** Compare the weights behind an answer with those of the first one: answers must not change in silence. @param {string | undefined} model @param {string | null} stamp */
function weigh(model, stamp) {
  if (!model || !stamp) return;
  if (!weights.has(model)) weights.set(model, stamp);
  else if (weights.get(model) !== stamp) {
    weights.set(model, stamp);
    trouble(REPLACED, reweighed(model), false);
  }
}

/** Say of a request that takes long how many are before it, until what comes back is called; what is said of a lost one stays. */
function patience(question, ticket) {
  if (troubles.get(question)?.lost) return () => {};
  let over = false;
  const tell = (/** @type {number | null} */ before) => over || trouble(question, waiting(before), false);
  const looking = poll(async () => {
    if (!troubles.has(question)) tell(null);
    tell(await place(ticket));
    return over ? null : PLACE_AGAIN;
  });
  looking.later(PATIENCE);
  return () => {
    over = true;
    looking.stop();
  };
}

/** How many requests come before one; null where nobody knows. @returns {Promise<number | null>} */
async function place(ticket) {
  try {
    const response = await fetch(new URL("gradio_api/component_server/place", ROOT), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ticket }),
    });
    return response.ok ? (await response.json()).before : null;
  } catch {
    return null;
  }
}

const sleep = (ms, /** @type {AbortSignal | undefined} */ signal) =>
  new Promise((done) => {
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", () => done(clearTimeout(timer)));
  });

/** @typedef {{status: number, answer?: any}} Outcome of an attempt: a status of HTTP, 0 where nothing or nothing readable came */

/** @param {Server} server @param {string} name @param {object} request @param {string} ticket @param {AbortSignal | undefined} signal @returns {Promise<Outcome>} */
async function attempt(server, name, request, ticket, signal) {
  try {
    const response = await fetch(new URL("gradio_api/component_server/", ROOT), {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ data: request, fn_name: name, component_id: server, session_hash: SESSION, ticket }),
      signal,
    });
    if (!response.ok) return { status: response.status };
    weigh(/** @type {{model?: string}} */ (request).model, response.headers.get("VX-Weights"));
    return { status: 200, answer: await response.json() };
  } catch {
    return { status: 0 };
  }
}

/** Try until there is an answer, a refusal or nobody who waits for it. @param {(ticket: string) => Promise<Outcome>} attempt @param {Options} options */
async function answerOf(attempt, { say: refuse = say, once = false, signal }) {
  const question = Symbol();
  let restored = false; // the picture that the server no longer had was sent again
  try {
    for (let failures = 0; ; failures++) {
      const ticket = `${PAGE}-${++tickets}`;
      const come = patience(question, ticket);
      const { status, answer } = await attempt(ticket);
      come();
      if (signal?.aborted) return null;
      if (status === 200 && !answer?.error) return answer;
      if (answer?.missing && !restored) {
        restored = true;
        if (await sendAgain(answer.missing)) continue;
      }
      const { sentence, again } = status === 200 ? { sentence: answer.error, again: false } : faultOf(status, once);
      if (once || !again) {
        refuse(sentence);
        return null;
      }
      trouble(question, sentence);
      await sleep(delay(status, failures), signal);
    }
  } finally {
    trouble(question, "");
  }
}

/**
 * @template {string} Name
 * @param {Server} server
 * @param {Name} name
 * @param {object} request
 * @param {Options} options
 * @returns {Promise<import("../state").Answer<Name> | null>}
 */
export function ask(server, name, request = {}, options = {}) {
  const answer = answerOf((ticket) => attempt(server, name, request, ticket, options.signal), options);
  return options.quiet ? answer : underWay(answer);
}

/** `forget()` of what comes back drops the newest question too. @template {string} Name @param {Server} server @param {Name} name @param {Options} options @returns {Ask<Name> & {forget: () => void}} */
export function latest(server, name, options = {}) {
  return newest((request = {}, signal) => ask(server, name, request, { ...options, signal }));
}

/** The same for what takes several questions; `forget()` drops the newest too. @template Request, Result @param {(request: Request, signal: AbortSignal) => Promise<Result>} send */
export function newest(send) {
  /** @type {AbortController | undefined} */
  let last;
  const forget = () => last?.abort();
  const ask = async (/** @type {Request} */ request) => {
    forget();
    const { signal } = (last = new AbortController());
    const result = await send(request, signal);
    return signal.aborted ? forgotten() : result;
  };
  return Object.assign(ask, { forget });
}

/** @template {string} Name @param {Server} server @param {Name} name @param {Options} options @returns {Ask<Name>} */
export function queue(server, name, options = {}) {
  let busy = false;
  /** @type {(() => void) | null} */
  let next = null; // lets the newest of those that wait go on
  return async (/** @type {object} */ request = {}) => {
    if (busy) await new Promise((/** @type {(go: void) => void} */ go) => (next = go));
    busy = true;
    const answer = await ask(server, name, request, options);
    if (next) next();
    else busy = false;
    next = null;
    return answer;
  };
}

/** Whether the browser says that it has fetched an address already. @param {string} address */
const hasCome = (address) =>
  /** @type {PerformanceResourceTiming[]} */ (performance.getEntriesByName(address)).some(
    ({ responseStatus }) => responseStatus === 200,
  );

/**
 * A module of the page, such as "train/cards.js", fetched again until it comes. It is fetched before it is imported: an import that
 * failed may fail for good, for browsers may remember it; and what was fetched is imported from their cache.
 * @param {string} path @returns {Promise<any>}
 */
export function load(path) {
  const address = new URL(`../${path}`, import.meta.url).href;
  const attempt = async () => {
    if (!hasCome(address)) {
      const { ok, status } = await fetch(address).catch(() => ({ ok: false, status: 0 }));
      if (!ok) return { status };
    }
    try {
      return { status: 200, answer: await import(address) };
    } catch (error) {
      if (!/import/i.test(error.message)) throw error; // it came, and failed itself
      return { status: 0 };
    }
  };
  return underWay(answerOf(attempt, {}));
}

/**
 * Do something again and again, one at a time: `once()` resolves to the ms until the next time, or to null to end.
 * @param {() => Promise<number | null>} once
 * @returns {{now: () => void, later: (ms: number) => void, stop: () => void}} `now` also while one is under way: then right after it
 */
export function poll(once) {
  /** @type {ReturnType<typeof setTimeout>} */
  let timer;
  let [going, again] = [false, false];
  async function now() {
    clearTimeout(timer);
    again = going;
    if (going) return;
    going = true;
    const wait = await once();
    going = false;
    if (again) now();
    else if (wait !== null) later(wait);
  }
  function later(ms) {
    clearTimeout(timer);
    timer = setTimeout(now, ms);
  }
  return { now, later, stop: () => clearTimeout(timer) };
}

/** A promise that nobody hears from again. @returns {Promise<never>} */
const forgotten = () => new Promise(() => {});

/** Count a promise among what is under way until it has an outcome. @template T @param {Promise<T>} promise */
export async function underWay(promise) {
  waitedFor.add(promise);
  try {
    return await promise;
  } finally {
    waitedFor.delete(promise);
  }
}

/** Resolves when nothing is under way and what the last answer brought has been drawn. */
export async function idle() {
  do await new Promise((resolve) => setTimeout(resolve));
  while (waitedFor.size > 0);
}
