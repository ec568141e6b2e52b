/* Questions to guess before the Attention tab shows the answers. */
import { best, decode } from "../core/arrays.js";
import * as format from "../core/format.js";
import { leaders, outcomeOf, outcomes, outcomeWords, pictureAndModel } from "../core/guess.js";
import { CLS_TOKEN, tokenName } from "../core/tokens.js";
import { request } from "../core/views.js";
import * as attention from "./data.js";
import { readHead } from "./inside-data.js";
import * as rollout from "./rollout-data.js";

const ERASED = 1 / 8; // of all patches
const FLAT = 1 / 4; // of all patches: where more of them are level, none stands out

const erasedOf = ({ grid }) => Math.round(ERASED * grid[0] * grid[1]);

/** CLS, from which the answer is read; in a network without it the marked patch. */
const queryOf = (state, seen) => (seen.nPrefix ? CLS_TOKEN : attention.query(state));

/** What the query gives to each token in the chosen head; null where the server did not answer. */
async function given(state, seen, query, ask) {
  const { layer, head } = attention.chosen(state);
  const here = attention.shares(seen, query, "row");
  if (here) return here(layer, head);
  const answer = await ask("attention_rows", { ...attention.named(state), token: query });
  return (
    answer &&
    decode(answer.rows).data.subarray((layer * seen.heads + head) * seen.n, (layer * seen.heads + head + 1) * seen.n)
  );
}

const missing = ({ model }) => ({ missing: `${model.name} has no attention over all tokens: choose a ViT.` });

/** The patches with the largest shares, their share, and the share of each if all were alike. */
const sharesInWords = (right, values, grid) => ({
  truth: right.map((patch) => tokenName(patch, grid)).join(" and "),
  share: format.attention(values[right[0]]),
  even: format.attention(values.reduce((all, value) => all + value, 0) / values.length),
});

/** What is asked of the heads. @type {import("../core/guess.js").Question[]} */
export const HEADS = [
  {
    id: "looked-at-most",
    subject: (state) => `${pictureAndModel(state)} ${JSON.stringify(attention.view(state) && attention.chosen(state))}`,
    ask: "Which patch will {query} look at most in layer {layer}, head {head}?",
    told: "{query} gives {share} to {truth}; to all patches alike it would give {even} each.",
    hides: [
      ".vx-attention-heads .views",
      ".vx-attention-heads .foot",
      ".vx-attention-heads .pair",
      ".vx-attention-heads .below",
    ],
    pose(state) {
      const seen = attention.view(state);
      if (!seen) return missing(state);
      const { layer, head } = attention.chosen(state);
      const query = queryOf(state, seen);
      return { token: query, words: { query: tokenName(query, seen.grid), layer: layer + 1, head: head + 1 } };
    },
    async check(state, ask, { token }) {
      const seen = attention.view(state);
      const shares = await given(state, seen, token, ask);
      if (!shares) return null;
      const values = shares.subarray(seen.nPrefix);
      const right = leaders(values);
      const { layer, head } = attention.chosen(state);
      const link = `token=${token}&layer=${layer + 1}&head=${head + 1}`;
      if (right.length > FLAT * values.length)
        return {
          right: [],
          values,
          link,
          why: `${right.length} of ${values.length} patches get the same share, ${format.attention(values[right[0]])}.`,
        };
      return {
        right,
        values,
        link,
        words: sharesInWords(right, values, seen.grid),
      };
    },
  },
];

const CLOSE = 0.1; // of the longer one: below it two lengths count as level

/** What is asked of a layer, inside a head. @type {import("../core/guess.js").Question[]} */
export const INSIDE = [
  {
    id: "adds-more",
    subject: (state) => `${pictureAndModel(state)} ${attention.view(state) && attention.chosen(state).layer}`,
    ask: "In layer {layer} attention and then the MLP add a vector each to what {query} holds. Whose is longer?",
    told: "Attention, all heads together, adds {attended}, the MLP {transformed}, to a vector of length {entering}.",
    hides: [".vx-inside .numbers"],
    pose(state) {
      const seen = attention.view(state);
      if (!seen) return missing(state);
      const query = queryOf(state, seen);
      return {
        token: query,
        words: { query: tokenName(query, seen.grid), layer: attention.chosen(state).layer + 1 },
        options: ["That of attention", "That of the MLP", "Neither: they differ by less than a tenth"],
      };
    },
    async check(state, ask, { token }) {
      const { layer, head } = attention.chosen(state);
      const answer = await ask("inside", { ...attention.named(state), layer, head });
      if (!answer) return null;
      const { lengths } = readHead(answer);
      const index = attention.view(state).indexOf(token);
      const [entering, attended, transformed] = [0, 1, 2].map((row) => lengths.at(row, index));
      const level = Math.abs(attended - transformed) < CLOSE * Math.max(attended, transformed);
      return {
        right: [level ? 2 : attended > transformed ? 0 : 1],
        link: `token=${token}`,
        words: {
          attended: format.significant(attended),
          transformed: format.significant(transformed),
          entering: format.significant(entering),
        },
      };
    },
  },
];

