/* Sequences, epochs and findings as the Roots tab writes them. Pure functions. */
import { percent, short, times } from "../core/format.js";

export const epochName = (epoch) => (epoch === 0 ? "untrained" : `epoch ${epoch}`);

/** The output as one word: symbols, and • for anything that is none. */
export const word = (tokens) =>
  tokens
    .filter((token, k) => !(token === "end" && k === tokens.length - 1))
    .map((token) => (token.length === 1 ? token : "•"))
    .join("");

/** What stands on a tile. */
export const face = (token) => ({ end: "■", pad: "□", start: "▶" })[token] || token;

/** What a token is called in a sentence. */
export const name = (token) => ({ end: "the end", pad: "padding" })[token] || token;

/** How many symbols of an output are right, each at its place. */
export const hits = (output, right) => right.slice(0, -1).filter((token, k) => output[k] === token).length;

/** What the networks learned, and where attention lies that does it. */
export const TASKS = {
  reverse: { skill: "read backwards", where: "on the anti-diagonal" },
  "reverse-halves": { skill: "reverse halves", where: "on both anti-diagonals" },
  sort: { skill: "sort", where: "on the letter that it writes" },
};

/**
 * What a head of the network does at a snapshot. `on`: its mean weight on the letters that it copies, `chance` if it looked
 * everywhere alike; `hits` of `n` letters are right.
 * @param {{task: "reverse" | "reverse-halves" | "sort", on: number, chance: number, hits: number, n: number, epoch: number}} seen
 */
export function reading({ task, on, chance, hits, n, epoch }) {
  const { skill, where } = TASKS[task];
  const diagonal = `${percent(on, 0)} ${where}`;
  if (hits === n && on > 2 * chance) return `By itself it learned to ${skill}: ${diagonal}.`;
  if (on < 1.5 * chance || hits === n)
    // in a trained network too: other heads do the work, or the input has one letter
    return `${epoch ? "This head shows little of it" : "Untrained, it looks everywhere alike"}: ${diagonal}, ${percent(chance, 0)} by chance.`;
  return `It begins to ${skill}: ${diagonal}, ${hits} of ${n} right.`;
}

/**
 * Greedy's output beside the best of the beam; `likelier`: the beam's has the higher probability.
 * @param {{greedy: string, best: string, right: string, width: number, likelier: boolean}} outputs
 */
export function outcome({ greedy, best, right, width, likelier }) {
  if (greedy === best)
    return `Greedy decoding and a beam of ${width} agree: ${best || "nothing"}, which is ${best === right ? "right" : "wrong"}.`;
  const verdict = best === right ? "right" : greedy === right ? "wrong" : "also wrong";
  return `Greedy: ${greedy || "nothing"}. Beam: ${best || "nothing"}, ${likelier ? "more" : "less"} probable, ${verdict}.`;
}

/** Multiply-adds of so many steps, with the cache and without. @param {number} step @param {number} kept @param {number} plain */
export function saving(step, kept, plain) {
  if (step === 1) return "Step 1 computes everything, with and without the cache. It pays from step 2 on.";
  return `The cache saves ${percent(1 - kept / plain)} of ${step} steps: ${short(kept)} multiply-adds, not ${short(plain)}.`;
}

/** The epoch at which its own mistakes mislead it most. @param {{epoch: number, forced: number, free: number}[]} history */
export function misled(history) {
  const worst = history.reduce((most, row) => (row.forced - row.free > most.forced - most.free ? row : most));
  return `Alone it errs more: ${percent(worst.forced)} right with help, ${percent(worst.free)} without (epoch ${worst.epoch}).`;
}

/**
 * The clock beside the count, of the longest output that was measured.
 * @param {{n_tokens: number, ratio: number, counted: number}[]} points
 */
export function clocked(points) {
  const { n_tokens: n, ratio, counted } = points[points.length - 1];
  const both = `At ${n} tokens the cache needs ${times(counted)} fewer multiply-adds`;
  if (2 * ratio > counted) return `${both} and is ${times(ratio)} as quick.`;
  return `${both}, and is only ${times(ratio)} as quick: on so small a network a step is mostly the fixed cost of its operations.`;
}
