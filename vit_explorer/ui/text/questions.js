/* Questions to guess before the Roots tab shows the answers. */
import * as format from "../core/format.js";
import { leaders, nearest } from "../core/guess.js";
import * as roots from "./data.js";
import * as words from "./words.js";

/**
 * What is asked of the cross-attention. `marked()` is the output letter on screen.
 * @param {() => number} marked
 * @returns {import("../core/guess.js").Question[]}
 */
export const letters = (marked) => [
  {
    id: "input-letter",
    subject: (state) => `${state.text?.text} ${JSON.stringify(state.textLook)}`,
    ask: "The network reverses “{text}” and writes output letter {number}, {letter}, in the chosen layer and head. From which input letter does it take most?",
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

const SAVED = [1.5, 2, 4, 8, 16]; // offered as answers

/** What is asked of the key-value cache. @type {import("../core/guess.js").Question[]} */
export const CACHE = [
  {
    id: "cache-saves",
    subject: (state) => state.text?.text,
    ask: "“{text}” is reversed in {steps} steps. Without a cache each step computes all keys and values again. How many times as many multiply-adds are that in all?",
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
