/* Draws the curves of a race, their axes and names. Functions of a view: a frame of core/scales.js with
 * {what: "accuracy" | "loss", axis, range: {x, y}}.
 */
import * as format from "../core/format.js";
import { axisX, axisY, endNames, line, marker, ruleY, widest } from "../core/plot.js";
import { frame, linear, ticks } from "../core/scales.js";
import { inkOf } from "../core/theme.js";
import * as trainAxes from "./axes.js";

const MARGIN = { left: 46, top: 8, bottom: 36 }; // px
const NARROW = 560; // px of the canvas below which line ends carry numbers alone
const RING = 7.5; // px, half of the mark of all test pictures
const CROWDED = 9; // px; of test points closer than this one is drawn
/** @type {import("../core/plot.js").Shape[]} */
const SHAPES = ["circle", "square", "up", "diamond"]; // of the contenders

export function view(size, right, range, { what, axis }) {
  const shown = frame(size, { ...MARGIN, right }, { x: linear(0, range.x), y: linear(0, range.y) });
  const highest = 1.02 * range.y; // a loss above is drawn along the upper edge
  return { ...shown, what, axis, range: { ...range }, y: (value) => shown.y(Math.min(highest, value)) };
}

export const ink = (contender) => inkOf(`--vx-run-${contender.index % 4}`);
export const along =
  ({ axis }, contender) =>
  (one) =>
    trainAxes.PLACE[axis](one, contender);
export const trainOf =
  ({ what }) =>
  (one) =>
    what === "accuracy" ? one.accuracy : one.loss;

/** What a contender that came to its end has right of all test pictures, as a point; null before, and for losses. */
export const whole = ({ what }, { finished }) =>
  what === "accuracy" && finished ? { ...finished, accuracy: finished.test_accuracy } : null;

/** The points of a contender: of its training curve, and of its test curve (accuracies only). */
export const lines = ({ what }, contender) => ({
  train: contender.steps,
  test: what === "accuracy" ? contender.tests : [],
});

/** The points of a test curve that are told: at the end that of all test pictures, which the page states. */
export function told(shown, contender) {
  const [end, { test }] = [whole(shown, contender), lines(shown, contender)];
  return end ? [...test.filter(({ step }) => step < end.step), end] : test;
}
export const write = ({ what }, value, digits = 2) =>
  what === "accuracy" ? format.percent(value) : value.toFixed(digits);

/** A point of a test curve. */
export const point = (context, contender, place, r) => marker(context, SHAPES[contender.index % 4], place, r);

export function axes(context, shown) {
  const { title, write: writeX, unit } = trainAxes.labels(shown.axis, shown.range.x);
  axisY(
    context,
    shown,
    ticks(0, shown.range.y, 4),
    shown.what === "accuracy" ? format.percentTick : format.significant,
  );
  axisX(context, shown, ticks(0, shown.range.x, shown.width < NARROW ? 4 : 8, unit), writeX, title);
}

/** The accuracy of guessing among these classes, as a rule; its name stands to the right, where no curve is. */
export function chance(context, shown, classes) {
  if (guessing(shown, classes)) ruleY(context, shown, 1 / classes.length);
}

const guessing = ({ what }, classes) => what === "accuracy" && Boolean(classes);

/** Those of the race followed in full; those of one to compare with dashed, without its training accuracies. */
export function curve(context, shown, contender, dashed) {
  if (!contender.info) return;
  const { train, test } = lines(shown, contender);
  const x = along(shown, contender);
  const placed = (points, y) => points.map((one) => [shown.x(x(one)), shown.y(y(one))]);
  const dash = dashed ? [7, 5] : [];
  context.strokeStyle = context.fillStyle = ink(contender);
  context.globalAlpha = test.length || dashed ? 0.55 : 1;
  context.lineWidth = shown.what === "loss" && !dashed ? 2 : 1.3;
  if (!dashed || shown.what === "loss") line(context, placed(train, trainOf(shown)), dash);
  const tested = placed(test, (one) => one.accuracy);
  context.globalAlpha = dashed ? 0.75 : 1;
  context.lineWidth = dashed ? 2 : 3;
  line(context, tested, dash);
  context.globalAlpha = 1;
  if (!dashed) points(context, contender, tested);
}

/** The rings of those that came to their end: they reach over the edge of the axes. */
export function rings(context, shown, races) {
  for (const contender of races.flatMap(({ contenders }) => contenders.filter(({ info }) => info))) {
    const end = whole(shown, contender);
    if (end) ring(context, contender, [shown.x(along(shown, contender)(end)), shown.y(end.accuracy)]);
  }
}

/** The mark of all test pictures, around the last point or beside it. */
function ring(context, contender, place) {
  context.save();
  context.fillStyle = "transparent";
  for (const [stroke, width] of [
    [inkOf("--vx-panel"), 5],
    [ink(contender), 2],
  ]) {
    context.strokeStyle = stroke;
    context.lineWidth = width;
    point(context, contender, place, RING);
  }
  context.restore();
}

function points(context, contender, places) {
  context.strokeStyle = inkOf("--vx-panel");
  context.lineWidth = 1.5;
  const kept = []; // never without the last
  places.forEach(([x, y], i) => {
    if (i + 1 === places.length || kept.every(([x0, y0]) => Math.hypot(x0 - x, y0 - y) > CROWDED)) kept.push([x, y]);
  });
  for (const place of kept) point(context, contender, place, 4.2);
}

const GUESSING = { name: "guessing" };
const nameOf = (label, race, nth) => (nth ? `${label} · ${race.title}` : label);

/** Names and values at the ends of the lines; on a narrow canvas the values alone. */
export function names(context, shown, races) {
  const ends = races.flatMap((race, nth) =>
    race.contenders
      .filter(({ info }) => info)
      .flatMap((contender) => {
        const [test, { train }] = [told(shown, contender), lines(shown, contender)];
        const last = (test.length ? test : train).at(-1);
        if (!last) return [];
        const value = test.length ? last.accuracy : trainOf(shown)(last);
        const at = [shown.x(along(shown, contender)(last)), shown.y(value)];
        return {
          name: shown.width < NARROW ? "" : nameOf(contender.label, race, nth),
          number: write(shown, value),
          at,
          ink: ink(contender),
          bold: !nth,
        };
      }),
  );
  const [{ classes }] = races;
  if (guessing(shown, classes)) {
    const at = [shown.right, shown.y(1 / classes.length)];
    ends.push({ ...GUESSING, number: format.percent(1 / classes.length, 0), at, ink: inkOf("--vx-soft"), bold: false });
  }
  endNames(context, shown, ends);
}

/** px to the right of the axes for the longest name, within limits. */
export function room(context, races, width) {
  if (width < NARROW) return Math.ceil(widest(context, [`${GUESSING.name} 10 %`])) + 12;
  const all = races.flatMap((race, nth) => race.contenders.map(({ label }) => `${nameOf(label, race, nth)} 00.0 %`));
  return Math.round(Math.max(108, Math.min(0.24 * width, widest(context, all, true) + 16)));
}
