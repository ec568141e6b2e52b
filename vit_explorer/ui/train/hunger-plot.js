/* Draws accuracy over the number of training pictures: a curve a kind of network, bars of the spread, rings of single
 * runs, names at the lines' ends. Functions of a view: a frame of core/scales.js with {low, high}, the ends of its accuracies.
 */
import * as format from "../core/format.js";
import { axisX, axisY, empty, endNames, errorBar, line, marker, widest } from "../core/plot.js";
import { frame, linear, logarithmic, nearest as nearestOf, ticks } from "../core/scales.js";
import { inkOf } from "../core/theme.js";

// By kind, as in figures/hunger.py; the shape tells it as well.
export const INKS = {
  cnn: "--vx-run-1",
  vit: "--vx-run-0",
  "vit-conv": "--vx-text",
  hybrid: "--vx-run-2",
  deit: "--vx-run-3",
};
const SHAPES = { cnn: "square", vit: "circle", "vit-conv": "up", hybrid: "diamond", deit: "down" };
const MARGIN = { left: 46, top: 24, bottom: 36 }; // px
const LEADER = 18; // px between the axes' end and a name
const ROOM = 0.015; // of accuracy, that stays free above and below all points
const NARROW = 520; // px of the canvas below which names stand without their numbers
const REACH = 22; // px around a point in which the pointer marks it
const EMPTY = [500, 50_000]; // pictures, where there is nothing to draw

/** @typedef {{kind: string, label: string, size: number, share: number, spread: number, own: boolean, words: string}} Point */

/** All points that are drawn: of the curves, in order, and the rings. @returns {Point[]} */
export function points({ curves, own }) {
  const times = (passes) =>
    passes === 1 ? "once" : `${format.count(passes) === "0" ? passes.toPrecision(2) : format.count(passes)} times`;
  const ofCurves = curves.flatMap(({ kind, label, points }) =>
    points.map(({ size, passes, mean, spread, seeds, seconds, runs }) => {
      const scatter =
        seeds > 1
          ? ` ± ${(100 * spread).toFixed(1)} over ${seeds} seeds (${runs.map((run) => (100 * run).toFixed(1)).join(", ")})`
          : ", one seed";
      const words = `${label}: ${format.count(size)} pictures, each ${times(passes)}; ${format.percent(mean)}${scatter}; ${format.duration(seconds)} a run.`;
      return { kind, label, size, share: mean, spread, own: false, words };
    }),
  );
  const rings = own
    .filter(({ drawn }) => drawn)
    .map(({ kind, label, size, accuracy, seconds, words }) => ({
      kind,
      label,
      size,
      share: accuracy,
      spread: 0,
      own: true,
      words: `Your point. ${words} It took ${format.duration(seconds)}.`,
    }));
  return [...ofCurves, ...rings];
}

/** @param {Point[]} all */
export function view(size, right, all) {
  const sizes = all.length ? all.map((point) => point.size) : EMPTY;
  const low = Math.max(
    0,
    Math.floor(10 * (Math.min(...all.map(({ share, spread }) => share - spread), 1) - ROOM)) / 10,
  );
  const high = Math.min(
    1,
    Math.ceil(10 * (Math.max(...all.map(({ share, spread }) => share + spread), low + 0.05) + ROOM)) / 10,
  );
  const ends = all.length ? { low, high } : { low: 0, high: 1 };
  const scales = {
    x: logarithmic(Math.min(...sizes) / 1.12, Math.max(...sizes) * 1.12),
    y: linear(ends.low, ends.high),
  };
  return { ...frame(size, { ...MARGIN, right }, scales), ...ends };
}

const ink = (kind) => inkOf(INKS[kind]);
/** @returns {import("../core/scales.js").Place} */
const placeOf = (shown, { size, share }) => [shown.x(size), shown.y(share)];
const numberOf = ({ points }, width) => (width < NARROW ? "" : format.percent(points.at(-1).mean));

/** How much room the names beside the axes need. */
export const room = (context, curves, width) =>
  LEADER +
  6 +
  widest(
    context,
    curves.map((curve) => `${curve.label} ${numberOf(curve, width)}`),
    true,
  );

function axes(context, shown, all) {
  axisY(context, shown, ticks(shown.low, shown.high, 6), format.percentTick, "accuracy on the test split");
  const measured = all.filter(({ own }) => !own);
  const sizes = (measured.length ? measured : all).map(({ size }) => size);
  axisX(
    context,
    shown,
    [...new Set(sizes.length ? sizes : EMPTY)].sort((a, b) => a - b),
    format.count,
    "training pictures",
  );
}

/** A point: the bar of its spread, its shape; of a single run a ring around it. */
function point(context, shown, one) {
  const [x, y] = placeOf(shown, one);
  context.strokeStyle = context.fillStyle = ink(one.kind);
  context.lineWidth = 1.5;
  if (one.spread > 0) errorBar(context, x, shown.y(one.share - one.spread), shown.y(one.share + one.spread), 4);
  context.lineWidth = 0.5;
  marker(context, SHAPES[one.kind], [x, y], one.own ? 3 : 4);
  if (one.own) ring(context, [x, y], 8);
}

function ring(context, [x, y], r) {
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(x, y, r, 0, 2 * Math.PI);
  context.stroke();
}

/** @param {Point[]} all of the curves and of one's own */
export function draw(context, shown, { curves }, all) {
  axes(context, shown, all);
  for (const { kind, points } of curves) {
    context.strokeStyle = ink(kind);
    context.lineWidth = 2;
    line(
      context,
      points.map(({ size, mean }) => placeOf(shown, { size, share: mean })),
    );
  }
  for (const one of [...all].sort((a, b) => Number(a.own) - Number(b.own))) point(context, shown, one);
  endNames(
    context,
    shown,
    curves.map((curve) => {
      const { size, mean } = curve.points.at(-1);
      return {
        name: curve.label,
        number: numberOf(curve, shown.width),
        at: placeOf(shown, { size, share: mean }),
        ink: ink(curve.kind),
        bold: true,
      };
    }),
    LEADER,
  );
  if (!all.length) empty(context, shown, "Nothing to draw yet.");
}

/** A frame around the marked point. */
export function mark(context, shown, one) {
  context.strokeStyle = inkOf("--vx-query");
  ring(context, placeOf(shown, one), 12);
}

/** The index of the point nearest to a place on the canvas; null where none is near. @param {Point[]} all */
export const nearest = (shown, all, x, y) =>
  nearestOf(
    all.map((one) => placeOf(shown, one)),
    [x, y],
    REACH,
  );

/** Where a key leads from a point: along its curve, or up and down among those of about its size. @param {Point[]} all */
export function next(all, from, key) {
  if (!all.length) return null;
  if (from === null) return 0;
  const here = all[from];
  const same = ({ kind, own }) => kind === here.kind && own === here.own;
  const along = ["ArrowLeft", "ArrowRight"].includes(key);
  const near = ({ size }) => Math.abs(Math.log(size / here.size)) < 0.05;
  const line = all
    .map((one, i) => /** @type {[Point, number]} */ ([one, i]))
    .filter(([one]) => (along ? same(one) : near(one)));
  line.sort(([a, i], [b, j]) => (along ? a.size - b.size : a.share - b.share) || i - j);
  const place = line.findIndex(([, i]) => i === from) + (["ArrowRight", "ArrowUp"].includes(key) ? 1 : -1);
  return line[Math.max(0, Math.min(line.length - 1, place))][1];
}
