/* What a Swin answers with the mask of its shifted windows and without, in words. Pure functions. */
import { best } from "../core/arrays.js";
import * as format from "../core/format.js";

/** @typedef {{classes: string[], with_mask: number[], without: number[]}} Both */

const SHOWN = 3; // classes with bars

/** @param {string[]} classes @param {number[]} probabilities */
export const answer = (classes, probabilities) => {
  const top = best(probabilities);
  return `With the mask it says ${classes[top]}, ${format.probability(probabilities[top])}.`;
};

/** The answer without the mask, and how far the class that leads with it has moved. @param {Both} both */
export function unmasked({ classes, with_mask: before, without }) {
  const [was, now] = [best(before), best(without)];
  const leads = `Without the mask it says ${classes[now]}, ${format.probability(without[now])}`;
  if (was === now)
    return `${leads}; with it the same, ${format.probability(before[was])}. It was trained with the mask.`;
  return `${leads}; with it ${classes[was]}, ${format.probability(before[was])}. It was trained with the mask.`;
}

/** The classes that lead with the mask or without. @param {Both} both */
export function leading({ with_mask: before, without }) {
  const most = before.map((p, i) => [Math.max(p, without[i]), i]).sort((a, b) => b[0] - a[0]);
  return most.slice(0, SHOWN).map(([, i]) => i);
}
