/* What the views of the Attention tab share: the weights of the trace on screen, the query, and colours for shares. */
import { decode } from "../core/arrays.js";
import { flag, index, number, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { CLS_TOKEN, tokenIndex, tokenOfIndex } from "../core/tokens.js";

/** @typedef {{layers: number, heads: number, n: number, nPrefix: number, grid: number[], whole: boolean, limit: number}} AttentionView */
/** @typedef {{layer: number, head: number, mean: boolean, direction: "row" | "column", scale: "shared" | "own", beside: Head | null}} Chosen `mean`: over the heads of the layer, in the view of the heads; `beside`: held to be compared with */
/** @typedef {{layer: number, head: number, mean: boolean}} Head */

const views = new WeakMap(); // payload of a trace -> its view, decoded once

/** The attention of the trace on screen, or null where the model has none (or nothing is on screen yet). */
export function view(/** @type {import("../state").State} */ state) {
  const trace = state.trace;
  if (!trace || !trace.attention) return null;
  if (!views.has(trace.attention)) views.set(trace.attention, build(trace));
  return views.get(trace.attention);
}

/** @param {import("../state").Trace} trace */
function build(/** @type {import("../state").Trace} */ trace) {
  const { attention, grid, n_prefix: nPrefix } = trace;
  const [layers, heads, n] = attention.shape;
  let weights = attention.weights && decode(attention.weights).data; // Float32Array, (layers, heads, n, n)
  const start = (layer, head) => (layer * heads + head) * n * n;
  /** What query token i gives to each token, (n,); a view into the decoded weights. */
  const row = (layer, head, i) => weights.subarray(start(layer, head) + i * n, start(layer, head) + (i + 1) * n);
  /** What each token gives to key token j, (n,). */
  const column = (layer, head, j) => {
    const from = start(layer, head) + j;
    return Float32Array.from({ length: n }, (_, i) => weights[from + i * n]);
  };
  const seen = {
    layers,
    heads,
    n,
    nPrefix,
    grid,
    row,
    column,
    few: Boolean(weights), // the trace came with all weights
    whole: Boolean(weights), // false: too many weights for one payload, rows are fetched until all layers have come
    fetched: new Map(), // token -> {rows, columns}, where weights are not whole
    means: new Map(), // "layer mean" -> (n, n)
    matrices: new Map(), // "layer head" -> (n, n), or null where even one head has too many weights to be sent
    /** Take the weights of all layers, each (heads, n, n): from now on no row is fetched. @param {Float32Array[]} all */
    complete(all) {
      weights = new Float32Array(layers * heads * n * n);
      for (const [layer, one] of all.entries()) weights.set(one, start(layer, 0));
      seen.whole = true;
    },
    /** A head's (n, n), null where it cannot be had, undefined while it has not been fetched. */
    matrix: (layer, head) =>
      weights
        ? weights.subarray(start(layer, head), start(layer, head) + n * n)
        : seen.matrices.get(`${layer} ${head}`),
    /** The first head of a layer whose matrix has not been fetched. */
    unknown: (layer) =>
      Array.from({ length: heads }, (_, head) => head).find((head) => seen.matrix(layer, head) === undefined),
    limit: attention.limit, // the end of the scale that all maps share; larger shares are clipped
    patchSize: attention.patch_size,
    reading: decode(attention.reading).data,
    distance: attention.distance,
    entropy: attention.entropy,
    lens: attention.lens,
    /** Index in the sequence of a token of the page, and back. */
    indexOf: (token) => tokenIndex(token, nPrefix),
    tokenOf: (index) => tokenOfIndex(index, nPrefix),
  };
  return seen;
}

/** The query: the marked token; while none is marked CLS, or the patch in the middle of a model without. */
export function query(/** @type {import("../state").State} */ state) {
  const seen = view(state);
  if (!seen) return null;
  const [rows, cols] = seen.grid;
  const unknown = state.token === null || -state.token > seen.nPrefix; // such as CLS, where there is none
  if (!unknown) return Math.min(state.token, rows * cols - 1);
  return seen.nPrefix ? CLS_TOKEN : Math.floor(rows / 2) * cols + Math.floor(cols / 2);
}

/** What is chosen in the view of the heads, inside what this model has; at first the first head of the last layer. */
export function chosen(/** @type {import("../state").State} */ state) {
  const seen = view(state);
  const {
    layer = seen.layers - 1,
    head = 0,
    mean = false,
    direction = "row",
    scale = "shared",
    beside = null,
  } = state.attentionChosen || {};
  const inside = (/** @type {Head} */ one) => ({
    layer: Math.min(one.layer, seen.layers - 1),
    head: Math.min(one.head, seen.heads - 1),
    mean: one.mean && seen.heads > 1,
  });
  return { ...inside({ layer, head, mean }), direction, scale, beside: beside && inside(beside) };
}

/** Choose what is named; a head that is chosen is looked at itself. @param {Partial<Chosen>} next */
export const choose = (next) =>
  store.set("attentionChosen", { ...chosen(store.state), ...("head" in next && { mean: false }), ...next });

/** @param {keyof Chosen} key */
const kept = (kind, key, usual) =>
  setting(
    kind,
    () => (view(store.state) ? chosen(store.state)[key] : null),
    (value) =>
      store.set("attentionChosen", {
        ...store.state.attentionChosen,
        ...(key === "head" && { mean: undefined }),
        [key]: value ?? undefined,
      }),
    usual,
  );

/** A head as text: "3-2" is layer 3, head 2. @type {import("../core/setting.js").Kind<Head>} */
const ofLayer = {
  write: ({ layer, head, mean }) => `${layer + 1}-${mean ? "mean" : head + 1}`,
  read(text) {
    const found = /^([1-9]\d{0,2})-([1-9]\d{0,2}|mean)$/.exec(text);
    const mean = found?.[2] === "mean";
    return found ? { layer: Number(found[1]) - 1, head: mean ? 0 : Number(found[2]) - 1, mean } : undefined;
  },
};

/** What a link holds of the view of the heads. */
export const linked = {
  layer: kept(index, "layer", () => (view(store.state) || { layers: 0 }).layers - 1),
  head: kept(index, "head", 0),
  mean: kept(flag, "mean", false), // after the head
  direction: kept(oneOf("row", "column"), "direction", "row"),
  scale: kept(oneOf("shared", "own"), "scale", "shared"),
  beside: kept(ofLayer, "beside", null),
  mix: setting(
    number(0, 1),
    () => store.state.attentionMix,
    (value) => store.set("attentionMix", value),
  ),
};

/** What a token gives to each token ("row") or gets from each ("column"): (layer, head) -> (n,); null while unknown. */
export function shares(seen, token, direction) {
  const index = seen.indexOf(token);
  if (seen.whole) return (layer, head) => seen[direction](layer, head, index);
  const kept = seen.fetched.get(token);
  if (!kept) return null;
  const { n, heads } = seen;
  return (layer, head) => kept[`${direction}s`].subarray((layer * heads + head) * n, (layer * heads + head + 1) * n);
}

/** The mean of arrays of one length. @param {ArrayLike<number>[]} all */
function meanOf(all) {
  const mean = new Float32Array(all[0].length);
  for (const one of all) for (let i = 0; i < mean.length; i++) mean[i] += one[i] / all.length;
  return mean;
}

const each = (seen, of) => Array.from({ length: seen.heads }, (_, head) => of(head));

/** Shares with the mean over a layer's heads as one more head, where there are several. */
export const withMean = (seen, shares) => (layer, head) =>
  head < seen.heads ? shares(layer, head) : meanOf(each(seen, (one) => shares(layer, one)));

/** Columns of the view of the heads: the mean is the last. */
export const columns = (seen) => seen.heads + (seen.heads > 1 ? 1 : 0);

/** The column of a head, or of the mean. @param {{heads: number}} seen @param {{head: number, mean: boolean}} chosen */
export const columnOf = (seen, { head, mean }) => (mean ? seen.heads : head);

/** The matrix of what is chosen, as seen.matrix says. @param {any} seen @param {Chosen} chosen */
export function matrix(seen, { layer, head, mean }) {
  if (!mean) return seen.matrix(layer, head);
  const all = each(seen, (one) => seen.matrix(layer, one));
  for (const unknown of [null, undefined]) if (all.includes(unknown)) return unknown;
  const key = `${layer} mean`;
  if (!seen.means.has(key)) seen.means.set(key, meanOf(all));
  return seen.means.get(key);
}

/** The token that has the largest share. */
export function strongest(seen, values) {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i] > values[best]) best = i;
  return seen.tokenOf(best);
}

/** The names by which the server finds what is on screen. */
export const named = ({ trace }) => ({ picture: trace.picture.name, model: trace.model, fit: trace.fit });
