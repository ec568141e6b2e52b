/* What the widgets of the Positions tab share: the similarities of a model, decoded once, and the snapshot at the slider.
 *
 * Topics: "positionSnapshot" = {model, index}; "positionPair" = {first, second} (tokens) while a pair is pointed at.
 */
import { decode } from "../core/arrays.js";
import { diverging } from "../core/colours.js";
import { matrixImage } from "../core/draw.js";
import { integer, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { prefixName, tokenIndex, tokenOfIndex } from "../core/tokens.js";

const PERCENTILE = 0.98; // the colour scale, as colour_limit in figures/positions.py defines it
const STEP = 0.05;
const views = new WeakMap(); // payload -> view

/**
 * The similarities of state.model, or null for a model without positions. `at(s, i, j)` counts tokens from 0 with CLS
 * first; `indexOf` and `tokenOf` translate.
 * @param {import("../state").State} state
 */
export function view(/** @type {import("../state").State} */ state) {
  const payload = state.model && state.model.positions;
  if (!payload) return null;
  if (!views.has(payload)) views.set(payload, build(payload));
  return views.get(payload);
}

/** @param {import("../core/payloads").PositionsPayload} payload */
function build(payload) {
  const packed = decode(payload.similarity);
  const [count, size] = packed.shape;
  const [rows, cols] = payload.grid;
  const [n, nPrefix] = [rows * cols, payload.n_prefix];
  const at = (s, i, j) => packed.data[(s * size + i) * size + j] * packed.scale;
  const indexOf = (token) => tokenIndex(token, nPrefix);
  const tokenOf = (index) => tokenOfIndex(index, nPrefix);
  const has = (token) => token !== null && token >= -nPrefix && token < n;
  const images = new Map();
  const keep = (key, make) => images.get(key) || images.set(key, make()).get(key);

  /** The other patch that is most similar to a token. */
  function nearest(s, token) {
    const i = indexOf(token);
    let best = null;
    for (let j = nPrefix; j < size; j++) if (j !== i && (best === null || at(s, i, j) > at(s, i, best))) best = j;
    return best === null ? null : tokenOf(best);
  }

  const limit = colourLimit({ at, count, n, nPrefix });
  const matrixOf = (s) =>
    keep(`matrix ${s}`, () => paint(size, size, (k) => at(s, Math.floor(k / size), k % size), limit));
  // All maps in one image: the map of patch (r, c) fills the block (r, c) of rows x cols pixels.
  const mapsOf = (s) =>
    keep(`maps ${s}`, () => {
      const across = cols * cols;
      return paint(
        rows * rows,
        across,
        (k) => {
          const [y, x] = [Math.floor(k / across), k % across];
          const of = Math.floor(y / rows) * cols + Math.floor(x / cols);
          return at(s, nPrefix + of, nPrefix + (y % rows) * cols + (x % cols));
        },
        limit,
      );
    });
  return {
    ...payload,
    rows,
    cols,
    n,
    nPrefix,
    size,
    count,
    at,
    indexOf,
    tokenOf,
    has,
    nearest,
    limit,
    matrixImage: matrixOf,
    mapsImage: mapsOf,
  };
}

function paint(rows, cols, value, limit) {
  const values = Float32Array.from({ length: rows * cols }, (_, k) => value(k));
  return matrixImage(values, rows, cols, diverging, -limit, limit);
}

/** The percentile of |similarity| of two different patches, in the snapshot where it is largest, rounded up. */
function colourLimit({ at, count, n, nPrefix }) {
  if (n < 2) return 1;
  let highest = 0;
  for (let s = 0; s < count; s++) {
    const values = new Float32Array(n * (n - 1));
    let filled = 0;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) if (i !== j) values[filled++] = Math.abs(at(s, nPrefix + i, nPrefix + j));
    }
    values.sort();
    const place = PERCENTILE * (values.length - 1);
    const low = values[Math.floor(place)];
    highest = Math.max(highest, low + (place % 1) * (values[Math.ceil(place)] - low));
  }
  return Math.min(1, Math.max(STEP, Math.ceil(highest / STEP - 1e-6) * STEP));
}

