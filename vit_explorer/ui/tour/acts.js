/* What the tour asks for, and whether it was done. */
import { isOpen, isUnderWay } from "../core/race-states.js";

/** @typedef {{press?: string, point?: string, setting?: string[], is?: string, race?: "over", until?: string}} Done */
/** @typedef {import("../train/types").Race | null | undefined} Followed */

const EVENTS = { press: ["click"], point: ["pointermove", "pointerdown", "keydown"] };
const LOOK = 150; // ms between two looks at the page

/** Whether the settings of a link have become what was asked for. @param {Done} done @param {Record<string, string>} before @param {Record<string, string>} now */
export function changed({ setting = [], is }, before, now) {
  const of = (link, key) => link[key] ?? "";
  if (is === undefined) return setting.some((key) => of(now, key) !== of(before, key));
  return setting.every((key) => of(now, key) === is) && setting.some((key) => of(before, key) !== is);
}

/** What is told apart of the race that is followed. @param {Followed} race */
const about = (race) => ({ name: race?.name, open: Boolean(race) && isOpen(race) });

/** Whether a race has come to its end that had not when the step began. @param {ReturnType<typeof about>} before @param {Followed} now */
export const over = (before, now) => Boolean(now) && !about(now).open && (now.name !== before.name || before.open);

/** Whether some contender still trains or waits, by what is known of each. @param {import("../train/types").Race} race */
export const goesOn = (race) =>
  isUnderWay(race) && !race.contenders.every(({ finished, failed }) => finished || failed);

/** Whether something on screen matches. @param {string} selector */
const onScreen = (selector) => [...document.querySelectorAll(selector)].some((one) => one.checkVisibility());

/**
 * The number, from 1, of the step that goes on where somebody has gone: the present one where it is about that place, else
 * the nearest that is, of two as near the later one; 0 where none is.
 * @param {{link: string}[]} steps @param {number} number the present one @param {{tab?: string, sub?: string}} place
 */
export function stepAt(steps, number, { tab, sub }) {
  const there = steps.flatMap(({ link }, k) => {
    const of = new URLSearchParams(link);
    return of.get("tab") === tab && [sub, null].includes(of.get("sub") ?? null) ? [k + 1] : [];
  });
  const away = (/** @type {number} */ one) => Math.abs(one - number);
  return there.reduce((found, one) => (found && away(found) < away(one) ? found : one), 0);
}

/**
 * Call `act()` once, when it is done and what it shows has ended. Stop watching with what comes back.
 * @param {Done} done
 * @param {() => Record<string, string>} link what a link to the screen holds
 * @param {() => Followed} race the one that is followed
 * @param {() => void} act
 */
export function watch(done, link, race, act) {
  const stopping = new AbortController();
  /** @type {ReturnType<typeof setInterval>} */
  let timer;
  const when = (/** @type {() => boolean} */ holds, /** @type {() => void} */ then) => {
    timer = setInterval(() => {
      if (!holds()) return;
      clearInterval(timer);
      then();
    }, LOOK);
  };
  const ended = () => {
    stop();
    act();
  };
  const once = () => {
    if (stopping.signal.aborted) return;
    stop();
    if (done.until) when(() => onScreen(done.until), ended);
    else ended();
  };
  for (const kind of /** @type {const} */ (["press", "point"])) {
    const selector = done[kind];
    if (!selector) continue;
    const heard = (event) => {
      if (event instanceof KeyboardEvent && !event.key.startsWith("Arrow")) return;
      if (event.target instanceof Element && event.target.closest(selector)) once();
    };
    for (const name of EVENTS[kind]) document.addEventListener(name, heard, { capture: true, signal: stopping.signal });
  }
  const [before, raced] = [link(), about(race())];
  if (done.setting) when(() => changed(done, before, link()), once);
  if (done.race) when(() => over(raced, race()), once);
  function stop() {
    stopping.abort();
    clearInterval(timer);
  }
  return stop;
}
