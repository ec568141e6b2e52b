/* Places of one picture in the grids of two networks, how far two maps of it go together, and the scale of both. */

const CLIPPED = 0.01; // of the cosines lie below the low end of the scale

/** @typedef {{grid: number[], seen: number}} View rows and columns, and the share of the picture's middle square inside them */

/**
 * The cell of `to` that shows the middle of a cell of `from`; null where that network does not see it.
 * @param {number} cell @param {View} from @param {View} to @returns {number | null}
 */
export function cellThere(cell, from, to) {
  const share = from.seen / to.seen;
  const along = (/** @type {number} */ at, /** @type {number} */ cells) => 0.5 + ((at + 0.5) / cells - 0.5) * share;
  const [y, x] = [along(Math.floor(cell / from.grid[1]), from.grid[0]), along(cell % from.grid[1], from.grid[1])];
  if (y < 0 || y >= 1 || x < 0 || x >= 1) return null;
  return Math.floor(y * to.grid[0]) * to.grid[1] + Math.floor(x * to.grid[1]);
}

/**
 * Two maps at the places that both networks see, read at the patches of the coarser one.
 * @param {ArrayLike<number>} first @param {View} one @param {ArrayLike<number>} second @param {View} other
 * @param {number | null} [without] a patch of the coarser grid to leave out
 * @returns {[number, number][]}
 */
export function pairs(first, one, second, other, without = null) {
  const coarser = one.grid[0] * one.grid[1] <= other.grid[0] * other.grid[1];
  const [from, to] = coarser ? [one, other] : [other, one];
  const found = /** @type {[number, number][]} */ ([]);
  for (let cell = 0; cell < from.grid[0] * from.grid[1]; cell++) {
    const there = cell === without ? null : cellThere(cell, from, to);
    if (there !== null) found.push(coarser ? [first[cell], second[there]] : [first[there], second[cell]]);
  }
  return found;
}

/** Pearson's correlation of pairs of numbers; null where one of the two does not vary. @param {[number, number][]} numbers */
export function correlation(numbers) {
  const mean = (/** @type {0 | 1} */ which) => numbers.reduce((sum, pair) => sum + pair[which], 0) / numbers.length;
  const [x, y] = [mean(0), mean(1)];
  let [xx, yy, xy] = [0, 0, 0];
  for (const [a, b] of numbers) {
    xx += (a - x) ** 2;
    yy += (b - y) ** 2;
    xy += (a - x) * (b - y);
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : null;
}

/** The signed byte below which one in a hundred of the numbers lies. @param {...ArrayLike<number> & Iterable<number>} matrices */
export function lowEnd(...matrices) {
  const counts = new Uint32Array(256);
  let n = 0;
  for (const matrix of matrices) for (const value of matrix) [counts[value + 128]++, n++];
  let [code, below] = [0, counts[0]];
  while (below < CLIPPED * n) below += counts[++code];
  return Math.min(code - 128, 126);
}
