/** Whether a prediction is right, in a sentence. */

import { confidence, count } from "./format.js";

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
  if (labels.includes(classes[best])) return { state: "right", text: `Right. ${sure}` };
  if (!labels.some((label) => classes.includes(label))) {
    return {
      state: "none",
      text: `None of its ${count(classes.length)} classes fits, so any answer is wrong. ${sure}`,
    };
  }
  return { state: "wrong", text: `Wrong: it is labelled ${labels.find((label) => classes.includes(label))}. ${sure}` };
}
