/* The arithmetic of plots: scales, ticks, names that do not overlap, the point under the pointer. Pure functions. */

/** @typedef {[number, number]} Place  x and y, px */
/** @typedef {{low: number, high: number, at: (value: number) => number, value: (share: number) => number}} Scale  `at`: 0 to 1 along the axis; `value` is its inverse */
/** @typedef {{left: number, right: number, top: number, bottom: number}} Box  px */
/** @typedef {Box & {width: number, height: number, x: (value: number) => number, y: (value: number) => number, valueX: (px: number) => number, valueY: (px: number) => number}} Frame */

const GAP = 6; // px between two labels of an axis
const NICE = [1, 2, 2.5, 5, 10];
const NICE_LOG = [[1], [1, 3], [1, 2, 5], [1, 1.5, 2, 3, 5, 7]]; // from few ticks to many
const OUTSIDE = 1000; // how much worse it is that a name leaves the plot than that it covers something
const CLOSE = 1e-9; // relative; what floating-point numbers may miss a tick by

// ---- scales ------------------------------------------------------------------------------------------------------
/** @param {(value: number) => number} forth @param {(value: number) => number} back @returns {(low: number, high: number) => Scale} */
const scaleBy = (forth, back) => (low, high) => {
  const [from, span] = [forth(low), forth(high) - forth(low)];
  return {
    low,
    high,
    at: (value) => (span ? (forth(value) - from) / span : 0.5),
    value: (share) => back(from + share * span),
  };
};

export const linear = scaleBy(
  (x) => x,
  (x) => x,
);
/** Both ends above 0. */
export const logarithmic = scaleBy(Math.log, Math.exp);

/**
 * Where things stand in a plot: `x` and `y` give px, `valueX` and `valueY` take them back.
 * @param {{width: number, height: number}} size @param {Box} margin @param {{x: Scale, y: Scale}} scales @returns {Frame}
 */
export function frame({ width, height }, margin, { x, y }) {
  const [left, right, top, bottom] = [margin.left, width - margin.right, margin.top, height - margin.bottom];
  return {
    width,
    height,
    left,
    right,
    top,
    bottom,
    x: (value) => left + (right - left) * x.at(value),
    y: (value) => bottom - (bottom - top) * y.at(value),
    valueX: (px) => x.value((px - left) / (right - left)),
    valueY: (px) => y.value((bottom - px) / (bottom - top)),
  };
}

// ---- ticks -------------------------------------------------------------------------------------------------------
/** The smallest of 1, 2, 2.5, 5 times a power of ten that is not below x. @param {number} x above 0 @returns {number} */
export function roundUp(x) {
  const power = 10 ** Math.floor(Math.log10(x));
  return power * (NICE.find((one) => one * power >= x * (1 - CLOSE)) ?? 10);
}

/** Round numbers from `low` to `high`, at most `count` steps; a step is a round number of `unit`. @param {number} low @param {number} high @param {number} count @param {number} unit */
export function ticks(low, high, count, unit = 1) {
  if (!(high > low)) return [low];
  const step = unit * roundUp((high - low) / unit / count);
  const [first, last] = [Math.ceil(low / step - CLOSE), Math.floor(high / step + CLOSE)];
  return Array.from({ length: last - first + 1 }, (_, k) => Number(((first + k) * step).toPrecision(12)));
}

/** Round numbers of a logarithmic axis: at least three where there are so many, few a decade on a long axis. @param {number} low @param {number} high */
export function logTicks(low, high) {
  const [first, last] = [Math.floor(Math.log10(low)), Math.floor(Math.log10(high))];
  const powers = Array.from({ length: last - first + 1 }, (_, k) => first + k);
  const inside = (/** @type {number} */ tick) => tick >= low * (1 - CLOSE) && tick <= high * (1 + CLOSE);
  const found = NICE_LOG.map((digits) =>
    powers.flatMap((power) => digits.map((digit) => Number(`${digit}e${power}`))).filter(inside),
  );
  return found.find((some) => some.length >= 3) ?? found[found.length - 1];
}

// ---- names that do not overlap -----------------------------------------------------------------------------------
/**
 * Places nearest to the wanted ones that keep a gap between neighbours and stay within limits: the least sum of squares.
 * If the limits are too narrow, the gap is kept and the upper limit is passed.
 * @param {number[]} wanted @param {number} gap @param {number} low @param {number} high @returns {number[]} in the order of `wanted`
 */
