/* What a cut of the picture costs a ViT, and why a finer one costs less than its pairs say. Pure functions. */
import * as format from "../core/format.js";

/** @typedef {{d_model: number, d_ff: number, n_layers: number, n_classes: number}} Sizes of a ViT */

/**
 * Multiply-adds of a ViT, the formula of cost/multiply_adds.py; `pairs` of them compare and mix tokens in pairs.
 * @param {number} tokens @param {number} prefix of them, in front of the patches @param {number} values in a patch @param {Sizes} sizes
 */
export function multiplyAdds(tokens, prefix, values, { d_model: d, d_ff, n_layers, n_classes }) {
  const pairs = n_layers * 2 * tokens * tokens * d;
  const tokenwise = n_layers * (4 * tokens * d * d + 2 * tokens * d * d_ff);
  return { all: (tokens - prefix) * values * d + tokenwise + pairs + d * n_classes, pairs };
}

/** How many times as much: "× 15.6", "÷ 16". @param {number} ratio */
export const times = (ratio) => (ratio < 1 ? `÷ ${format.short(1 / ratio)}` : `× ${format.short(ratio)}`);

/** "3.95 times the tokens", "16 times fewer pairs". @param {number} ratio @param {string} noun */
const asMany = (ratio, noun, fewer = "fewer") =>
  ratio < 1 ? `${format.short(1 / ratio)} times ${fewer} ${noun}` : `${format.short(ratio)} times the ${noun}`;

/**
 * One cut set against another: tokens, pairs, cost, and why the cost follows the tokens rather than the pairs.
 * @param {{name: string, other: string, tokens: number, pairs: number, cost: number, share: number}} what ratios to the other cut; the `share` of its cost that is on pairs
 */
export function against({ name, other, tokens, pairs, cost, share }) {
  const only = share < 1 / 2 ? "only " : "";
  return (
    `${name} against ${other}: ${asMany(tokens, "tokens")}, ${asMany(pairs, "pairs")}, ${asMany(cost, "cost", "less")}: ` +
    `at ${other}, comparing pairs is ${only}${format.percent(share)} of the cost; the rest grows with the tokens alone.`
  );
}
