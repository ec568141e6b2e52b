/* The network on screen as Home draws it: its threads, its blocks, and what each part is made of. */
import { decode } from "../core/arrays.js";
import { tokenIndex } from "../core/tokens.js";
import { meanColours, meanOf } from "./arithmetic.js";

/**
 * @typedef {{title: string, window: number | null, shift: number[], grid: number[], channels: number, stage: number, mean: any}} Block
 * @typedef {object} Network
 * @property {"tokens" | "maps"} kind maps: of stages, with or without windows
 * @property {"layer" | "block" | "stage"} unit what each of `blocks` is called: a ViT has layers, a Swin blocks, a CNN stages
 * @property {number} n tokens, those in front of the patches included
 * @property {number} nPrefix
 * @property {number[]} grid of the patches
 * @property {number[][]} colours of the patches
 * @property {Block[]} blocks
 * @property {number} heads
 * @property {number} dFf of the MLP
 * @property {number} dModel
 * @property {number[][]} lens probabilities after the embedding and each block; empty where there are none
 * @property {number} limit of the scale of all shares
 * @property {number[]} reading weight of each token in what the head reads
 * @property {number[]} readers prefix tokens that the head reads
 * @property {"even" | "weighted" | null} pooled
 * @property {boolean} stem
 * @property {boolean} headless
 * @property {string[]} prefixNames
 * @property {string[]} classes
 * @property {number[] | null} summands
 * @property {(layer: number, token: number) => Float32Array[] | null} rows of each head, of the readers or of a token where patches are read
 * @property {((token: number) => Float32Array) | null} places similarity of a token's place to all
 * @property {number} placesLimit of their scale
 */

const networks = new WeakMap(); // trace -> network
const similarities = new WeakMap(); // payload of the positions -> {at, limit}
const PERCENTILE = 0.98; // of all similarities of patches: where their scale ends

/** @param {import("../state").State} state @returns {Network | null} */
export function networkOf({ trace, model }) {
  if (!trace || !model || trace.model !== model.name) return null;
  if (!networks.has(trace)) networks.set(trace, build(trace, model));
  return networks.get(trace);
}

/** @param {import("../state").Trace} trace @param {import("../core/payloads").ModelPayload} model @returns {Network} */
function build(trace, model) {
  const { attention, home, n_prefix: nPrefix } = trace;
  const kind = attention ? "tokens" : "maps";
  const blocks = attention
    ? Array.from({ length: attention.shape[0] }, () => ({}))
    : home.maps.map((map) => ({ ...map, mean: decode(map.mean).data }));
  // The patches of a Swin are those of its first map; a CNN has none, and its last map is what is marked.
  const grid = trace.grid;
  const reading = attention ? Array.from(decode(attention.reading).data) : [];
  const readers = reading.slice(0, nPrefix).flatMap((weight, index) => (weight > 0 ? [index] : []));
  const patches = reading.slice(nPrefix);
  const n = nPrefix + grid[0] * grid[1];
  const places = attention && model.positions && placesOf(model.positions);
  return {
    kind,
    unit: attention ? "layer" : home.maps[0].window ? "block" : "stage",
    n,
    nPrefix,
    grid,
    colours: meanColours(trace.rgb.data, trace.size, grid),
    blocks: /** @type {any} */ (blocks),
    heads: attention ? attention.shape[1] : 0,
    dModel: model.d_model,
    dFf: model.d_ff,
    lens: attention && trace.classes.length ? attention.lens : [],
    limit: attention ? attention.limit : 1,
    reading,
    readers,
    pooled:
      !attention || readers.length ? null : Math.max(...patches) > Math.min(...patches) + 1e-6 ? "weighted" : "even",
    stem: Boolean(trace.stem),
    headless: !trace.classes.length,
    prefixNames: model.prefix_names,
    classes: trace.classes,
    summands: home.summands,
    rows: attention ? rowsOf(trace, n) : () => null,
    places: places && places.at,
    placesLimit: places ? places.limit : 1,
  };
}

/** What the readers give to each token, in each head of a layer; where patches are read, what a token gives. */
function rowsOf({ attention, home, n_prefix: nPrefix }, n) {
  const [, heads] = attention.shape;
  const cut = (data, at) => Array.from({ length: heads }, (_, head) => data.subarray(at(head), at(head) + n));
  if (home.arriving) {
    const { data } = decode(home.arriving);
    return (layer) => cut(data, (head) => (layer * heads + head) * n);
  }
  if (!attention.weights) return () => null;
  const { data } = decode(attention.weights);
  return (layer, token) => cut(data, (head) => ((layer * heads + head) * n + tokenIndex(token, nPrefix)) * n);
}

/** The similarities of the places in the network as it is: of a token's to all, and the end of their scale. */
function placesOf(positions) {
  if (!similarities.has(positions)) {
    const { data, shape, scale } = decode(positions.similarity);
    const [count, size] = shape;
    const own = Float32Array.from(data.subarray((count - 1) * size * size), (value) => value * scale);
    const { n_prefix: nPrefix } = positions;
    const others = own.filter((_, k) => {
      const [i, j] = [Math.floor(k / size), k % size];
      return i >= nPrefix && j >= nPrefix && i !== j;
    });
    const sorted = others.map(Math.abs).sort();
    similarities.set(positions, {
      at: (token) => own.subarray(tokenIndex(token, nPrefix) * size, (tokenIndex(token, nPrefix) + 1) * size),
      limit: sorted[Math.floor(PERCENTILE * (sorted.length - 1))] || 1,
    });
  }
  return similarities.get(positions);
}

/** The mean over the heads of a layer of what arrives, or null while it is not known. */
export function arriving(/** @type {Network} */ network, layer, token) {
  const rows = network.rows(layer, token);
  return rows && meanOf(rows);
}
