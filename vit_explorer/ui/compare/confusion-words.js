/* What the confusion matrix says, and which classes it shows. Pure functions. */
import * as format from "../core/format.js";

export const MOST_CLASSES = 20; // in the matrix at once: more would not be read

/** Counts as rows of a matrix. @param {ArrayLike<number>} cells (k, 3): truth, answer, count @param {number} n classes */
export function matrixOf(cells, n) {
  const rows = Array.from({ length: n }, () => new Array(n).fill(0));
  for (let i = 0; i < cells.length; i += 3) rows[cells[i]][cells[i + 1]] = cells[i + 2];
  return rows;
}

/** Which classes the matrix shows, in their order: all, or those with the most mistakes to or from them. @param {number[][]} matrix */
export function shownClasses(matrix) {
  const all = matrix.map((_, i) => i);
  if (all.length <= MOST_CLASSES) return all;
  const mistakes = (i) => all.reduce((sum, j) => sum + (i === j ? 0 : matrix[i][j] + matrix[j][i]), 0);
  const ranked = all.map((i) => ({ i, n: mistakes(i) })).sort((a, b) => b.n - a.n || a.i - b.i);
  return ranked
    .slice(0, MOST_CLASSES)
    .map(({ i }) => i)
    .sort((a, b) => a - b); // prettier-ignore
}

/** The largest share of a row off the diagonal, where the colours of mistakes end. @param {number[][]} matrix */
export function largestMistake(matrix) {
  let most = 0;
  matrix.forEach((row, i) => {
    const all = row.reduce((sum, n) => sum + n, 0);
    row.forEach((n, j) => {
      if (i !== j && all) most = Math.max(most, n / all);
    });
  });
  return most;
}

/** A cell in words: "12 of 1,000 cat pictures are called dog". */
export function cell(classes, matrix, truth, answer) {
  const all = matrix[truth].reduce((sum, n) => sum + n, 0);
  const n = matrix[truth][answer];
  const called = truth === answer ? "are called so" : `${n === 1 ? "is" : "are"} called ${classes[answer]}`;
  return `${format.outOf(n, all)} pictures of ${classes[truth]} ${truth === answer && n === 1 ? "is called so" : called}`;
}

/** How it stands, in a sentence. The accuracy is the card's; where other pictures are here or others are right, that is said. */
export function standing({ state, reason, model, data, done, total, accuracy, stated }) {
  if (state === "none") return reason;
  if (state === "counting") return `${model} is shown the test pictures of ${data}: ${format.outOf(done, total)}.`;
  const here = format.percent(accuracy);
  const all = (n) => `${format.count(n)} test pictures of ${data}`;
  if (stated === null) return `${model}: ${here} right on ${all(total)}.`;
  const says = format.percent(stated.accuracy);
  if (stated.n_test !== total)
    return `${model}: ${here} right on the ${all(total)} that are here; ${says} of ${format.count(stated.n_test)} on its card.`;
  return `${model}: ${says} right on ${all(total)}${here === says ? "" : `, by its card; counted here ${here}`}.`;
}