/** Index of the snapshot at the slider; the model's own table until somebody moves it. */
export function snapshot(/** @type {import("../state").State} */ state) {
  const [kept, seen] = [state.positionSnapshot, view(state)];
  const mine = kept && kept.model === state.model.name && kept.index < seen.count;
  return mine ? kept.index : seen.count - 1;
}

/** What a link holds of the slider. The model that it is about may not be there yet. */
export const linked = {
  snapshot: setting(
    integer(0, 999),
    () => (view(store.state) ? snapshot(store.state) : null),
    (index) => {
      const { model } = store.state;
      if (index === null) store.set("positionSnapshot", null);
      else if (model) setSnapshot(index);
      else store.once("model", () => setSnapshot(index));
    },
    () => view(store.state).count - 1,
  ),
};

export function setSnapshot(index) {
  store.set("positionSnapshot", { model: store.get("model").name, index });
}

/** The marked token if this model has it, else null. */
export const token = (/** @type {import("../state").State} */ state) =>
  view(state).has(state.token) ? state.token : null;

/** The other token of a pair that is pointed at, or null. */
export function second(/** @type {import("../state").State} */ state) {
  const pair = state.positionPair;
  return pair && pair.first === state.token && view(state).has(pair.second) ? pair.second : null;
}

/** Mark a pair while it is pointed at; null lets go of it. */
export function pointPair(first, other) {
  store.set("positionPair", first === null || other === null ? null : { first, second: other });
  store.point(first);
}

/**
 * Mean similarity of mirror twins: patches of one row with left and right swapped, neighbours left out because they are
 * alike anyway; and the mean of all pairs, to compare with. Null where the grid is too narrow.
 */
export function mirror({ at, rows, cols, n, nPrefix }, s) {
  const twins = [];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; 2 * col + 2 < cols; col++) twins.push([row * cols + col, row * cols + cols - 1 - col]);
  }
  if (!twins.length) return null;
  let all = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) all += at(s, nPrefix + i, nPrefix + j);
  const twin = twins.reduce((sum, [a, b]) => sum + at(s, nPrefix + a, nPrefix + b), 0);
  return { twins: twin / twins.length, all: all / ((n * (n - 1)) / 2) };
}

export const shortEpoch = (epoch) => (epoch >= 10 ? epoch.toFixed(0) : String(Number(epoch.toPrecision(2))));
/** Null is the end of a training whose length is not known. */
export const epochName = (epoch) =>
  epoch === null ? "trained" : epoch === 0 ? "epoch 0 (untrained)" : `epoch ${shortEpoch(epoch)}`;
export const hasUntrained = (seen) => seen.count > 1 && seen.epochs[0] === 0;

/** Distance of two patches on the grid, in patches. */
export function distance(a, b, { cols }) {
  return Math.hypot(Math.floor(a / cols) - Math.floor(b / cols), (a % cols) - (b % cols));
}

/** "patch 13 (row 2, column 5)" without the words of tokenName, where there is little room: "13 (2, 5)". */
export const brief = (which, { cols }) =>
  which < 0 ? prefixName(-which - 1) : `${which + 1} (${Math.floor(which / cols) + 1}, ${(which % cols) + 1})`;

/** Show the parts of a widget only for a model with positions; true if it has them. */
export function shown(root, state, selector = ".vx-panel") {
  const seen = view(state);
  for (const panel of root.querySelectorAll(selector)) panel.hidden = !seen;
  return seen;
}

/** The inks of marked and related patches; read at a draw, because reading them may cost a layout. */
export const inks = () => ({ query: inkOf("--vx-query"), key: inkOf("--vx-key") });
