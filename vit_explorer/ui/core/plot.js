/* Draws the axes, lines, markers and names of a plot on a canvas context. Where they stand: scales.js. */
import { fitting, spread } from "./scales.js";
import { inkOf } from "./theme.js";

/** @typedef {import("./scales.js").Place} Place */
/** @typedef {import("./scales.js").Frame} Frame */
/** @typedef {CanvasRenderingContext2D} Context */
/** @typedef {"circle" | "square" | "up" | "diamond" | "down"} Shape */

const LABEL = 13; // px, letters of axes and names
const GAP = 6; // px between an axis and its numbers

// ---- lines and markers -------------------------------------------------------------------------------------------
/** A line through places, without those less than 1 px further along. @param {Context} context @param {Place[]} places @param {number[]} dash */
export function line(context, places, dash = []) {
  let column = -Infinity;
  context.setLineDash(dash);
  context.lineJoin = "round";
  context.beginPath();
  places.forEach(([x, y], i) => {
    if (Math.abs(x - column) < 1 && i + 1 < places.length) return;
    column = x;
    context.lineTo(x, y);
  });
  context.stroke();
  context.setLineDash([]);
}

const UP = [
  [0, -1.25],
  [1.15, 0.85],
  [-1.15, 0.85],
];
const CORNERS = {
  up: UP,
  down: UP.map(([x, y]) => [x, -y]),
  diamond: [
    [0, -1.3],
    [1.3, 0],
    [0, 1.3],
    [-1.3, 0],
  ],
  square: [
    [-0.9, -0.9],
    [0.9, -0.9],
    [0.9, 0.9],
    [-0.9, 0.9],
  ],
};

/** A filled marker with an outline: a shape for each series, for eyes that do not see its colour. @param {Context} context @param {Shape} shape @param {Place} place @param {number} r px */
export function marker(context, shape, [x, y], r) {
  context.beginPath();
  if (shape === "circle") context.arc(x, y, r, 0, 2 * Math.PI);
  else for (const [dx, dy] of CORNERS[shape]) context.lineTo(x + r * dx, y + r * dy);
  context.closePath();
  context.fill();
  context.stroke();
}

/** A bar from one value to another, with caps of a half width. @param {Context} context @param {number} x @param {number} y1 @param {number} y2 @param {number} cap px */
export function errorBar(context, x, y1, y2, cap = 0) {
  line(context, [
    [x, y1],
    [x, y2],
  ]);
  if (cap)
    for (const y of [y1, y2])
      line(context, [
        [x - cap, y],
        [x + cap, y],
      ]);
}

/** Draw inside of the axes alone, but for the rim of a marker. @param {Context} context @param {Frame} frame @param {() => void} draw */
export function clipped(context, { left, right, top, bottom }, draw) {
  context.save();
  context.beginPath();
  context.rect(left - GAP, top - GAP, right - left + 2 * GAP, bottom - top + 2 * GAP);
  context.clip();
  draw();
  context.restore();
}

// ---- words -------------------------------------------------------------------------------------------------------
/** @param {Context} context @param {boolean} bold */
const letters = (context, bold = false) => (context.font = `${bold ? "650 " : ""}${LABEL}px system-ui, sans-serif`);

/**
 * A word in the present fill colour, with a rim that keeps it legible on lines.
 * @param {Context} context @param {string} text @param {Place} place @param {CanvasTextAlign} align @param {CanvasTextBaseline} baseline
 */
