/* Which patches an answer hangs on, by the map that finds them best, and where they lie in words. Pure functions. */
import * as format from "../core/format.js";

/** @typedef {{title: string, name: string, order: number[], deletion: {best: boolean, probabilities: number[]}}} Scored */

const LEFT = 1 / 2; // of the answer's probability: with no more of it left, it came mostly from what is gone
const MOST = 0.7; // of the patches lie in the places that are named
const HALF = 3 / 4; // of them lie in the half that is named
const ROWS = ["top", "middle", "bottom"];
const COLUMNS = ["left", "middle", "right"];

/** The map whose first patches the answer falls soonest without, if it beats random maps. @template {Scored} T @param {T[]} methods @returns {T | null} */
export const leading = (methods) => methods.find(({ deletion }) => deletion.best) ?? null;

/**
 * The fewest first patches of a map without which at most half of the probability is left; null where there are none.
 * @param {Scored} method @param {number[]} fractions of the patches that are erased at each step
 * @returns {{step: number, patches: number[], before: number, after: number} | null}
 */
export function part({ order, deletion: { probabilities } }, fractions) {
  const [before] = probabilities;
  const step = probabilities.findIndex((p) => p <= LEFT * before);
  if (step < 1) return null;
  const patches = order.slice(0, Math.round(fractions[step] * order.length));
  return { step, patches, before, after: probabilities[step] };
}

/** Thirds of the rows or columns, from 0. @param {number} index @param {number} n */
const third = (index, n) => Math.floor((3 * (index + 0.5)) / n);

/** One of nine places. @param {number} place row by row */
const placeName = (place) => {
  const [row, column] = [Math.floor(place / 3), place % 3];
  return row === 1 && column === 1 ? "the centre" : `the ${ROWS[row]} ${COLUMNS[column]}`;
};

/** Three places in a line. */
const LINES = [
  { name: "the top", places: [0, 1, 2] },
  { name: "the bottom", places: [6, 7, 8] },
  { name: "the left side", places: [0, 3, 6] },
  { name: "the right side", places: [2, 5, 8] },
  { name: "the middle from left to right", places: [3, 4, 5] },
  { name: "the middle from top to bottom", places: [1, 4, 7] },
];

/** The one with the most, the first of several. @template T @param {T[]} all @param {(one: T) => number} count */
const largest = (all, count) => all.reduce((best, one) => (count(one) > count(best) ? one : best));

/**
 * Where most of some patches lie: a place of nine or two, a line of them, three, or a half; null where they lie all over.
 * @param {number[]} patches @param {number[]} grid
 */
export function where(patches, [rows, cols]) {
  const counts = new Array(9).fill(0);
  for (const patch of patches) counts[3 * third(Math.floor(patch / cols), rows) + third(patch % cols, cols)]++;
  const held = (/** @type {number[]} */ places) => places.reduce((sum, place) => sum + counts[place], 0);
  const most = (/** @type {number[]} */ places) => held(places) >= MOST * patches.length;
  const order = counts.map((_, place) => place).sort((a, b) => counts[b] - counts[a] || a - b);
  /** The fullest places, if none that is left out is as full. */
  const fullest = (/** @type {number} */ n) => {
    const places = order.slice(0, n);
    if (!most(places) || counts[order[n - 1]] === counts[order[n]]) return null;
    return format.listed(places.sort((a, b) => a - b).map(placeName));
  };
  const line = largest(LINES, ({ places }) => held(places));
  const near = fullest(1) ?? fullest(2) ?? (most(line.places) ? line.name : fullest(3));
  if (near) return near;
  const halves = {
    "the upper half": (/** @type {number} */ patch) => Math.floor(patch / cols) < rows / 2,
    "the lower half": (/** @type {number} */ patch) => Math.floor(patch / cols) >= rows / 2,
    "the left half": (/** @type {number} */ patch) => patch % cols < cols / 2,
    "the right half": (/** @type {number} */ patch) => patch % cols >= cols / 2,
  };
  const [name, inside] = largest(Object.entries(halves), ([, inside]) => patches.filter(inside).length);
  return patches.filter(inside).length >= HALF * patches.length ? name : null;
}