/** What is asked of the rollout. @type {import("../core/guess.js").Question[]} */
export const ROLLOUT = [
  {
    id: "reached-most",
    subject: (state) => `${pictureAndModel(state)} ${JSON.stringify(attention.view(state) && rollout.options(state))}`,
    ask: "Followed through all {layers} layers, from which patch has most reached {whose}?",
    told: "From {truth}: {share}; an even share of what comes from patches would be {even}.",
    hides: [".vx-attention-rollout .views", ".vx-attention-rollout .readout"],
    pose(state) {
      const seen = attention.view(state);
      if (!seen) return missing(state);
      const whose = rollout.whose(state);
      const layers = seen.layers - rollout.options(state).start;
      return { token: whose, words: { layers, whose: whose === null ? "the answer" : tokenName(whose, seen.grid) } };
    },
    async check(state, ask, { token }) {
      const seen = attention.view(state);
      const answer = await ask("rollout_stack", rollout.request(state));
      if (!answer) return null;
      const [product] = rollout.rows(state, seen, rollout.unpacked(answer));
      const values = product.at(-1).slice(seen.nPrefix);
      if (token >= 0) values[token] = 0; // what it keeps of itself
      const right = leaders(values);
      return { right, values, words: sharesInWords(right, values, seen.grid) };
    },
  },
];

/** What is asked of Test it. @type {import("../core/guess.js").Question[]} */
export const ABLATION = [
  {
    id: "top-erased",
    ask: "A map ranks the patches by how much they mattered to “{answer}”, {chance}. Its first {n} of {patches} are blurred away. What happens to the answer?",
    told: "Without the first {n} of “{map}” the probability of {answer} goes from {before} to {after}{turned}.",
    hides: [".vx-ablate .right"],
    pose({ trace }) {
      if (!trace.classes.length) return { missing: `${trace.model} names no class.` };
      const top = best(trace.probabilities);
      return {
        words: {
          answer: trace.classes[top],
          chance: format.probability(trace.probabilities[top]),
          n: erasedOf(trace),
          patches: format.count(trace.grid[0] * trace.grid[1]),
        },
        options: outcomes(trace.classes[top]),
      };
    },
    async check(state, ask) {
      const whole = { ...request(state), erased: [], baseline: "blurred", shuffle: null, muted: [], positions: true };
      const before = await ask("test_prediction", whole);
      if (!before) return null;
      const { order, title } = before.maps.at(-1);
      const erased = order.slice(0, erasedOf(state.trace)).sort((a, b) => a - b);
      const after = await ask("test_prediction", { ...whole, erased });
      if (!after) return null;
      return {
        right: [outcomeOf(after.before, after.after)],
        link: `erased=${erased.join(".")}&baseline=blurred`,
        words: { map: title, ...outcomeWords(state.trace.classes, after.before, after.after) },
      };
    },
  },
];

/** What is asked of the layers. @type {import("../core/guess.js").Question[]} */
export const LAYERS = [
  {
    id: "looks-farthest",
    ask: "Each head looks some pixels far, on average. In which layer is the head that looks farthest?",
    told: "In layer {layer}: its head {head} looks {far} far on average, of {size} px; the nearest looks {near}, head {other} of layer {last}.",
    hides: [".vx-layers .reach"],
    pose(state) {
      const seen = attention.view(state);
      if (!seen) return missing(state);
      return { options: Array.from({ length: seen.layers }, (_, layer) => `layer ${layer + 1}`) };
    },
    check(state) {
      const { distance } = attention.view(state);
      const heads = distance.flatMap((row, layer) => row.map((value, head) => ({ value, layer, head })));
      heads.sort((a, b) => b.value - a.value);
      const [first, last] = [heads[0], heads.at(-1)];
      const level = heads.filter(({ value }) => format.pixels(value) === format.pixels(first.value));
      return {
        right: [...new Set(level.map(({ layer }) => layer))],
        words: {
          layer: first.layer + 1,
          head: first.head + 1,
          far: format.pixels(first.value),
          size: state.trace.size,
          near: format.pixels(last.value),
          other: last.head + 1,
          last: last.layer + 1,
        },
      };
    },
  },
];

const NO_MAP = "none: no map is better than random ones";

/** What is asked of the maps of Explain, for the answer and blurred patches. @type {import("../core/guess.js").Question[]} */
export const EXPLAIN = [
  {
    id: "most-faithful-map",
    ask: "Each map ranks the patches for “{answer}”, {chance}. Erased in whose order does the answer fall fastest, over all {patches} patches?",
    told: "{truth}: the area under its curve is {area}; random maps have {low} to {high}.",
    hides: [
      ".vx-explain .scores",
      ".vx-explain .work .outcome",
      ".vx-explain .basis",
      ".vx-explain .photo",
      ".vx-explain .below",
    ],
    async pose({ trace, ...state }, ask) {
      if (!trace.classes.length) return { missing: `${trace.model} names no class.` };
      const maps = await ask("maps", { ...request({ trace, ...state }), target: null });
      if (!maps) return { missing: "The server did not send the maps." };
      const top = best(trace.probabilities);
      return {
        words: {
          answer: trace.classes[top],
          chance: format.probability(trace.probabilities[top]),
          patches: format.count(trace.grid[0] * trace.grid[1]),
        },
        options: [...maps.methods.map(({ title }) => title), NO_MAP],
      };
    },
    async check(state, ask, { options }) {
      const scores = await ask("scores", { ...request(state), target: null, baseline: "blurred" });
      if (!scores) return null;
      const { low, high } = scores.yardstick.deletion;
      const won = scores.methods.filter(({ deletion }) => deletion.best);
      const nearest = scores.methods.reduce((least, one) => (one.deletion.area < least.deletion.area ? one : least));
      const titles = won.map(({ title }) => title);
      return {
        right: (won.length ? titles : [NO_MAP]).map((title) => options.indexOf(title)),
        link: "baseline=blurred",
        words: {
          truth: won.length ? titles.join(" and ") : `No map; nearest comes ${nearest.title}`,
          area: (won[0] ?? nearest).deletion.area.toFixed(3),
          low: low.toFixed(3),
          high: high.toFixed(3),
        },
      };
    },
  },
];
