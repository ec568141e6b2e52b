/* What the Classify tab says of its models: what they can say at all, and how often each was right in tests. Pure. */
import { dataset } from "../core/answers.js";
import * as format from "../core/format.js";

/** @typedef {{short: string, data: string, classes: string[], test_accuracy: number | null}} Answering */

const LISTED = 12; // classes of a model that are named

/** "ten things: airplane, bird and cat", or how many there are where they are too many to name. @param {string[]} classes */
function things(classes) {
  const number = classes.length === 10 ? "ten things" : format.plural(classes.length, "thing");
  return classes.length > LISTED ? number : `${number}: ${format.listed(classes)}`;
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

const NAMED = 3; // pictures of one fate

/** "Cat, Dog and 4 more". @param {string[]} titles */
function listed(titles) {
  const shown = titles.slice(0, titles.length > NAMED ? NAMED - 1 : NAMED);
  const more = titles.length > shown.length ? [`${format.count(titles.length - shown.length)} more`] : [];
  return format.listed([...shown, ...more]);
}

/** @type {Record<import("./answers.js").Fate, (names: string, all: string, n: number) => string>} what is said of pictures of one fate, the best first */
const WORTH = {
  right: (names, all, n) => `${all} ${n > 1 ? "are" : "is"} right about ${names}`,
  agree: (names, all, n) =>
    `${all} ${n > 1 ? "agree on" : "names"} ${names}, which nobody has checked: say what it shows`,
  some: (names) => `on ${names} they disagree, and some are right`,
  split: (names) => `on ${names} they disagree, so trust none of them yet`,
  wrong: (names, all, n) => `${all} ${n > 1 ? "are" : "is"} wrong about ${names}`,
  none: (names, _, n) => `on ${names} every answer is wrong, as ${n > 1 ? "they know" : "it knows"} no such thing`,
};

/** Which answers to trust, in a sentence; "" before there are any. @param {ReturnType<typeof import("./answers.js").fates>} fates */
export function trust(fates) {
  const parts = /** @type {import("./answers.js").Fate[]} */ (Object.keys(WORTH)).flatMap((fate) => {
    const alike = fates.filter((one) => one.fate === fate);
    if (!alike.length) return [];
    const n = Math.min(...alike.map((one) => one.n));
    const all = n === 1 ? "the network" : n === 2 ? "both" : `all ${format.count(n)}`;
    return [WORTH[fate](listed(alike.map(({ title }) => title)), all, n)];
  });
  return parts.length ? `${format.capital(parts.join("; "))}.` : "";
}

/** The share of its own test pictures that a model names rightly; "" where its card does not say. @param {Answering} model */
export const tested = ({ test_accuracy }) =>
  Number.isFinite(test_accuracy) ? format.percent(/** @type {number} */ (test_accuracy)) : "";

/** The same with the pictures that it was tested on. @param {Answering} model */
export const testedOn = (model) => tested(model) && `${tested(model)} right in tests on ${dataset(model)}`;
