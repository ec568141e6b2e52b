/* What the table of the Classify tab holds: each model's answer to each picture, judged by the true answer. Pure. */
import { company } from "../core/answers.js";
import { judge } from "../core/verdict.js";

const SHAPES = "shapes"; // the data set of drawn shapes, and where their pictures' names begin

/** @typedef {{picture: import("../core/payloads").PicturePayload, truth: string | null, results: import("../core/payloads").TimedPrediction[] | null}} Row */
/** @typedef {{answer: string, p: number, state: "right" | "wrong" | "none" | "unknown", truth: string | null, truthP: number | null}} Cell */

/** All names of what a picture shows: the one that was typed in, or else its labels; none where that is not known. */
export const labelsOf = ({ picture, truth }) => (truth ? [truth] : picture.labels);

/**
 * What a model answers, and how probable it finds the true answer, where that is among its classes.
 * @param {{classes: string[], probabilities: number[]}} result
 * @param {string[]} labels
 * @returns {Cell}
 */
export function cell({ classes, probabilities }, labels) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const truth = labels.find((label) => classes.includes(label)) ?? null;
  return {
    answer: classes[best],
    p: probabilities[best],
    state: judge(classes, probabilities, labels).state,
    truth,
    truthP: truth === null ? null : probabilities[classes.indexOf(truth)],
  };
}

/**
 * The models that have a column, in their order: those with classes. Models of drawn shapes have one only where a drawn shape is
 * among the pictures, or where there are no others: to a photograph they say nothing.
 * @param {Row[]} rows
 */
export function columns(rows) {
  const models = new Map(rows.flatMap(({ results }) => (results || []).map((one) => [one.name, one])));
  const able = [...models.values()].filter(({ classes }) => classes.length);
  const others = able.filter(({ data }) => data !== SHAPES);
  return others.length && !rows.some(({ picture }) => picture.name.startsWith(`${SHAPES}:`)) ? others : able;
}

/**
 * How many pictures a model names rightly, of those whose true answer is one of its classes; of how many it is none, so
 * that nothing could be right.
 * @param {Row[]} rows
 * @param {string} model
 */
export function score(rows, model) {
  const states = rows.flatMap((row) => {
    const result = (row.results || []).find((one) => one.name === model);
    return result?.classes.length ? [cell(result, labelsOf(row)).state] : [];
  });
  const count = (/** @type {string} */ state) => states.filter((one) => one === state).length;
  return { right: count("right"), of: count("right") + count("wrong"), none: count("none") };
}

/** @typedef {"right" | "agree" | "some" | "split" | "wrong" | "none"} Fate of a picture: what its answers are worth together */

/**
 * What becomes of each picture that has answers: its title, its fate, and how many models answered. Where nobody has said what it
 * shows, only whether the models agree ("agree", "split"); else whether all, some or none of those are right that have it among their
 * classes ("right", "some", "wrong"), or it is no class of any ("none").
 * @param {Row[]} rows
 * @returns {{title: string, fate: Fate, n: number}[]}
 */
export function fates(rows) {
  const names = columns(rows).map(({ name }) => name);
  return rows.flatMap((row) => {
    const results = (row.results || []).filter(({ name }) => names.includes(name));
    if (!results.length) return [];
    const states = results.map((result) => cell(result, labelsOf(row)).state);
    const count = (/** @type {string} */ state) => states.filter((one) => one === state).length;
    const [right, able] = [count("right"), count("right") + count("wrong")];
    const agreed = results.every((result) => {
      const { same, of } = company(result, results);
      return same === of;
    });
    /** @type {Fate} */
    let fate = agreed ? "agree" : "split";
    if (able) fate = right === able ? "right" : right ? "some" : "wrong";
    else if (count("none")) fate = "none";
    return [{ title: row.picture.title, fate, n: results.length }];
  });
}

/** Every class's probability, a line for each picture, model and class. @param {Row[]} rows */
export const probabilities = (rows) =>
  rows.flatMap((row) =>
    (row.results || []).flatMap((one) =>
      one.classes.map((name, k) => ({
        picture: row.picture.title,
        "true answer": labelsOf(row)[0] ?? null,
        model: one.name,
        class: name,
        probability: one.probabilities[k],
      })),
    ),
  );

const quoted = (value) => (/[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value));

/** The table as a .csv: a line for each picture and model. @param {Row[]} rows */
export function csv(rows) {
  const head = [
    ...["picture", "true answer", "model", "answer", "probability", "probability of the true answer", "judged"],
    ...["models that say so", "models with these classes"],
  ];
  const judged = { right: "right", wrong: "wrong", none: "none of its classes", unknown: "unknown" };
  const lines = rows.flatMap((row) => {
    const results = (row.results || []).filter(({ classes }) => classes.length);
    return results.map((result) => {
      const labels = labelsOf(row);
      const { answer, p, state, truthP } = cell(result, labels);
      const { same, of } = company(result, results);
      const said = [row.picture.title, labels[0] ?? "", result.name, answer, p.toFixed(6), truthP?.toFixed(6) ?? ""];
      return [...said, judged[state], same, of];
    });
  });
  return `${[head, ...lines].map((line) => line.map(quoted).join(",")).join("\n")}\n`;
}
