/* What is taken away in the Test it view: one set of choices, its past, and the picture that patches are erased on. */
import * as format from "../core/format.js";
import { cellAt } from "../core/pointer.js";
import { flag, index, integer, integers, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { moveToken } from "../core/tokens.js";

const EMPTY = { erased: [], baseline: "blurred", shuffle: null, muted: [], positions: true };

/**
 * The choices with a past. `changed()` is called after each change that is one; `network()` names that which is on screen, or is
 * on its way to it.
 */
export function choices(changed, network) {
  let now = { ...EMPTY };
  let past = [];
  let of = ""; // the network for which something was chosen last: its heads are no other's

  function put(next) {
    if (JSON.stringify(next) === JSON.stringify(now)) return;
    now = next;
    of = network();
    changed();
  }
  /** Change something; `keep` false makes it one step with the change before, as in a drag. */
  function change(values, keep = true) {
    const next = { ...now, ...values };
    if (JSON.stringify(next) === JSON.stringify(now)) return;
    if (keep) past.push(now);
    put(next);
  }
  /** Nothing taken away: the choices then. */
  const nothing = () => ({ ...EMPTY, baseline: now.baseline });
  return {
    now: () => now,
    change,
    undo: () => past.length && put(past.pop()),
    canUndo: () => past.length > 0,
    reset: () => change(nothing()),
    isEmpty: () => !now.erased.length && now.shuffle === null && !now.muted.length && now.positions,
    /**
     * Another network is on screen: heads that were muted in the one before are its own; patches stay where the picture is cut `alike`.
     * What was chosen for the new one, as by a link, stays.
     */
    forget(alike) {
      of ||= network(); // what a link named before any network was there
      if (of === network()) return;
      past = [];
      now = alike ? { ...now, muted: [] } : nothing();
    },
    /** Leave aside what a link named and this network has not: `shape` is [layers, heads]. */
    keepInside(patches, shape) {
      const erased = now.erased.filter((patch) => patch < patches);
      const muted = now.muted.filter(([layer, head]) => shape && layer < shape[0] && head < shape[1]);
      if (erased.length < now.erased.length || muted.length < now.muted.length) now = { ...now, erased, muted };
    },
    /** Take over without a past. */
    begin(values) {
      past = [];
      of = network();
      now = { ...now, ...values };
    },
  };
}

/** Heads as "layer-head", counted from 1: "4-1.4-2". @type {import("../core/setting.js").Kind<number[][]>} */
const heads = {
  write: (muted) => muted.map(([layer, head]) => `${layer + 1}-${head + 1}`).join("."),
  read(text) {
    const pairs = text.split(".").map((pair) => pair.split("-").map(index.read));
    return pairs.every((pair) => pair.length === 2 && !pair.includes(undefined)) ? pairs : undefined;
  },
};

/** What a link holds of the choices. */
export function linked(kept) {
  const one = (kind, key) =>
    setting(
      kind,
      () => kept.now()[key],
      (value) => kept.begin({ [key]: value ?? EMPTY[key] }),
      EMPTY[key],
    );
  return {
    erased: one(integers(), "erased"),
    baseline: one(oneOf("blurred", "mean"), "baseline"),
    shuffle: one(integer(1, 9999), "shuffle"),
    muted: one(heads, "muted"),
    positions: one(flag, "positions"),
  };
}

const NAMED = 2; // heads; more of them are counted

/** What is taken away, in words: "Without 1 patch and layer 4, head 1"; "" for nothing. */
export function without({ erased, shuffle, muted, positions }) {
  const heads = muted.map(([layer, head]) => `layer ${layer + 1}, head ${head + 1}`);
  const gone = [
    ...(erased.length ? [format.plural(erased.length, "patch", "patches")] : []),
    ...(heads.length > NAMED ? [format.plural(heads.length, "head")] : heads),
    ...(positions ? [] : ["positions"]),
  ];
  const order = shuffle === null ? "" : `${gone.length ? ", patches" : "Patches"} shuffled (seed ${shuffle})`;
  if (!gone.length) return order;
  return `Without ${format.listed(gone, "and", "; ")}${order}`;
}

/**
 * Let pointer and keys erase and restore patches. A drag does to all what it did to the first; it is one step to undo.
 * @param {HTMLElement} element
 * @param {{grid: () => number[] | null, erased: () => number[], change: (erased: number[], keep: boolean) => void}} how `grid()` of the patches, the `erased` ones, and what to do with others
 */
export function brush(element, { grid, erased, change }) {
  element.tabIndex = 0;
  let erasing = null; // while the button is down: whether patches are erased or restored
  const tokenAt = (event) => {
    const size = grid();
    const cell = size && cellAt(event, element, size[0], size[1]);
    return cell ? cell[0] * size[1] + cell[1] : null;
  };
  const touch = (token, keep) => {
    const left = erased().filter((patch) => patch !== token);
    change(erasing ? [...left, token].sort((a, b) => a - b) : left, keep);
  };
  element.addEventListener("pointerdown", (event) => {
    const token = tokenAt(event);
    if (token === null || event.button) return;
    erasing = !erased().includes(token);
    store.pin(token);
    touch(token, true);
  });
  element.addEventListener("pointermove", (event) => {
    const token = tokenAt(event);
    store.point(token);
    if (erasing === null || token === null) return;
    if (!event.buttons) erasing = null;
    else if (erased().includes(token) !== erasing) touch(token, false);
  });
  for (const end of ["pointerup", "pointercancel"]) window.addEventListener(end, () => (erasing = null));
  element.addEventListener("pointerleave", () => store.point(null));
  element.addEventListener("keydown", (event) => {
    const size = grid();
    if (!size) return;
    const token = store.get("token");
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (token === null || token < 0 || token >= size[0] * size[1]) return;
      erasing = !erased().includes(token);
      touch(token, true);
      erasing = null;
    } else if (moveToken(event.key, size)) event.preventDefault();
  });
}
