/* Maps of grids of different sizes, laid beside each other: which square of the picture, and a map's share of it. */
/** The square of the picture that a patch covers, in shares of its sides; null for no patch. */
export function square(token, /** @type {number[]} */ [rows, cols]) {
  if (token === null || token === undefined || token < 0 || token >= rows * cols) return null;
  const [row, col] = [Math.floor(token / cols), token % cols];
  return { top: row / rows, left: col / cols, bottom: (row + 1) / rows, right: (col + 1) / cols };
}

/** How much of [low, high] a cell [from, to] covers, as a share of the cell. */
const covered = (low, high, from, to) => Math.max(0, Math.min(high, to) - Math.max(low, from)) / (to - from);

/** The share of a map (which sums to 1, or is all 0) that falls into a square; cells cut by its edge count in part. */
export function shareIn(values, [rows, cols], { top, left, bottom, right }) {
  let sum = 0;
  for (let row = 0; row < rows; row++) {
    const down = covered(top, bottom, row / rows, (row + 1) / rows);
    if (!down) continue;
    for (let col = 0; col < cols; col++)
      sum += values[row * cols + col] * down * covered(left, right, col / cols, (col + 1) / cols);
  }
  return sum;
}

/** The same share over what an even map would give the square. */
export const timesEven = (share, { top, left, bottom, right }) => share / ((bottom - top) * (right - left));
