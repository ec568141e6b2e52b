/* Numbers as the page writes them. Pure functions; a number that is missing is the caller's to write. */

const UNITS = /** @type {const} */ ([
  [1e12, " T"],
  [1e9, " G"],
  [1e6, " M"],
  [1e3, " k"],
]);
const MIB = 2 ** 20;
const MINUS = "−";

// ---- counts ------------------------------------------------------------------------------------------------------
/** A whole number: "12,345". @param {number} n */
export const count = (n) => Math.round(n).toLocaleString("en-US");

/** A number and its noun: "1 epoch", "12,000 epochs". @param {number} n @param {string} one @param {string} many */
export const plural = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** A part of a whole: "1 of 10". @param {number} part @param {number} all */
export const outOf = (part, all) => `${count(part)} of ${count(all)}`;

/** Three significant digits and a unit, all of one width: "1.20 M". @param {number} n @returns {string} */
export function short(n) {
  const rounded = Number(n.toPrecision(3)); // 999,999 is 1.00 M
  for (const [size, unit] of UNITS) if (rounded >= size) return (rounded / size).toPrecision(3) + unit;
  return significant(n);
}

/** The same without closing zeros, as for ticks: "1.2 M", "20 k". @param {number} n */
export function compact(n) {
  const [number, unit] = short(n).split(" ");
  return unit ? `${Number(number)} ${unit}` : number;
}

/** "a, b and c"; "" for none. @param {string[]} names @param {string} [last] before the last one @param {string} [between] the others */
export const listed = (names, last = "and", between = ", ") =>
  names.length > 1 ? `${names.slice(0, -1).join(between)} ${last} ${names.at(-1)}` : names.join("");

/** A name at the beginning of a sentence: "Patch 36". @param {string} text */
export const capital = (text) => text.replace(/^./, (first) => first.toUpperCase());

// ---- shares and points -------------------------------------------------------------------------------------------
/** A share as it is, such as an accuracy: "58.3 %", "100.0 %". @param {number} share from 0 to 1 @param {number} digits */
export const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;

/** The same without closing zeros, as for ticks: "50 %", "2.5 %". @param {number} share */
export const percentTick = (share) => `${Number((100 * share).toFixed(2))} %`;

/** A predicted probability, never certain and never impossible: "82.4 %", "> 99.9 %", "< 0.1 %". @param {number} p */
export const probability = (p) => (p >= 0.9995 ? "> 99.9 %" : p < 0.001 ? "< 0.1 %" : percent(p));

/** An attention weight, three significant digits: "12.3 %", "3.20 %", "0.0457 %". @param {number} weight */
export function attention(weight) {
  const hundredths = 100 * weight;
  if (weight === 0) return "0 %";
  return `${hundredths >= 0.001 ? hundredths.toPrecision(3) : hundredths.toExponential(2)} %`;
}

/** How sure a prediction is, and among how many classes: "82.4 % confident, out of the 10 classes it knows". @param {number} p @param {number} classes */
export const confidence = (p, classes) => `${probability(p)} confident, out of the ${count(classes)} classes it knows`;

/** Percentage points between two shares as `percent` prints them, one digit. @param {number} before @param {number} after */
export function pointsBetween(before, after) {
  const printed = (/** @type {number} */ share) => Number((100 * share).toFixed(1));
  return Number((printed(after) - printed(before)).toFixed(1));
}

/** A difference of two shares in percentage points: "+2.1", "−0.4". @param {number} difference @param {number} digits */
export const points = (difference, digits = 1) => signed(100 * difference, digits);

// ---- decimals ----------------------------------------------------------------------------------------------------
/** A fixed number of digits; what rounds to zero has no sign: "−0.31", "0.00". @param {number} x @param {number} digits */
export function decimal(x, digits = 2) {
  const text = Math.abs(x).toFixed(digits);
  return x < 0 && Number(text) !== 0 ? MINUS + text : text;
}

/** The same with a plus: "+0.31", "−0.31", "0.00". @param {number} x @param {number} digits */
export function signed(x, digits = 2) {
  const text = decimal(x, digits);
  return x > 0 && Number(text) !== 0 ? `+${text}` : text;
}

/** At most so many significant digits, in the shortest way: "0.25", "3", "1.23". @param {number} x @param {number} digits */
export const significant = (x, digits = 3) => String(Number(x.toPrecision(digits)));

/** A small positive number in the shortest way: "0.001", "3e-5". @param {number} x */
export const small = (x) => (x >= 0.001 || x === 0 ? significant(x) : String(Number(x.toPrecision(3)).toExponential()));

/** How many times as much: "2.15 ×", "120 ×". @param {number} ratio */
export const times = (ratio) => `${ratio >= 100 ? ratio.toFixed(0) : ratio.toPrecision(3)} ×`;

// ---- sizes and times ---------------------------------------------------------------------------------------------
/** "12.3 px" @param {number} length @param {number} digits */
export const pixels = (length, digits = 1) => `${length.toFixed(digits)} px`;

/** The size of a download: "23 MB". @param {number} size in megabytes */
export const download = (size) => `${Math.round(size)} MB`;

/** "20 MB", of 2**20 bytes each. @param {number} bytes */
export const megabytes = (bytes) => `${significant(bytes / MIB)} MB`;

/** How far training is, in epochs: "0.25", "7.32", "12.5". @param {number} epochs */
export const epoch = (epochs) =>
  epochs >= 10 ? epochs.toFixed(1) : epochs >= 1 ? epochs.toFixed(2) : significant(epochs, 2);

/** A measured time, three significant digits: "0.0523 ms", "12.3 ms", "1.05 s". @param {number} seconds */
export const milliseconds = (seconds) =>
  seconds < 0.9995 ? `${(1000 * seconds).toPrecision(3)} ms` : `${seconds.toPrecision(3)} s`;

/** A time to wait: "8 s", "1 min 20 s", "25 min", "2 h 5 min". @param {number} seconds */
export function duration(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  const minutes = Math.round(s / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
