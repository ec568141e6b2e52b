/* What Test it says: what became of the answer, and what whole groups of patches did to it. Pure functions. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";

/** @typedef {{by: string | null, p: number, answer: string}} Attempt patches erased at once: the title of the map that ranked them, or null for at random; what the class has then, and the answer */

/**
 * The answer before and after, in a line.
 * @param {number[]} before @param {number[]} after @param {string[]} classes @param {boolean} whole nothing is taken away
 */
export function headline(before, after, classes, whole) {
  const [top, now] = [best(before), best(after)];
  if (whole) return `${classes[top]} ${format.probability(before[top])}: nothing is taken away yet.`;
  const change = `${format.probability(before[top])} → ${format.probability(after[top])}`;
  if (now === top) return `Still ${classes[top]} (${change})`;
  return `No longer ${classes[top]} (${change}): now ${classes[now]}, ${format.probability(after[now])}`;
}

/** Why there is still an answer once every patch is erased. @param {string} left what is left to see */
export const emptied = (left) =>
  `Every patch is erased: the network sees ${left} and nothing else, and must still name one of its classes.`;

/**
 * What the attempts did to an answer, those of a map beside those at random; "" before the first.
 * @param {Attempt[]} attempts  @param {string} answer to the whole picture  @param {number} n patches of each
 * @param {string} besides what else is taken away
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
  return words.length ? `Erased at once${besides ? ` with ${besides}` : ""}: ${words.join("; ")}.` : "";
}

/** So many different ones of the numbers from 0 to n - 1, in order. @param {number} many @param {number} n @param {() => number} random from 0 to 1 */
export function drawn(many, n, random = Math.random) {
  const left = Array.from({ length: n }, (_, k) => k);
  const taken = Array.from({ length: Math.min(many, n) }, () => left.splice(Math.floor(random() * left.length), 1)[0]);
  return taken.sort((a, b) => a - b);
}
