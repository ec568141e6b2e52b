/* What a ViT needs that still guesses early in a short race, said by the numbers of the race. Pure functions. */
import * as format from "../core/format.js";

const SHORT = 100_000; // training pictures seen, twice those of CIFAR-10: behind them, more of them is not the first advice
const NEAR = 0.1; // of the way from guessing to all right
const ERRORS = 2; // standard errors within which a share of the test pictures is level with guessing

/** The newest test accuracy of a contender, and of how many pictures; null before the first. @param {import("./types").Contender} contender */
function measured({ finished, tests, info }) {
  const last = tests.at(-1);
  if (!info || (!finished && !last)) return null;
  return finished
    ? { accuracy: finished.test_accuracy, n: info.n_test }
    : { accuracy: /** @type {any} */ (last).accuracy, n: info.n_measured };
}

/**
 * A sentence where a plain ViT has learned next to nothing yet and its loss falls, so that more pictures help; null elsewhere.
 * @param {{contenders: import("./types").Contender[], classes: string[] | null}} race
 * @returns {string | null}
 */
export function hint({ contenders, classes }) {
  if (!classes) return null;
  const chance = 1 / classes.length;
  const level = (/** @type {{accuracy: number, n: number}} */ { accuracy, n }) =>
    accuracy - chance < Math.max(NEAR * (1 - chance), ERRORS * Math.sqrt((chance * (1 - chance)) / n));
  for (const contender of contenders) {
    const { label, recipe, info, steps, failed, finished } = contender;
    const own = measured(contender);
    const seen = steps.at(-1);
    if (!own || !info || !seen || failed || recipe.start || recipe.model.split(" ")[0] !== "vit") continue;
    if (seen.images < info.n_train && !finished) continue; // it has not seen each picture once
    if (!level(own) || seen.images > SHORT || !(seen.loss < steps[0].loss)) continue;
    const better = contenders
      .map((one) => ({ label: one.label, ...measured(one) }))
      .filter(({ accuracy, n }) => accuracy !== undefined && n !== undefined && !level({ accuracy, n }))
      .sort((a, b) => Number(b.accuracy) - Number(a.accuracy))[0];
    const beside = better ? `, ${better.label} ${format.percent(Number(better.accuracy))}` : "";
    const passes = format.significant(seen.images / info.n_train);
    return (
      `${label} ${format.percent(own.accuracy)} after ${passes} ${passes === "1" ? "pass" : "passes"} over ${format.count(info.n_train)} pictures: guessing gets ` +
      `${format.percent(chance, 0)}${beside}. Its loss falls, so it learns, but a plain ViT has no convolution built in and must ` +
      `see more. ${finished ? "Try" : "Let it go on, or try"} more pictures, more epochs, or a ViT with a convolutional stem.`
    );
  }
  return null;
}