export function spread(wanted, gap, low, high) {
  const order = wanted.map((_, i) => i).sort((a, b) => wanted[a] - wanted[b]);
  /** @type {{sum: number, count: number}[]} */
  const pools = []; // neighbours that would meet move together (pool-adjacent-violators)
  order.forEach((i, rank) => {
    let pool = { sum: wanted[i] - rank * gap, count: 1 };
    for (
      let last = pools[pools.length - 1];
      last && last.sum / last.count > pool.sum / pool.count;
      last = pools[pools.length - 1]
    ) {
      pools.pop();
      pool = { sum: last.sum + pool.sum, count: last.count + pool.count };
    }
    pools.push(pool);
  });
  const highest = Math.max(low, high - (wanted.length - 1) * gap);
  /** @type {number[]} */
  const places = [];
  pools
    .flatMap(({ sum, count }) => Array(count).fill(sum / count))
    .forEach((start, rank) => {
      places[order[rank]] = Math.max(low, Math.min(highest, start)) + rank * gap;
    });
  return places;
}

/** Which labels of an axis fit beside those before them, as indices. @param {[number, number][]} spans from and to of each label, px, the most important first */
export function fitting(spans) {
  /** @type {number[]} */
  const kept = [];
  spans.forEach(([from, to], i) => {
    if (kept.every((k) => to + GAP <= spans[k][0] || from - GAP >= spans[k][1])) kept.push(i);
  });
  return kept;
}

/** Where a name around a point can stand: to the right, left, above, below, then farther off. @type {[number, number, "start" | "middle" | "end"][]} */
const AROUND = [
  [9, 4, "start"],
  [-9, 4, "end"],
  [0, -10, "middle"],
  [0, 19, "middle"],
  [-4, -12, "start"],
  [4, -12, "end"],
  [-4, 20, "start"],
  [4, 20, "end"],
  [-4, -24, "start"],
  [4, -24, "end"],
  [-4, 32, "start"],
  [4, 32, "end"],
];

/**
 * Where the name of a point covers least of the boxes that are taken; outside of `room` only if need be.
 * @param {number} length of the name, px @param {Place} point @param {Box[]} taken @param {Box} room @returns {Box & {x: number, y: number, anchor: "start" | "middle" | "end"}} `x`, `y`: of its baseline at the anchor
 */
export function nameAt(length, [a, b], taken, room) {
  const boxes = AROUND.map(([dx, dy, anchor]) => {
    const left = a + dx - { start: 0, middle: length / 2, end: length }[anchor];
    return { x: a + dx, y: b + dy, anchor, left, right: left + length, top: b + dy - 11, bottom: b + dy + 3 };
  });
  const overlap = (/** @type {Box} */ one, /** @type {Box} */ other) =>
    Math.max(0, Math.min(one.right, other.right) - Math.max(one.left, other.left)) *
    Math.max(0, Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top));
  const outside = (/** @type {Box} */ one) => (one.right - one.left) * (one.bottom - one.top) - overlap(one, room);
  const covered = boxes.map((one) => taken.reduce((sum, other) => sum + overlap(one, other), OUTSIDE * outside(one)));
  return boxes[covered.indexOf(Math.min(...covered))];
}

// ---- the pointer -------------------------------------------------------------------------------------------------
/** The index of the place nearest to the pointer; null if none is within reach. @param {Place[]} places @param {Place} pointer @param {number} reach px */
export function nearest(places, [x, y], reach = Infinity) {
  const away = places.map(([a, b]) => Math.hypot(a - x, b - y));
  const least = Math.min(...away);
  return least < reach ? away.indexOf(least) : null;
}

/**
 * The item nearest to x of a list that is sorted along the axis, the first of equals; null for an empty list.
 * @template T @param {T[]} sorted @param {number} x @param {(item: T) => number} at @returns {T | null}
 */
export function nearestAlong(sorted, x, at) {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at(sorted[middle]) < x) low = middle + 1;
    else high = middle;
  }
  const [before, after] = [sorted[low - 1], sorted[low]];
  if (before === undefined || after === undefined) return before ?? after ?? null;
  return x - at(before) <= at(after) - x ? before : after;
}
