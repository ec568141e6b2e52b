/* What several models answer for one picture: their first guesses, and who agrees with whom. */
import { among, same } from "./names.js";

export const TOP = 5;
export const NONE = "none of these"; // what a picture shows that is of no class
const DATASETS = { cifar10: "CIFAR-10", shapes: "the drawn shapes" };

export const dataset = (model) => DATASETS[model.data] || model.data;

/** A result's most likely classes, the first one first. */
export function ranked({ classes, probabilities }) {
  const all = probabilities.map((p, i) => ({ name: classes[i], p }));
  return all.sort((a, b) => b.p - a.p).slice(0, TOP);
}

/** Results of models that choose among the same classes, together: only they can agree. */
function groups(results) {
  const found = new Map();
  for (const result of results) {
    const key = JSON.stringify(result.classes);
    found.set(key, [...(found.get(key) || []), result]);
  }
  return [...found.values()];
}

/** How many give each answer, the most frequent one first. @param {any[]} results @returns {[string, number][]} */
function votes(results) {
  const tally = new Map();
  for (const result of results) {
    const [{ name }] = ranked(result);
    tally.set(name, (tally.get(name) || 0) + 1);
  }
  return [...tally].sort((a, b) => b[1] - a[1]);
}

/** How many models with the classes of this one answer what it answers, and how many there are. */
export function company(result, results) {
  const group = groups(results).find((one) => one.includes(result));
  const [{ name }] = ranked(result);
  return { same: votes(group).find(([answer]) => answer === name)[1], of: group.length };
}

/** Who agrees, in a few words for each list of classes that several models have: "5 of 6 say cat". */
export function inShort(results) {
  const all = groups(results);
  return all
    .filter((group) => group.length > 1)
    .map((group) => {
      const [[leader, most], ...rest] = votes(group);
      const level = rest.filter(([, n]) => n === most).map(([name]) => name);
      const said =
        most === 1
          ? group.length === 2
            ? "the two disagree"
            : `no two of ${group.length} agree`
          : most === group.length
            ? `${most === 2 ? "both" : `all ${most}`} say ${leader}`
            : `${most} of ${group.length} say ${[leader, ...level].join(", as many ")}`;
      return all.length === 1 ? said : `${dataset(group[0])}: ${said}`;
    });
}

/**
 * Who agrees with whom. Models are counted together only if they choose among the same classes.
 * @param {any[]} results @param {string[]} labels all names of what the picture shows
 */
export function verdict(results, labels = []) {
  if (!results.length) return "No model can be used here.";
  const all = groups(results);
  const sentences = all.map((group) => {
    const text = agreement(votes(group), group.length);
    return all.length === 1 ? text : `Trained on ${dataset(group[0])}: ${text[0].toLowerCase()}${text.slice(1)}`;
  });
  if (labels.length) sentences.push(judged(results, labels));
  return sentences.join(" ");
}

/** How many are right, of the models that have a picture's label among their classes. */
function judged(results, labels) {
  const [truth] = labels;
  if (truth === NONE) return "It shows none of their classes: no answer can be right.";
  const able = results.filter(({ classes }) => among(classes, labels) !== null);
  const right = able.filter((result) => labels.some((label) => same(label, ranked(result)[0].name))).length;
  if (!able.length) return `The label is ${truth}, which is no class of any model here.`;
  if (able.length === 1) return `The label is ${truth}: the one model that knows it is ${right ? "right" : "wrong"}.`;
  return `The label is ${truth}: ${right} of ${able.length} are right.`;
}

/** @param {[string, number][]} tally  the `votes` of @param {number} n models */
function agreement([[leader, most], ...rest], n) {
  const each = [leader, ...rest.map(([name]) => name)].join(", ");
  if (n === 1) return `One model, which says ${leader}.`;
  if (most === n) return n === 2 ? `Both models say ${leader}.` : `All ${n} models say ${leader}.`;
  if (n === 2) return `The two models disagree: ${each}.`;
  if (most === 1) return `No two of the ${n} models agree: ${each}.`;
  const others = rest.map(([name, c]) => `${c} ${c > 1 ? "say" : "says"} ${name}`);
  return `${most} of ${n} models agree on ${leader}; ${others.join(", ")}.`;
}
