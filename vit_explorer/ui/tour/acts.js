/* What the tour asks for, and whether it was done. */

/** @typedef {{press?: string, point?: string, setting?: string[], is?: string}} Done */

const EVENTS = { press: ["click"], point: ["pointermove", "pointerdown", "keydown"] };
const LOOK = 150; // ms between two looks at the settings

/** Whether the settings of a link have become what was asked for. @param {Done} done @param {Record<string, string>} before @param {Record<string, string>} now */
export function changed({ setting = [], is }, before, now) {
  const of = (link, key) => link[key] ?? "";
  if (is === undefined) return setting.some((key) => of(now, key) !== of(before, key));
  return setting.every((key) => of(now, key) === is) && setting.some((key) => of(before, key) !== is);
}

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
 * Call `act()` once, when it is done. Stop watching with what comes back.
 * @param {Done} done
 * @param {() => Record<string, string>} link what a link to the screen holds
 * @param {() => void} act
 */
export function watch(done, link, act) {
  const stopping = new AbortController();
  const once = () => {
    if (stopping.signal.aborted) return;
    stop();
    act();
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
  const before = link();
  const timer = done.setting && setInterval(() => changed(done, before, link()) && once(), LOOK);
  function stop() {
    stopping.abort();
    clearInterval(timer);
  }
  return stop;
}
