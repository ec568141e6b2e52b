/* What Home computes from a trace: shares, ranks, times and places. Pure functions. */

/** Where the parts of one pass stand in it, as shares: the picture opens, tiles become threads, places, blocks, answer. */
export const TIMES = {
  open: 0.14,
  fly: 0.28,
  place: 0.22,
  placed: 0.3,
  first: 0.3,
  last: 0.82,
  answer: 0.84,
  end: 0.96,
};
const FLIGHT = 0.12; // share of the pass that one tile is on its way

export const clamp = (value, low = 0, high = 1) => Math.max(low, Math.min(high, value));

/** Smoothly from 0 at `from` to 1 at `to`. */
export function phase(t, from, to) {
  const x = clamp((t - from) / (to - from));
  return x * x * (3 - 2 * x);
}

/** How far tile `k` of `n` is on its way to its thread: the first patch leaves first. */
export function flight(t, k, n) {
  const leaves = TIMES.open + ((TIMES.fly - TIMES.open - FLIGHT) * k) / Math.max(1, n - 1);
  return phase(t, leaves, leaves + FLIGHT);
}

/** How far the front has come through all blocks, 0 to 1. */
export const front = (t) => clamp((t - TIMES.first) / (TIMES.last - TIMES.first));

/** The moment at which block `k` of `n` has been passed. */
export const passed = (k, n) => TIMES.first + ((TIMES.last - TIMES.first) * (k + 1)) / n;

/** How many of `n` blocks have been passed. */
export const blocksPassed = (t, n) => Math.min(n, Math.floor(front(t) * n + 1e-9));

/** The stops of the scrubber: [time, name]; `unit`: what each of the n is. @param {string} unit @returns {[number, string][]} */
export function stops(n, unit, { patches, places }) {
  /** @type {[number, string][]} */
  const all = [[0, "picture"]];
  if (patches) all.push([TIMES.open, "patches"]);
  if (places) all.push([TIMES.placed, "positions"]);
  for (let k = 0; k < n; k++) all.push([passed(k, n), `${unit} ${k + 1}`]);
  return [...all, [1, "answer"]];
}

/** The indices of the `count` largest values, the largest first, those before `from` left out. */
export function strongest(values, count, from = 0) {
  const order = [];
  for (let i = from; i < values.length; i++) order.push(i);
  return order.sort((a, b) => values[b] - values[a] || a - b).slice(0, count);
}

export const argmax = (values) => strongest(values, 1)[0];

/** The mean over heads of rows (heads of n shares each). */
export function meanOf(rows) {
  const mean = new Float32Array(rows[0].length);
  for (const row of rows) for (let i = 0; i < row.length; i++) mean[i] += row[i] / rows.length;
  return mean;
}

/** Neighbouring blocks with the same first class, as [{from, to, best}] of their numbers. @param {number[][]} lens a row a block */
export function runs(lens) {
  const found = [];
  lens.forEach((row, k) => {
    const best = argmax(row);
    const last = found.at(-1);
    if (last && last.best === best) last.to = k;
    else found.push({ from: k, to: k, best });
  });
  return found;
}

/** The mean colour of each cell of a grid over a square picture (RGB bytes), as [r, g, b]. @param {any} rgb @param {number} size @param {number[]} grid @returns {number[][]} */
export function meanColours(rgb, size, [rows, cols]) {
  const colours = [];
  const [h, w] = [size / rows, size / cols];
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const sum = [0, 0, 0];
      const [top, left] = [Math.floor(r * h), Math.floor(c * w)];
      const [bottom, right] = [Math.max(top + 1, Math.floor((r + 1) * h)), Math.max(left + 1, Math.floor((c + 1) * w))];
      for (let y = top; y < bottom; y++)
        for (let x = left; x < right; x++) for (let k = 0; k < 3; k++) sum[k] += rgb[3 * (y * size + x) + k];
      colours.push(sum.map((value) => Math.round(value / ((bottom - top) * (right - left)))));
    }
  }
  return colours;
}

/** Columns in which `count` squares are largest inside of a box, and their side. */
export function packSquares(count, width, height, gap) {
  let best = { columns: 1, side: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const side = Math.min((width - gap * (columns - 1)) / columns, (height - gap * (rows - 1)) / rows);
    if (side > best.side) best = { columns, side };
  }
  return best;
}

/** Points of the curve on which what thread `from` gives arrives at `to`: `along` from a to b, across from one to other. @param {number[]} start @param {number[]} end */
export function curve([a, from], [b, to]) {
  const width = b - a;
  return [
    [a, from],
    [a + 0.6 * width, from],
    [b - 0.4 * width, to],
    [b, to],
  ];
}

/** A point of a cubic curve at t. @param {number[][]} points */
export function onCurve(points, t) {
  const [p, q, r, s] = points;
  const u = 1 - t;
  return [0, 1].map((i) => u * u * u * p[i] + 3 * u * u * t * q[i] + 3 * u * t * t * r[i] + t * t * t * s[i]);
}

/** How near a point is to a curve. @param {number[][]} points @param {number[]} point */
export function distance(points, [x, y], samples = 24) {
  let least = Infinity;
  for (let i = 0; i <= samples; i++) {
    const [px, py] = onCurve(points, i / samples);
    least = Math.min(least, Math.hypot(px - x, py - y));
  }
  return least;
}
