/* Draws axes, curves and the names at their ends on a canvas. Pure functions of a view:
 * {what: "accuracy" | "loss", axis, range: {x, y}, width, left, right, top, bottom (px), x(value), y(value) (to px)}.
 */
import * as format from "../core/format.js";
import { inkOf } from "../core/theme.js";
import * as trainAxes from "./axes.js";
import * as words from "./words.js";

const MARGIN = { left: 46, top: 8, bottom: 36 }; // px
const NARROW = 560; // px of the canvas below which line ends carry numbers alone
const LABEL_STEP = 18; // px between two names at line ends
const CROWDED = 9; // px; of test points closer than this one is drawn

export function view({ width, height }, margin, range, { what, axis }) {
  const [left, right, top, bottom] = [MARGIN.left, width - margin, MARGIN.top, height - MARGIN.bottom];
  const x = (value) => left + ((right - left) * value) / range.x;
  const y = (value) => bottom - (bottom - top) * Math.min(1.02, value / range.y);
  return { what, axis, range: { ...range }, width, left, right, top, bottom, x, y };
}

export const ink = (contender) => inkOf(`--vx-run-${contender.index % 4}`);
export const along = ({ axis }, contender) => (one) => trainAxes.PLACE[axis](one, contender);
export const trainOf = ({ what }) => (one) => (what === "accuracy" ? one.accuracy : one.loss);

/** The points of a contender: of its training curve, and of its test curve (accuracies only). */
export const lines = ({ what }, contender) => ({ train: contender.steps, test: what === "accuracy" ? contender.tests : [] });
export const write = ({ what }, value, digits = 2) => (what === "accuracy" ? format.percent(value) : value.toFixed(digits));

// ---- lines and points ----------------------------------------------------------------------------------------
export function line(context, x1, y1, x2, y2) {
  context.beginPath();
  context.moveTo(x1, y1);
  context.lineTo(x2, y2);
  context.stroke();
}

/** A line through points; of those that fall into one pixel column the last is enough. */
function path(context, shown, points, x, y) {
  context.beginPath();
  let column = -Infinity;
  points.forEach((point, i) => {
    const at = shown.x(x(point));
    if (at - column < 1 && i + 1 < points.length) return;
    column = at;
    context.lineTo(at, shown.y(y(point)));
  });
  context.stroke();
}

/** A point of a test curve: each contender has its own shape, for eyes that do not see its colour. */
export function point(context, contender, x, y, r) {
  const shape = contender.index % 4;
  context.beginPath();
  if (shape === 0) context.arc(x, y, r, 0, 2 * Math.PI);
  else if (shape === 1) context.rect(x - 0.88 * r, y - 0.88 * r, 1.76 * r, 1.76 * r);
  else {
    const corners = shape === 2 ? [[0, -1.2], [1.1, 0.8], [-1.1, 0.8]] : [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]];
    for (const [dx, dy] of corners) context.lineTo(x + r * dx, y + r * dy);
    context.closePath();
  }
  context.fill();
  context.stroke();
}

// ---- axes ----------------------------------------------------------------------------------------------------
export function axes(context, shown, classes) {
  const { left, right, bottom, range, what } = shown;
  const { title, write: writeX, unit } = trainAxes.labels(shown.axis, range.x);
  context.font = "13px system-ui, sans-serif";
  context.lineWidth = 1;
  context.textBaseline = "middle";
  context.textAlign = "right";
  for (const y of trainAxes.ticks(range.y, 4)) {
    const at = Math.round(shown.y(y)) + 0.5;
    context.strokeStyle = inkOf(y ? "--vx-faint" : "--vx-soft");
    line(context, left, at, right, at);
    context.fillStyle = inkOf("--vx-soft");
    context.fillText(what === "accuracy" ? `${Math.round(100 * y)} %` : String(Number(y.toPrecision(3))), left - 7, at);
  }
  context.textBaseline = "top";
  context.textAlign = "center";
  for (const x of trainAxes.ticks(range.x, shown.width < NARROW ? 4 : 8, unit)) {
    const at = Math.round(shown.x(x)) + 0.5;
    context.strokeStyle = inkOf("--vx-soft");
    line(context, at, bottom, at, bottom + 4);
    context.fillText(writeX(x), at, bottom + 6);
  }
  context.fillText(title, (left + right) / 2, bottom + 21);
  if (what === "accuracy" && classes) chance(context, shown, 1 / classes.length);
}

