/* What the Classify tab says of its models: what they can say at all, and how often each was right in tests. Pure. */
import { dataset } from "../core/answers.js";
import * as format from "../core/format.js";

/** @typedef {{short: string, data: string, classes: string[], test_accuracy: number | null}} Answering */

const LISTED = 12; // classes of a model that are named

/** "ten things: airplane, bird and cat", or how many there are where they are too many to name. @param {string[]} classes */
function things(classes) {
  const number = classes.length === 10 ? "ten" : format.count(classes.length);
  if (classes.length > LISTED) return `${number} things`;
  return `${number} things: ${classes.slice(0, -1).join(", ")} and ${classes.at(-1)}`;
}

/** What these models can say at all, and that they say it of everything. @param {Answering[]} models */
export function knowledge(models) {
  /** @type {Map<string, Answering[]>} */
  const lists = new Map();
  for (const model of models) {
    const key = JSON.stringify(model.classes);
    lists.set(key, [...(lists.get(key) ?? []), model]);
  }
  const parts = [...lists.values()].map((alike) => {
    const all = alike.length === models.length ? "These models" : `${format.count(alike.length)} of these models`;
    const who = alike.length > 1 ? `${all} know` : `${models.length > 1 ? alike[0].short : "This model"} knows`;
    return `${who} ${things(alike[0].classes)}`;
  });
  return `${parts.join("; ")}. Anything else gets one of these names all the same.`;
}

/** The share of its own test pictures that a model names rightly; "" where its card does not say. @param {Answering} model */
export const tested = ({ test_accuracy }) =>
  Number.isFinite(test_accuracy) ? format.percent(/** @type {number} */ (test_accuracy)) : "";

/** The same with the pictures that it was tested on. @param {Answering} model */
export const testedOn = (model) => tested(model) && `${tested(model)} right in tests on ${dataset(model)}`;
