/* What Test it says: what became of the answer, and what whole groups of patches did to it. Pure functions. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";

/** @typedef {{by: string | null, p: number, answer: string}} Attempt patches erased at once: the title of the map that ranked them, or null for at random; what the class has then, and the answer */

/**
 * The answer before and after, in a line that begins with what is taken away.
 * @param {number[]} before @param {number[]} after @param {string[]} classes
 * @param {string} without what is taken away, such as "Without 1 patch"; "" for nothing
 */
export function headline(before, after, classes, without) {
  const [top, now] = [best(before), best(after)];
  if (!without) return `${classes[top]} ${format.probability(before[top])}: nothing is taken away yet.`;
  const change = `${format.probability(before[top])} → ${format.probability(after[top])}`;
  if (now === top) return `${without}: still ${classes[top]} (${change})`;
  return `${without}: no longer ${classes[top]} (${change}), but ${classes[now]}, ${format.probability(after[now])}`;
}

/**
 * Which other class the change is about. The answer rises where what is gone raised the odds of another class against
 * it: that class falls while the answer rises.
 * @param {number[]} before @param {number[]} after @param {string[]} classes
 */
export function rival(before, after, classes) {
  const [top, now] = [best(before), best(after)];
  const change = (/** @type {number} */ i) => format.pointsBetween(before[i], after[i]);
  const named = (/** @type {number} */ i) =>
    `${classes[i]} (${format.probability(before[i])} → ${format.probability(after[i])})`;
  if (now !== top) return `Before, ${classes[now]} had ${format.probability(before[now])}.`;
  const up = change(top) > 0;
  if (!change(top)) return `${classes[top]} stays as probable as it was, to a tenth of a point.`;
  const [most] = before
    .map((_, i) => i)
    .filter((i) => i !== top)
    .sort((a, b) => (up ? 1 : -1) * (after[a] - before[a] - (after[b] - before[b])));
  if (change(most) === 0 || change(most) > 0 === up) return "No other class changes by a tenth of a point.";
  return up
    ? `Why it rises: what is gone spoke more for ${named(most)} than for ${classes[top]}.`
    : `What ${classes[top]} loses goes most to ${named(most)}.`;
}

/** Why there is still an answer once every patch is erased. @param {string} left what is left to see */
export const emptied = (left) =>
  `Every patch is erased: the network sees ${left} and nothing else, and must still name one of its classes.`;

/**
 * What the attempts did to an answer, those of a map beside those at random; "" before the first.
 * @param {Attempt[]} attempts  @param {string} answer to the whole picture  @param {number} n patches of each
 * @param {string} besides what else is taken away, such as "Without positions"
 */
export function compared(attempts, answer, n, besides = "") {
  const maps = new Map(attempts.filter(({ by }) => by !== null).map((one) => [one.by, one])); // the newest of each
  const became = (/** @type {Attempt} */ one) =>
    one.answer === answer
      ? `still ${answer}, ${format.probability(one.p)}`
      : `${one.answer} (${answer} ${format.probability(one.p)})`;
  const words = [...maps.values()].map((one) => `the ${n} strongest by ${one.by}: ${became(one)}`);
  const draws = attempts.filter(({ by }) => by === null);
  if (draws.length === 1) words.push(`${n} at random: ${became(draws[0])}`);
  if (draws.length > 1) {
    const held = draws.filter((one) => one.answer === answer).length;
    const mean = draws.reduce((sum, { p }) => sum + p, 0) / draws.length;
    words.push(
      `${n} at random: still ${answer} in ${format.outOf(held, draws.length)} draws, ${format.probability(mean)} on average`,
    );
  }
  return words.length ? `${besides ? `${besides}, erased` : "Erased"} at once: ${words.join("; ")}.` : "";
}

/** So many different ones of the numbers from 0 to n - 1, in order. @param {number} many @param {number} n @param {() => number} random from 0 to 1 */
export function drawn(many, n, random = Math.random) {
  const left = Array.from({ length: n }, (_, k) => k);
  const taken = Array.from({ length: Math.min(many, n) }, () => left.splice(Math.floor(random() * left.length), 1)[0]);
  return taken.sort((a, b) => a - b);
}
