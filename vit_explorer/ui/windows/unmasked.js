/* What a Swin answers with the mask of its shifted windows and without, in words. Pure functions. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";

/** @typedef {{classes: string[], with_mask: number[], without: number[]}} Both */

const SHOWN = 3; // classes with bars

const leading = (classes, probabilities) => {
  const top = best(probabilities);
  return `${classes[top]}, ${format.probability(probabilities[top])}`;
};

/**
 * The network's answer with the mask and, where it is known, without.
 * @param {{model: string, classes: string[], probabilities: number[]}} seen with the mask
 * @param {Both | null} both @param {boolean} asked whether the answer without is on its way
 */
export function answers({ model, classes, probabilities }, both, asked = false) {
  const said = `With the mask ${model} says ${leading(classes, probabilities)}.`;
  if (both) return `${said} Without it: ${leading(classes, both.without)}; it was not trained so.`;
  return asked ? `${said} Without it: …` : said;
}

/** The classes that lead with the mask or without. @param {Both} both */
export function leaders({ with_mask: before, without }) {
  const most = before.map((p, i) => [Math.max(p, without[i]), i]).sort((a, b) => b[0] - a[0]);
  return most.slice(0, SHOWN).map(([, i]) => i);
}
