/* What the table of the Classify tab holds: each model's answer to each picture, judged by the true answer. Pure. */
import { company } from "../core/answers.js";
import { among } from "../core/names.js";
import { judge } from "../core/verdict.js";

const SHAPES = "shapes"; // the data set of drawn shapes, and where their pictures' names begin

/** @typedef {{picture: import("../core/payloads").PicturePayload, fit?: string | null, results: import("../core/payloads").TimedPrediction[] | null}} Row */
/** @typedef {{answer: string, p: number, state: "right" | "wrong" | "none" | "unknown", truth: string | null, truthP: number | null}} Cell */

/**
 * What a model answers, and how probable it finds the true answer, where that is among its classes.
 * @param {{classes: string[], probabilities: number[]}} result
 * @param {string[]} labels
 * @returns {Cell}
 */
export function cell({ classes, probabilities }, labels) {
  const best = probabilities.indexOf(Math.max(...probabilities));
  const truth = among(classes, labels);
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

/** What a model is called beside these: what it is, or its name where several are that. @param {{short: string, name: string}} model @param {{short: string}[]} models */
export const called = (model, models) =>
  models.filter(({ short }) => short === model.short).length > 1 ? model.name : model.short;

/**
 * How many pictures a model names rightly, of those whose true answer is one of its classes; of how many it is none, so
 * that nothing could be right.
 * @param {Row[]} rows
 * @param {string} model
 */
export function score(rows, model) {
  const states = rows.flatMap((row) => {
    const result = (row.results || []).find((one) => one.name === model);
    return result?.classes.length ? [cell(result, row.picture.labels).state] : [];
  });
  const count = (/** @type {string} */ state) => states.filter((one) => one === state).length;
  return { right: count("right"), of: count("right") + count("wrong"), none: count("none") };
}

/** @typedef {"right" | "agree" | "some" | "split" | "wrong" | "none"} Kind what the answers to a picture are worth together */
/** @typedef {{name: string, test_accuracy: number | null}} Voice a model, as it is called beside the others */
/** `n` models answered. `right` and `wrong` are those that know its class. `but`: the one model that says something else than all the others say, `most`. */
/** @typedef {{title: string, fate: Kind, n: number, right: Voice[], wrong: Voice[], but: Voice | null, most: string}} Fate of a picture */

/**
 * What becomes of each picture that has answers. Where nobody has said what it shows, only whether the models agree ("agree", "split");
 * else whether all, some or none of those are right that have it among their classes ("right", "some", "wrong"), or it is no class of
 * any ("none").
 * @param {Row[]} rows
 * @returns {Fate[]}
 */
export function fates(rows) {
  const models = columns(rows);
  const voice = (/** @type {any} */ one) => ({ name: called(one, models), test_accuracy: one.test_accuracy });
  return rows.flatMap((row) => {
    const results = (row.results || []).filter(({ name }) => models.some((one) => one.name === name));
    if (!results.length) return [];
    const found = results.map((result) => ({
      result,
      ...cell(result, row.picture.labels),
      ...company(result, results),
    }));
    const those = (/** @type {string} */ state) =>
      found.filter((one) => one.state === state).map((one) => voice(one.result));
    const [right, wrong] = [those("right"), those("wrong")];
    const most = found.find(({ same, of }) => same === of - 1 && of === results.length && of > 2);
    /** @type {Kind} */
    let fate = found.every(({ same, of }) => same === of) ? "agree" : "split";
    if (right.length + wrong.length) fate = !wrong.length ? "right" : right.length ? "some" : "wrong";
    else if (those("none").length) fate = "none";
    const but = most && voice(found.find(({ answer }) => answer !== most.answer)?.result);
    const { title } = row.picture;
    return [{ title, fate, n: results.length, right, wrong, but: but ?? null, most: most?.answer ?? "" }];
  });
}

/** Every class's probability, a line for each picture, model and class. @param {Row[]} rows */
export const probabilities = (rows) =>
  rows.flatMap((row) =>
    (row.results || []).flatMap((one) =>
      one.classes.map((name, k) => ({
        picture: row.picture.title,
        "true answer": row.picture.labels[0] ?? null,
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
      const labels = row.picture.labels;
      const { answer, p, state, truthP } = cell(result, labels);
      const { same, of } = company(result, results);
      const said = [row.picture.title, labels[0] ?? "", result.name, answer, p.toFixed(6), truthP?.toFixed(6) ?? ""];
      return [...said, judged[state], same, of];
    });
  });
  return `${[head, ...lines].map((line) => line.map(quoted).join(",")).join("\n")}\n`;
}
