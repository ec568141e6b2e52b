/* What is said of the costs of single patches and heads. Pure functions. */
import * as format from "../core/format.js";
import { placedName, placeName } from "../core/tokens.js";

/** @typedef {{data: ArrayLike<number>, shape: number[]}} Costs rows x columns, row by row */
/** @typedef {{target: number, probability: number, side: number, patches: Costs, heads: Costs | null, patches_turn: number[][], heads_turn: number[][]}} Tried */

/** What a cost changes, in percentage points: below 0 where the answer loses. @param {number} cost */
export const points = (cost) => format.signed(-100 * cost, Math.abs(cost) < 0.001 ? 2 : 1);

const at = (/** @type {Costs} */ costs, /** @type {number[]} */ [row, column]) =>
  costs.data[row * costs.shape[1] + column];

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
  `${squareName(square, tried.side, grid)}: without ${tried.side === 1 ? "it" : "them"} the answer changes by ${points(at(tried.patches, square))} points.`;

/** @param {Tried} tried @param {number[]} head its layer and its number, from 0 */
export const headCost = (tried, [layer, head]) =>
  `Layer ${layer + 1}, head ${head + 1}: without it the answer changes by ${points(at(/** @type {Costs} */ (tried.heads), [layer, head]))} points.`;

/** The places that cost something, the most first. @param {Costs} costs @param {number} n at most so many */
const costliest = (costs, n) =>
  Array.from(costs.data, (cost, k) => ({ cost, place: [Math.floor(k / costs.shape[1]), k % costs.shape[1]] }))
    .filter(({ cost }) => cost > 0)
    .sort((a, b) => b.cost - a.cost)
    .slice(0, n)
    .map(({ place }) => place);

const COSTLIEST = 5; // patches that are named and outlined

/** The squares of patches that cost most. @param {Tried} tried */
export const costliestSquares = (tried) => costliest(tried.patches, COSTLIEST);

/** A square in short, after "patches" or "squares". @param {number[]} square @param {number} side @param {number[]} grid */
function squareShort([row, column], side, grid) {
  if (side === 1) return String(row * grid[1] + column + 1);
  const span = (/** @type {number} */ index) => `${index * side + 1}–${index * side + side}`;
  return `rows ${span(row)}, columns ${span(column)}`;
}

/** What the colours of both maps are. @param {Tried} tried @param {string[]} classes */
export const colours = ({ target, probability }, classes) =>
  `Colours: points that ${classes[target]} changes by from ${format.probability(probability)}, with nothing else taken away; each map has a scale of its own. Patches that can stand in for one another cost little alone and much together: Explain erases them together.`;

/** Which patches and which head cost most. @param {Tried} tried @param {number[]} grid */
export function costMost(tried, grid) {
  const squares = costliestSquares(tried);
  const what = tried.side === 1 ? ["patch", "patches"] : ["square", "squares"];
  const named = squares.map((square, k) => {
    const lost = points(at(tried.patches, square));
    return `${squareShort(square, tried.side, grid)} (${k ? lost : `${lost} points`})`;
  });
  const listed = named.join(tried.side === 1 ? ", " : "; ");
  const patches = squares.length
    ? `Cost most, each alone: ${what[Number(squares.length > 1)]} ${listed}, outlined`
    : `No ${what[0]} alone costs anything`;
  const [head] = tried.heads ? costliest(tried.heads, 1) : [];
  if (!head) return `${patches}.`;
  const [layer, number] = head;
  return `${patches}; layer ${layer + 1} head ${number + 1} (${points(at(/** @type {Costs} */ (tried.heads), head))} points).`;
}

const NAMED = 2; // of those that turn the answer

/** Which patches and which heads turn the answer when they alone go. @param {Tried} tried @param {string[]} classes @param {number[]} grid */
export function turning({ side, patches, heads, patches_turn, heads_turn }, classes, grid) {
  const what = side === 1 ? "patch" : "square of patches";
  const one = [
    { of: patches, turn: patches_turn, what, name: (/** @type {number[]} */ at) => squareName(at, side, grid) },
    { of: heads, turn: heads_turn, what: "head", name: ([i, j]) => `Layer ${i + 1} head ${j + 1}` },
  ].filter(({ of }) => of);
  const none = one.filter(({ turn }) => !turn.length).map((kind) => `no single ${kind.what}`);
  const some = one
    .filter(({ turn }) => turn.length)
    .map(({ of, turn, what: kind, name }) => {
      const named = turn
        .slice(0, NAMED)
        .map(([i, j, answer]) => `${name([i, j]).replace(/^./, (first) => first.toLowerCase())} (${classes[answer]})`);
      const more = turn.length > NAMED ? " and others" : "";
      return `${turn.length} of ${of.data.length} ${kind === "patch" ? "patches" : kind.replace(/^(head|square)/, "$1s")}, alone: ${named.join(", ")}${more}`;
    });
  const says = [none.join(" and "), ...some].filter(Boolean).join("; ");
  return `What turns the answer: ${says}.`;
}

/** All costs as a table; rows, columns, layers and heads from 1. @param {Tried} tried @returns {(string | number)[][]} */
export function rows({ side, patches, heads }) {
  const list = (
    /** @type {Costs} */ costs,
    /** @type {string} */ what,
    /** @type {(number: number) => number} */ place,
  ) =>
    Array.from(costs.data, (cost, k) => [
      what,
      place(Math.floor(k / costs.shape[1])),
      place(k % costs.shape[1]),
      0 - cost,
    ]);
  const from1 = (/** @type {number} */ index) => index + 1;
  return [
    ["what", "row or layer, from 1", "column or head, from 1", "change of the probability"],
    ...list(patches, side === 1 ? "patch" : `${side} x ${side} patches from`, (index) => index * side + 1),
    ...(heads ? list(heads, "head", from1) : []),
  ];
}
