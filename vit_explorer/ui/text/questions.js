/* Questions to guess before the Roots tab shows the answers. */
import { decode } from "../core/arrays.js";
import * as format from "../core/format.js";
import { leaders, nearest } from "../core/guess.js";
import * as roots from "./data.js";
import { logarithm } from "./tree.js";
import * as words from "./words.js";

/**
 * What is asked of the cross-attention. `marked()` is the output letter on screen.
 * @param {() => number} marked
 * @returns {import("../core/guess.js").Question[]}
 */
export const letters = (marked) => [
  {
    id: "input-letter",
    subject: (state) => `${state.text?.task} ${state.text?.text} ${JSON.stringify(state.textLook)}`,
    ask: "Of “{text}” the network makes output letter {number}, {letter}. From which input letter does the chosen layer and head take most?",
    told: "It takes {share} from {truth}.",
    hides: [".vx-text-sequence .parts", ".vx-text-sequence .finding"],
    pose(state) {
      const seen = roots.view(state);
      if (!seen) return { missing: "The sequence has not been read yet." };
      const look = state.textLook;
      const row = Math.min(marked(), seen.output[look.epoch][look.way].length - 1);
      return {
        words: { text: seen.text, number: row + 1, letter: words.name(seen.output[look.epoch][look.way][row]), row },
        options: seen.letters.map((letter, index) => `${index + 1}: ${letter}`),
      };
    },
    check(state, _, { words: { row }, options }) {
      const seen = roots.view(state);
      const weights = seen.cross(state.textLook);
      const shares = Array.from({ length: seen.n }, (_, input) => weights.at(Number(row), input));
      const right = leaders(shares);
      if (right.length > 1)
        return {
          right: [],
          why: `It takes the same share, ${format.attention(shares[right[0]])}, from ${right.length} input letters.`,
        };
      return {
        right,
        words: { share: format.attention(shares[right[0]]), truth: `input letter ${options[right[0]]}` },
      };
    },
  },
];

const SHARES = [0.9, 0.5, 0.1, 0.01]; // offered as answers: probabilities of a whole output
const shareName = (/** @type {number} */ share) => format.percent(share, 0);

/**
 * What is asked of the beam search. `width()` is that of the beam on screen.
 * @param {() => number} width
 * @returns {import("../core/guess.js").Question[]}
 */
export function beams(width) {
  const hides = [".vx-text-decoding .finding", ".vx-text-decoding .next", ".vx-text-decoding .scroll"];
  const network = (/** @type {number} */ epoch) => (epoch ? `the network of epoch ${epoch}` : "the untrained network");
  /** @param {import("../core/guess.js").State} state */
  function request(state) {
    const seen = roots.view(state);
    return { task: seen.task, text: seen.text, epoch: seen.epochs[state.textLook.epoch], width: width() };
  }
  /** @param {import("../core/guess.js").State} state @param {string[]} options */
  function posed(state, options) {
    if (!roots.view(state)) return { missing: "The sequence has not been read yet." };
    const { text, epoch } = request(state);
    return {
      words: {
        text,
        width: width(),
        kept: width() === 1 ? "one beginning" : `${width()} beginnings`,
        network: network(epoch),
      },
      options,
    };
  }
  const subject = (/** @type {import("../core/guess.js").State} */ { text, textLook }) =>
    `${text?.task} ${text?.text} ${textLook?.epoch} ${width()}`;
  return [
    {
      id: "greedy-or-beam",
      subject,
      ask: "“{text}” in {network}: greedy decoding takes the most probable letter at each step, a beam of {width} keeps {kept} alive. Which whole output is the more probable?",
      told: "Greedy: {greedy}, log-probability {alone}. Beam: {best}, {searched}.",
      hides,
      pose: (state) => posed(state, ["both give the same output", "that of the beam", "that of greedy decoding"]),
      async check(state, ask) {
        const search = await ask("search_beam", request(state));
        if (!search) return null;
        const seen = roots.view(state);
        const greedy = words.word(seen.output[state.textLook.epoch][roots.WAYS.free]);
        const alone = seen.greedyScore(state.textLook);
        const [best, score] = [search.outputs[0], search.scores[0]];
        return {
          right: [greedy === best ? 0 : score > alone ? 1 : 2],
          words: {
            greedy: greedy || "nothing",
            alone: logarithm(alone, 3),
            best: best || "nothing",
            searched: logarithm(score, 3),
          },
        };
      },
    },
    {
      id: "whole-output",
      subject,
      ask: "“{text}” in {network}: what probability does the network give to the whole best output of a beam of {width}, all letters together?",
      told: "The log-probabilities of {whole} add up to {sum}: {share}. {each} a step, by the geometric mean, multiplied over {steps} steps.",
      hides,
      pose: (state) =>
        posed(state, [
          `more than ${shareName(SHARES[0])}`,
          ...SHARES.slice(1).map((low, k) => `${shareName(low)} to ${shareName(SHARES[k])}`),
          `less than ${shareName(SHARES.at(-1))}`,
        ]),
      async check(state, ask) {
        const search = await ask("search_beam", request(state));
        if (!search) return null;
        const [sum, best] = [search.scores[0], search.outputs[0]];
        const steps = decode(search.step).data[search.ranking[0]];
        return {
          right: [SHARES.filter((low) => Math.exp(sum) < low).length],
          words: {
            whole: steps > best.length ? `${best || "nothing"} and the end` : best, // an output may be stopped by the limit
            sum: logarithm(sum, 3),
            share: format.probability(Math.exp(sum)),
            each: format.probability(Math.exp(sum / steps)),
            steps,
          },
        };
      },
    },
  ];
}

const SAVED = [1.5, 2, 4, 8, 16]; // offered as answers

/** What is asked of the key-value cache. @type {import("../core/guess.js").Question[]} */
export const CACHE = [
  {
    id: "cache-saves",
    subject: (state) => state.text?.text,
    ask: "The answer to “{text}” takes {steps} steps. Without a cache each step computes all keys and values again. How many times as many multiply-adds are that in all?",
    told: "{plain} multiply-adds without the cache, {cached} with it: {times}.",
    hides: [".vx-text-cache .finding", ".vx-text-cache .lanes", ".vx-text-cache .below"],
    pose(state) {
      const seen = roots.view(state);
      if (!seen) return { missing: "The sequence has not been read yet." };
      return {
        words: { text: seen.text, steps: seen.cost.plain.length },
        options: SAVED.map((times) => `about ${times} ×`),
      };
    },
    check(state) {
      const { plain, cached } = roots.view(state).cost;
      const [all, kept] = [plain, cached].map((steps) => steps.reduce((sum, one) => sum + one, 0));
      return {
        right: [nearest(SAVED, all / kept)],
        words: { plain: format.short(all), cached: format.short(kept), times: format.times(all / kept) },
      };
    },
  },
];
