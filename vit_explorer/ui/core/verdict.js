/** Whether a prediction is right, in a sentence. */

import { confidence, count } from "./format.js";
import { among, same } from "./names.js";

/**
 * Judge a prediction by the labels of its picture.
 * @param {string[]} classes that the model knows
 * @param {ArrayLike<number>} probabilities of the classes
 * @param {string[]} labels all names for what the picture shows; empty where that is unknown
 * @returns {{ state: "right" | "wrong" | "none" | "unknown", text: string }} "none": none of the classes fits
 */
export function judge(classes, probabilities, labels) {
  if (!classes.length)
    return { state: "unknown", text: "No head: it turns a picture into vectors and names no class." };
  let best = 0;
  for (let i = 1; i < probabilities.length; i++) if (probabilities[i] > probabilities[best]) best = i;
  const sure = `${confidence(probabilities[best], classes.length)}.`;
  if (!labels.length) return { state: "unknown", text: sure };
  if (labels.some((label) => same(label, classes[best]))) return { state: "right", text: `Right. ${sure}` };
  const label = among(classes, labels);
  if (label === null) {
    return {
      state: "none",
      text: `None of its ${count(classes.length)} classes fits, so no answer can be right. ${sure}`,
    };
  }
  return { state: "wrong", text: `Wrong: it is labelled ${label}. ${sure}` };
}
