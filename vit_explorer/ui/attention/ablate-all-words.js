/* What is said of the costs of single patches and heads. Pure functions. */
import * as format from "../core/format.js";
import { placedName, placeName } from "../core/tokens.js";

/** @typedef {{data: ArrayLike<number>, shape: number[]}} Costs rows x columns, row by row */
/** @typedef {{target: number, probability: number, side: number, patches: Costs, heads: Costs | null}} Tried */

/** A cost in percentage points, signed. @param {number} cost */
export const points = (cost) => format.signed(100 * cost, Math.abs(cost) < 0.001 ? 2 : 1);

const at = (/** @type {Costs} */ costs, /** @type {number[]} */ [row, column]) =>
  costs.data[row * costs.shape[1] + column];

/** What the class's probability does. @param {number} cost */
const loses = (cost) =>
  cost >= 0 ? `loses ${points(cost).replace("+", "")} points` : `gains ${points(-cost).replace("+", "")} points`;

/** The patches of a square. @param {number[]} square @param {number} side @param {number[]} grid */
export const patchesOf = ([row, column], side, [, cols]) =>
  Array.from({ length: side ** 2 }, (_, k) => (row * side + Math.floor(k / side)) * cols + column * side + (k % side));

/** A square in words: its patch, or where its patches lie. @param {number[]} square @param {number} side @param {number[]} grid */
function squareName([row, column], side, grid) {
  if (side === 1) return placedName(row * grid[1] + column, grid, "Patch");
  return `Patches from ${placeName(row * side, column * side)} to ${placeName(row * side + side - 1, column * side + side - 1)}`;
}

/** @param {Tried} tried @param {number[]} square @param {number[]} grid */
export const patchCost = (tried, square, grid) =>
  `${squareName(square, tried.side, grid)}: without ${tried.side === 1 ? "it" : "them"} the answer ${loses(at(tried.patches, square))}.`;

/** @param {Tried} tried @param {number[]} head its layer and its number, from 0 */
export const headCost = (tried, [layer, head]) =>
  `Layer ${layer + 1}, head ${head + 1}: without it the answer ${loses(at(/** @type {Costs} */ (tried.heads), [layer, head]))}.`;

const most = (/** @type {Costs} */ costs) => {
  const place = Array.from(costs.data).reduce((best, cost, k, all) => (cost > all[best] ? k : best), 0);
  return [Math.floor(place / costs.shape[1]), place % costs.shape[1]];
};

/** Which patch and which head cost most. @param {Tried} tried @param {string[]} classes @param {number[]} grid */
export function dearest(tried, classes, grid) {
  const square = most(tried.patches);
  const name = squareName(square, tried.side, grid);
  const patch = `${classes[tried.target]} ${format.probability(tried.probability)}; dearest: ${name[0].toLowerCase()}${name.slice(1)} (${points(at(tried.patches, square))} points)`;
  if (!tried.heads) return `${patch}.`;
  const [layer, head] = most(tried.heads);
  return `${patch}, layer ${layer + 1} head ${head + 1} (${points(at(tried.heads, [layer, head]))} points).`;
}

/** All costs as a table; rows, columns, layers and heads from 1. @param {Tried} tried @returns {(string | number)[][]} */
export function rows({ side, patches, heads }) {
  const list = (
    /** @type {Costs} */ costs,
    /** @type {string} */ what,
    /** @type {(number: number) => number} */ place,
  ) =>
    Array.from(costs.data, (cost, k) => [what, place(Math.floor(k / costs.shape[1])), place(k % costs.shape[1]), cost]);
  const from1 = (/** @type {number} */ index) => index + 1;
  return [
    ["what", "row or layer, from 1", "column or head, from 1", "probability lost"],
    ...list(patches, side === 1 ? "patch" : `${side} x ${side} patches from`, (index) => index * side + 1),
    ...(heads ? list(heads, "head", from1) : []),
  ];
}