export function word(context, text, [x, y], align = "left", baseline = "middle") {
  context.textAlign = align;
  context.textBaseline = baseline;
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = inkOf("--vx-panel");
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

/** How wide names are, px. @param {Context} context @param {string[]} names @param {boolean} bold */
export function widest(context, names, bold = false) {
  letters(context, bold);
  return Math.max(0, ...names.map((name) => context.measureText(name).width));
}

/** A name and a number in so much room; the name is cut, the number never. @param {Context} context @param {string} name @param {string} number @param {number} room px */
export function shortened(context, name, number, room) {
  const fits = (/** @type {string} */ text) => context.measureText(text).width <= room;
  if (fits(`${name} ${number}`.trim())) return `${name} ${number}`.trim();
  for (let kept = name.length - 1; kept > 2; kept--)
    if (fits(`${name.slice(0, kept)}… ${number}`)) return `${name.slice(0, kept)}… ${number}`;
  return number || name;
}

// ---- axes --------------------------------------------------------------------------------------------------------
/** Lines across the plot, their numbers to the left; `title` stands above. @param {Context} context @param {Frame} frame @param {number[]} values @param {(value: number) => string} write @param {string} title */
export function axisY(context, frame, values, write, title = "") {
  const { left, right } = frame;
  letters(context);
  context.lineWidth = 1;
  for (const value of values) {
    const y = Math.round(frame.y(value)) + 0.5;
    context.strokeStyle = inkOf(value === 0 ? "--vx-soft" : "--vx-line");
    line(context, [
      [left, y],
      [right, y],
    ]);
    context.fillStyle = inkOf("--vx-soft");
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(write(value), left - GAP, y);
  }
  context.textAlign = "left";
  context.textBaseline = "top";
  if (title) context.fillText(title, 0, 0);
}

/**
 * Marks below the plot and their numbers, where these fit; `chosen` is a value whose number always stands, in bold.
 * @param {Context} context @param {Frame} frame @param {number[]} values @param {(value: number) => string} write @param {string} title @param {number | null} chosen
 */
export function axisX(context, frame, values, write, title = "", chosen = null) {
  const { left, right, bottom, width } = frame;
  const order = chosen === null ? values : [chosen, ...values.filter((value) => value !== chosen)];
  letters(context);
  /** @type {[number, number][]} */
  const spans = order.map((value) => {
    const length = context.measureText(write(value)).width;
    const from = Math.max(0, Math.min(width - length, frame.x(value) - length / 2));
    return [from, from + length];
  });
  context.lineWidth = 1;
  context.strokeStyle = inkOf("--vx-soft");
  for (const value of values) {
    const x = Math.round(frame.x(value)) + 0.5;
    line(context, [
      [x, bottom],
      [x, bottom + 4],
    ]);
  }
  context.textBaseline = "top";
  context.textAlign = "left";
  for (const i of fitting(spans)) {
    letters(context, order[i] === chosen);
    context.fillStyle = inkOf(order[i] === chosen ? "--vx-text" : "--vx-soft");
    context.fillText(write(order[i]), spans[i][0], bottom + GAP);
  }
  letters(context);
  context.fillStyle = inkOf("--vx-soft");
  context.textAlign = "center";
  if (title) context.fillText(title, (left + right) / 2, bottom + GAP + LABEL + 2);
}

/** A dashed line for a value of reference, its name above it. @param {Context} context @param {Frame} frame @param {number} value @param {string} name @param {"left" | "right"} side */
export function ruleY(context, frame, value, name = "", side = "left") {
  const [y, { left, right }] = [Math.round(frame.y(value)) + 0.5, frame];
  context.strokeStyle = inkOf("--vx-soft");
  context.lineWidth = 1.5;
  line(
    context,
    [
      [left, y],
      [right, y],
    ],
    [4, 4],
  );
  letters(context);
  context.fillStyle = inkOf("--vx-text");
  word(context, name, [side === "left" ? left + GAP : right - 2, y - 2], side, "bottom");
}

/** A line for a value of x. @param {Context} context @param {Frame} frame @param {number} value @param {number[]} dash */
export function ruleX(context, frame, value, dash = []) {
  const x = Math.round(frame.x(value)) + 0.5;
  line(
    context,
    [
      [x, frame.top],
      [x, frame.bottom],
    ],
    dash,
  );
}

/** A sentence in place of a plot. @param {Context} context @param {{width: number, height: number}} size @param {string} sentence */
export function empty(context, { width, height }, sentence) {
  letters(context);
  context.fillStyle = inkOf("--vx-soft");
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(sentence, width / 2, height / 2);
}

/**
 * Names at the ends of lines, moved apart where they would overlap. With `leader` all stand to the right of the axes, each with a thin
 * line to its end; without, each stands beside its end.
 * @param {Context} context @param {Frame} frame @param {{name: string, number?: string, at: Place, ink: string, bold?: boolean}[]} ends @param {number} leader px
 */
export function endNames(context, frame, ends, leader = 0) {
  const places = spread(
    ends.map(({ at }) => at[1]),
    LABEL + 5,
    frame.top + GAP,
    frame.bottom - GAP,
  );
  ends.forEach(({ name, number = "", at: [x, y], ink, bold = false }, i) => {
    const start = leader ? frame.right + leader : x + 9;
    context.strokeStyle = context.fillStyle = ink;
    context.lineWidth = 1;
    if (leader)
      line(context, [
        [x + GAP, y],
        [start - 3, places[i]],
      ]);
    letters(context, bold);
    word(context, shortened(context, name, number, frame.width - start - 2), [start, places[i]]);
  });
}
