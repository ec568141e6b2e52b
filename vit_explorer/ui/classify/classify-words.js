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

/** @typedef {import("./answers.js").Fate} Fate */
/** @typedef {import("./answers.js").Voice} Voice */

/** "CNN (93.5 % right in tests) and Swin (89.3 % right in tests)" @param {Voice[]} voices */
const measured = (voices) =>
  format.listed(voices.map((one) => (tested(one) ? `${one.name} (${tested(one)} right in tests)` : one.name)));

const FEW = 2; // models that are named

/** How many are right, and how good in tests the few are that stand alone. @param {Fate} fate */
function some({ right, wrong }) {
  const of = right.length + wrong.length;
  if (wrong.length <= Math.min(FEW, right.length))
    return `${right.length} of ${of} are right, all but ${measured(wrong)}`;
  if (right.length <= FEW) return `only ${measured(right)} ${right.length > 1 ? "are" : "is"} right, of ${of}`;
  return `${right.length} of ${of} are right`;
}

/** @type {Record<Fate["fate"], (names: string, all: string, fate: Fate) => string>} what is said of pictures of one fate, the best first */
const WORTH = {
  right: (names, all, { n }) => `${all} ${n > 1 ? "are" : "is"} right about ${names}`,
  agree: (names, all, { n }) =>
    `${all} ${n > 1 ? "agree on" : "names"} ${names}, which nobody has checked: say what it shows`,
  some: (names, _, fate) => `on ${names} ${some(fate)}`,
  split: (names, _, { n, most, but }) =>
    but
      ? `on ${names} ${n - 1} of ${n} say ${most}, all but ${measured([but])}: say what it shows`
      : `on ${names} they disagree, so trust none of them yet`,
  wrong: (names, all, { n }) => `${all} ${n > 1 ? "are" : "is"} wrong about ${names}`,
  none: (names, _, { n }) => `on ${names} no answer can be right, as ${n > 1 ? "they know" : "it knows"} no such thing`,
};

/** Which answers to trust, in a sentence; "" before there are any. @param {Fate[]} fates */
export function trust(fates) {
  const parts = Object.keys(WORTH).flatMap((kind) => {
    /** @type {Map<string, Fate[]>} pictures of which the same is said */
    const told = new Map();
    for (const one of fates.filter(({ fate }) => fate === kind)) {
      const said = WORTH[one.fate]("", "", one);
      told.set(said, [...(told.get(said) ?? []), one]);
    }
    return [...told.values()].map((alike) => {
      const n = Math.min(...alike.map((one) => one.n));
      const all = n === 1 ? "the network" : n === 2 ? "both" : `all ${format.count(n)}`;
      return WORTH[alike[0].fate](listed(alike.map(({ title }) => title)), all, { ...alike[0], n });
    });
  });
  return parts.length ? `${format.capital(parts.join("; "))}.`.replaceAll(" %", "\u00a0%") : "";
}

/** The share of its own test pictures that a model names rightly; "" where its card does not say. @param {{test_accuracy: number | null}} model */
export const tested = ({ test_accuracy }) =>
  Number.isFinite(test_accuracy) ? format.percent(/** @type {number} */ (test_accuracy)) : "";

/** The same with the pictures that it was tested on. @param {Answering} model */
export const testedOn = (model) => tested(model) && `${tested(model)} right in tests on ${dataset(model)}`;
