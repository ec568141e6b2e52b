/* One head's arithmetic, from its queries, keys and values. */
import { decode } from "../core/arrays.js";

/** @typedef {ReturnType<typeof readHead>} HeadInside */

/** @param {import("../core/payloads").InsidePayload} answer */
export function readHead(answer) {
  const [query, key, value] = [answer.query, answer.key, answer.value].map(decode);
  const [n, d] = query.shape;
  const root = Math.sqrt(d);
  const dot = (/** @type {number} */ i, /** @type {number} */ j) => {
    let sum = 0;
    for (let c = 0; c < d; c++) sum += query.data[i * d + c] * key.data[j * d + c];
    return sum;
  };
  return {
    layer: answer.layer,
    head: answer.head,
    n,
    d,
    root,
    query,
    key,
    value,
    dFf: answer.d_ff,
    added: decode(answer.added).data,
    lengths: decode(answer.lengths),
    units: decode(answer.units),
    activations: decode(answer.activations),
    dot,
    /** q·k / √d of a query with every key. @param {number} i */
    scores: (i) => Float32Array.from({ length: n }, (_, j) => dot(i, j) / root),
  };
}

/** Softmax of scores. @param {Float32Array} scores */
export function softmax(scores) {
  const high = Math.max(...scores);
  const powers = scores.map((score) => Math.exp(score - high));
  const sum = powers.reduce((all, one) => all + one, 0);
  return powers.map((one) => one / sum);
}

/** The sum of values (n, d) with these weights, (d,). @param {Float32Array} weights @param {ArrayLike<number>} value @param {number} d */
export function mix(weights, value, d) {
  const sum = new Float32Array(d);
  weights.forEach((weight, j) => {
    for (let c = 0; c < d; c++) sum[c] += weight * value[j * d + c];
  });
  return sum;
}

/** The largest absolute number, for a scale; never 0. @param {ArrayLike<number>[]} arrays */
export const largest = (...arrays) =>
  arrays.reduce((most, array) => {
    for (let k = 0; k < array.length; k++) most = Math.max(most, Math.abs(array[k]));
    return most;
  }, 1e-9);
