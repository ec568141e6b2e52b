/* The numbers that the tour's sentences name, from what is on screen now. */
import { best, decode } from "../core/arrays.js";
import * as format from "../core/format.js";
import { tokenIndex, tokenName, tokenOfIndex } from "../core/tokens.js";

/** @typedef {import("../state").State} State */

const weights = new WeakMap(); // payload of attention -> decoded

/** Shares that the marked token gives in the chosen head; null where they are not here. @param {State} state */
function shares({ trace, token, attentionChosen }) {
  const attention = trace.attention;
  if (!attention?.weights || token === null) return null;
  if (!weights.has(attention)) weights.set(attention, decode(attention.weights).data);
  const [layers, heads, n] = attention.shape;
  const { layer, head } = { layer: layers - 1, head: 0, ...attentionChosen };
  const start = (((layer ?? layers - 1) * heads + (head ?? 0)) * n + tokenIndex(token, trace.n_prefix)) * n;
  return weights.get(attention).subarray(start, start + n);
}

/** What a head would answer after the block that a link names; the last one by default. @param {State} state @param {Record<string, string>} link */
function lens({ trace }, link) {
  const rows = trace.attention?.lens;
  return rows?.length && trace.classes.length ? rows[Math.min(Number(link.block ?? Infinity), rows.length - 1)] : null;
}

/** @type {Record<string, (state: State, link: Record<string, string>) => string | number | null>} */
export const NUMBERS = {
  picture: ({ trace }) => trace.picture.title,
  model: ({ model }) => model.name,
  answer: ({ trace }) => trace.classes[best(trace.probabilities)],
  chance: ({ trace }) => format.probability(Math.max(...trace.probabilities)),
  size: ({ trace }) => trace.size,
  patches: ({ trace }) => trace.grid[0] * trace.grid[1],
  tokens: ({ trace }) => trace.grid[0] * trace.grid[1] + trace.n_prefix,
  patch_values: ({ trace }) => trace.patches && trace.patches.values,
  width: ({ model }) => model.d_model,
  blocks: ({ model }) => model.n_layers,
  score({ model, positionSnapshot: shown }) {
    const scores = model.positions?.structure;
    return scores ? format.decimal((scores[shown?.index ?? scores.length - 1] ?? scores.at(-1)).two_d) : null;
  },
  strongest(state) {
    const values = shares(state);
    return values && tokenName(tokenOfIndex(best(values), state.trace.n_prefix), state.trace.grid);
  },
  strongest_share(state) {
    const values = shares(state);
    return values && format.attention(Math.max(...values));
  },
  answer_there(state, link) {
    const chances = lens(state, link);
    return chances && state.trace.classes[best(chances)];
  },
  chance_there(state, link) {
    const chances = lens(state, link);
    return chances && format.probability(Math.max(...chances));
  },
  window_tokens: ({ windows }) => windows?.answer && format.count(windows.answer.side ** 2),
  window_pairs: ({ windows }) => windows?.answer && format.count(windows.answer.side ** 4),
};

/** A sentence with its numbers; "…" where one is not there yet. @param {string} sentence @param {State} state @param {Record<string, string>} link */
export function filled(sentence, state, link) {
  return sentence.replace(/\{(\w+)\}/g, (_, name) => {
    const known = state.trace && state.model && Object.hasOwn(NUMBERS, name);
    return String((known && NUMBERS[name](state, link)) || (known && NUMBERS[name](state, link) === 0 ? 0 : "…"));
  });
}