/** What guessing would give. */
function chance(context, { left, right, y }, share) {
  const at = Math.round(y(share)) + 0.5;
  context.strokeStyle = inkOf("--vx-soft");
  context.setLineDash([2, 4]);
  line(context, left, at, right, at);
  context.setLineDash([]);
  context.textAlign = "right";
  context.textBaseline = "bottom";
  context.fillText(`guessing ${format.percent(share, 0)}`, right - 2, at - 1);
}

// ---- curves --------------------------------------------------------------------------------------------------
/** Those of the race followed in full; those of one to compare with dashed, without its training accuracies. */
export function curve(context, shown, contender, dashed) {
  if (!contender.info) return;
  const { train, test } = lines(shown, contender);
  const x = along(shown, contender);
  context.strokeStyle = context.fillStyle = ink(contender);
  context.lineJoin = "round";
  context.setLineDash(dashed ? [7, 5] : []);
  context.globalAlpha = test.length || dashed ? 0.55 : 1;
  context.lineWidth = shown.what === "loss" && !dashed ? 2 : 1.3;
  if (!dashed || shown.what === "loss") path(context, shown, train, x, trainOf(shown));
  context.globalAlpha = dashed ? 0.75 : 1;
  context.lineWidth = dashed ? 2 : 3;
  path(context, shown, test, x, (one) => one.accuracy);
  context.setLineDash([]);
  context.globalAlpha = 1;
  if (!dashed) points(context, shown, contender, test.map((one) => [shown.x(x(one)), shown.y(one.accuracy)]));
}

function points(context, shown, contender, places) {
  context.strokeStyle = inkOf("--vx-panel");
  context.lineWidth = 1.5;
  const kept = []; // never without the last
  places.forEach(([x, y], i) => {
    if (i + 1 === places.length || kept.every(([x0, y0]) => Math.hypot(x0 - x, y0 - y) > CROWDED)) kept.push([x, y]);
  });
  for (const [x, y] of kept) point(context, contender, x, y, 4.2);
}

// ---- names ---------------------------------------------------------------------------------------------------
const nameOf = (label, race, nth) => (nth ? `${label} · ${race.title}` : label);

/** Names and values at the ends of the lines, moved apart where they would cover each other. */
export function names(context, shown, races) {
  const ends = races.flatMap((race, nth) => race.contenders.filter(({ info }) => info).map((contender) => {
    const { train, test } = lines(shown, contender);
    const last = (test.length ? test : train).at(-1);
    if (!last) return null;
    const value = test.length ? last.accuracy : trainOf(shown)(last);
    return { contender, nth, name: nameOf(contender.label, race, nth), number: write(shown, value), x: shown.x(along(shown, contender)(last)) + 9, y: shown.y(value) };
  })).filter(Boolean).sort((a, b) => a.y - b.y);
  const places = trainAxes.spread(ends.map(({ y }) => y), LABEL_STEP, shown.top + 6, shown.bottom - 4);
  const narrow = shown.width < NARROW;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeStyle = inkOf("--vx-panel");
  ends.forEach(({ contender, nth, name, number, x }, i) => {
    context.fillStyle = ink(contender);
    context.font = `${nth ? "" : "650 "}${narrow ? 12 : 14}px system-ui, sans-serif`;
    const words = narrow ? number : shorten(context, name, number, shown.width - x - 2);
    context.strokeText(words, x, places[i]); // a rim that keeps it legible on lines
    context.fillText(words, x, places[i]);
  });
}

function shorten(context, name, number, room) {
  if (context.measureText(`${name} ${number}`).width <= room) return `${name} ${number}`;
  let kept = name;
  while (kept.length > 2 && context.measureText(`${kept}… ${number}`).width > room) kept = kept.slice(0, -1);
  return kept.length > 2 ? `${kept}… ${number}` : number;
}

/** px to the right of the axes for the longest name, within limits. */
export function room(context, races, width) {
  if (width < NARROW) return 74;
  context.font = "650 14px system-ui, sans-serif";
  const widths = races.flatMap((race, nth) => race.contenders.map(({ label }) => context.measureText(`${nameOf(label, race, nth)} 00.0 %`).width));
  return Math.round(Math.max(100, Math.min(0.24 * width, Math.max(0, ...widths) + 16)));
}
