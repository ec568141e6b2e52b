/* The rollout on screen: its options, what the server made of them, and the rows that are drawn. */
import { decode } from "../core/arrays.js";
import { flag, index, number, oneOf, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { CLS_TOKEN } from "../core/tokens.js";
import * as attention from "./data.js";

/** @typedef {{row: "answer" | "query", fusion: string, discard: number, residual: boolean, start: number, scale: string}} RolloutOptions */

const PERCENTILE = 0.98; // where the scale of the steps ends, as rollout_limit in figures/attention.py defines it
/** @type {RolloutOptions} */
const FIRST = { row: "answer", fusion: "mean", discard: 0, residual: true, start: 0, scale: "shared" };

/** The options, inside what this model has. @returns {RolloutOptions} */
export function options(/** @type {import("../state").State} */ state) {
  const chosen = { ...FIRST, ...state.attentionRollout };
  return { ...chosen, start: Math.min(chosen.start, attention.view(state).layers - 1) };
}

/** @param {keyof RolloutOptions} key */
const kept = (kind, key) =>
  setting(
    kind,
    () => (attention.view(store.state) ? options(store.state)[key] : null),
    (value) => store.set("attentionRollout", { ...store.state.attentionRollout, [key]: value ?? FIRST[key] }),
    FIRST[key],
  );

/** What a link holds of them. */
export const linked = {
  row: kept(oneOf("answer", "query"), "row"),
  fusion: kept(oneOf("mean", "max", "min"), "fusion"),
  discard: kept(number(0, 0.95), "discard"),
  residual: kept(flag, "residual"),
  start: kept(index, "start"),
  scale: kept(oneOf("shared", "own"), "scale"),
  mix: attention.linked.mix,
};

function asked(/** @type {import("../state").State} */ state) {
  const { fusion, discard, residual, start } = options(state);
  return { ...attention.named(state), head_fusion: fusion, discard_ratio: discard, residual, start_layer: start };
}

/** What the server is asked for: of a network with many tokens all their rows only where one of them is shown. */
export function request(/** @type {import("../state").State} */ state) {
  return { ...asked(state), matrices: !attention.view(state).few && options(state).row === "query" };
}

/** What is saved: the rollout of the answer or of the token that is shown. */
export function saved(/** @type {import("../state").State} */ state) {
  const { row, scale } = options(state);
  return { ...asked(state), token: attention.query(state), row, scale };
}

export function unpacked(answer) {
  const data = (packed) => packed && decode(packed).data;
  return {
    count: answer.answer.shape[0],
    answer: data(answer.answer),
    answerAlone: data(answer.answer_alone),
    steps: data(answer.steps),
    alone: data(answer.alone),
  };
}

/** The rows that are drawn: [rollout up to each step, layer of each step alone], each a list of (n,). */
export function rows(/** @type {import("../state").State} */ state, seen, stack) {
  const { row, start } = options(state);
  const { n } = seen;
  const list = (data, at = (s) => s * n) =>
    Array.from({ length: stack.count }, (_, s) => data.subarray(at(s), at(s) + n));
  if (row === "answer") return [list(stack.answer), list(stack.answerAlone)];
  const index = seen.indexOf(attention.query(state));
  const own = (s) => (s * n + index) * n;
  if (stack.alone) return [list(stack.steps, own), list(stack.alone, own)];
  const given = attention.withMean(seen, (layer, head) => seen.row(layer, head, index));
  const alone = Array.from({ length: stack.count }, (_, s) => given(start + s, seen.heads));
  return [list(stack.steps, own), alone];
}

/** Where a shared scale ends: a percentile of the patches' shares, the query's own left out. */
export function limit(seen, list, query) {
  const own = query === null || query < 0 ? -1 : seen.indexOf(query);
  const values = [];
  for (const shares of list) for (let j = seen.nPrefix; j < seen.n; j++) if (j !== own) values.push(shares[j]);
  if (!values.length) return 1;
  const sorted = Float32Array.from(values).sort();
  const place = PERCENTILE * (sorted.length - 1);
  const low = sorted[Math.floor(place)];
  return Math.max(low + (place % 1) * (sorted[Math.ceil(place)] - low), 1e-9);
}

/** Whose row is drawn: a token of the page, or null for an answer that is read from several tokens. */
export function whose(/** @type {import("../state").State} */ state) {
  if (options(state).row === "query") return attention.query(state);
  return attention.view(state).reading[0] > 0.999 ? CLS_TOKEN : null; // a DeiT's answer is read from two tokens, others' from all patches
}
