/* What several models answer for one picture: their first guesses, and who agrees with whom. */
export const TOP = 5;
const DATASETS = { cifar10: "CIFAR-10", shapes: "the drawn shapes" };

export const dataset = (model) => DATASETS[model.data] || model.data;

/** A result's most likely classes, the first one first. */
export function ranked({ classes, probabilities }) {
  const all = probabilities.map((p, i) => ({ name: classes[i], p }));
  return all.sort((a, b) => b.p - a.p).slice(0, TOP);
}

/** Who agrees with whom. Models are counted together only if they choose among the same classes. */
export function verdict(results, truth) {
  if (!results.length) return "No model can be used here.";
  const groups = new Map();
  for (const result of results) {
    const key = JSON.stringify(result.classes);
    groups.set(key, [...(groups.get(key) || []), result]);
  }
  const sentences = [...groups.values()].map((group) => {
    const text = agreement(group.map((result) => ranked(result)[0].name));
    return groups.size === 1 ? text : `Trained on ${dataset(group[0])}: ${text[0].toLowerCase()}${text.slice(1)}`;
  });
  if (truth) sentences.push(judged(results, truth));
  return sentences.join(" ");
}

/** How many are right, of the models that have a picture's label among their classes. */
function judged(results, truth) {
  const able = results.filter((result) => result.classes.includes(truth));
  const right = able.filter((result) => ranked(result)[0].name === truth).length;
  if (!able.length) return `The label is ${truth}, which is no class of any model here.`;
  if (able.length === 1) return `The label is ${truth}: the one model that knows it is ${right ? "right" : "wrong"}.`;
  return `The label is ${truth}: ${right} of ${able.length} are right.`;
}

/** @param {string[]} guesses  the first guess of each model */
function agreement(guesses) {
  const n = guesses.length;
  const tally = new Map();
  for (const guess of guesses) tally.set(guess, (tally.get(guess) || 0) + 1);
  const [[leader, votes], ...rest] = [...tally].sort((a, b) => b[1] - a[1]);
  if (n === 1) return `One model, which says ${leader}.`;
  if (votes === n) return n === 2 ? `Both models say ${leader}.` : `All ${n} models say ${leader}.`;
  if (n === 2) return `The two models disagree: ${guesses.join(", ")}.`;
  if (votes === 1) return `No two of the ${n} models agree: ${guesses.join(", ")}.`;
  const others = rest.map(([name, c]) => `${c} ${c > 1 ? "say" : "says"} ${name}`);
  return `${votes} of ${n} models agree on ${leader}; ${others.join(", ")}.`;
}
