/* Questions to guess before the Positions tab shows the answers. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";
import { leaders, outcomeOf, outcomes, outcomeWords, pictureAndModel } from "../core/guess.js";
import { middleToken, tokenName } from "../core/tokens.js";
import { request } from "../core/views.js";
import * as positions from "./data.js";

const SEED = 4; // of the shuffle
const missing = ({ model }) => ({ missing: `${model.name} has no position embeddings: choose a ViT.` });
const of = ({ token, trace }) => (token === null || token < 0 ? middleToken(trace.grid) : token);

/** What is asked of the maps. @type {import("../core/guess.js").Question[]} */
export const MAPS = [
  {
    id: "similar-position",
    subject: (state) => `${pictureAndModel(state)} ${positions.view(state) && positions.snapshot(state)}`,
    ask: "Position embeddings are learned: nobody tells them rows and columns. To which other patch's is that of {patch} most similar?",
    told: "It is {truth}: cosine {cosine}.",
    hides: [".vx-positions .overview", ".vx-positions-detail"],
    pose(state) {
      const seen = positions.view(state);
      if (!seen) return missing(state);
      const token = of(state);
      return { token, words: { patch: tokenName(token, seen.grid) } };
    },
    check(state, _, { token }) {
      const seen = positions.view(state);
      const s = positions.snapshot(state);
      const i = seen.indexOf(token);
      const values = Float32Array.from({ length: seen.n }, (_, k) =>
        k === token ? -1 : seen.at(s, i, k + seen.nPrefix),
      );
      const right = leaders(values);
      return {
        right,
        values,
        link: `token=${token}`,
        words: {
          truth: right.map((patch) => tokenName(patch, seen.grid)).join(" or "),
          cosine: format.signed(values[right[0]]),
        },
      };
    },
  },
];

/** What is asked of the experiment. @type {import("../core/guess.js").Question[]} */
export const EXPERIMENT = [
  {
    id: "positions-shuffled",
    ask: "It says {answer}, {chance}. Now every patch keeps its pixels but is told the place of another. What happens to the answer?",
    told: "The probability of {answer} goes from {before} to {after}{turned}. Over {many} such shuffles it keeps {mean} on average, from {low} to {high}.",
    hides: [".vx-positions-experiment .outcome", ".vx-positions-experiment .spread", ".vx-positions-experiment .parts"],
    pose(state) {
      const { trace } = state;
      if (!positions.view(state)) return missing(state);
      if (!trace.classes.length) return { missing: `${trace.model} names no class.` };
      const top = best(trace.probabilities);
      return {
        words: { answer: trace.classes[top], chance: format.probability(trace.probabilities[top]) },
        options: outcomes(trace.classes[top]),
      };
    },
    async check(state, ask) {
      const shuffle = { ...request(state), seed: SEED };
      const answer = await ask("experiment", { ...shuffle, mode: "shuffled" });
      const several = answer && (answer.several || (await ask("shuffles", shuffle))?.several);
      if (!answer || !several) return null;
      return {
        right: [outcomeOf(answer.trained, answer.changed)],
        link: `mode=shuffled&seed=${SEED}`,
        words: {
          ...outcomeWords(answer.classes, answer.trained, answer.changed),
          many: several.length,
          mean: format.probability(several.reduce((sum, p) => sum + p, 0) / several.length),
          low: format.probability(Math.min(...several)),
          high: format.probability(Math.max(...several)),
        },
      };
    },
  },
];
