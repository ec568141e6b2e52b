/* Draws accuracy over the number of training pictures: a curve a kind of network, bars of the spread, rings of single
 * runs, names at the lines' ends. Pure functions of a view: {width, left, right, top, bottom (px), x(size), y(share)}.
 */
import * as format from "../core/format.js";
import { inkOf } from "../core/theme.js";
import * as trainAxes from "./axes.js";
import * as words from "./words.js";

// By kind, as in figures/hunger.py; the shape tells it as well.
export const INKS = { cnn: "--vx-run-1", vit: "--vx-run-0", "vit-conv": "--vx-text", hybrid: "--vx-run-2", deit: "--vx-run-3" };
const UP = [[0, -1.25], [1.15, 0.85], [-1.15, 0.85]];
const CORNERS = { "vit-conv": UP, deit: UP.map(([x, y]) => [x, -y]), hybrid: [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]] };
const FONT = "13px system-ui, sans-serif";
const MARGIN = { left: 42, top: 24, bottom: 36 }; // px
const LEADER = 16; // px between the axes' end and a name
const NAME_STEP = 18; // px between two names
const TICK_ROOM = 46; // px that a number below the axis needs
const ROOM = 0.015; // of accuracy, that stays free above and below all points
const NARROW = 520; // px of the canvas below which names stand without their numbers
const REACH = 22; // px around a point in which the pointer marks it
const EMPTY = [500, 50_000]; // pictures, where there is nothing to draw

/** @typedef {{kind: string, label: string, size: number, share: number, spread: number, own: boolean, words: string}} Point */

export const ink = (kind) => inkOf(INKS[kind]);

/** All points that are drawn: of the curves, in order, and the rings. @returns {Point[]} */
export function points({ curves, own }) {
  const share = (x) => format.percent(x);
  const times = (passes) => (passes === 1 ? "once" : `${format.count(passes) === "0" ? passes.toPrecision(2) : format.count(passes)} times`);
  const ofCurves = curves.flatMap(({ kind, label, points }) => points.map(({ size, passes, mean, spread, seeds, seconds, runs }) => {
    const scatter = seeds > 1 ? ` ± ${(100 * spread).toFixed(1)} over ${seeds} seeds (${runs.map((run) => (100 * run).toFixed(1)).join(", ")})` : ", one seed";
    const words = `${label}: ${format.count(size)} pictures, each ${times(passes)}; ${share(mean)}${scatter}; ${format.duration(seconds)} a run.`;
    return { kind, label, size, share: mean, spread, own: false, words };
  }));
  const rings = own.filter(({ drawn }) => drawn).map(({ kind, label, size, accuracy, seconds, words }) => (
    { kind, label, size, share: accuracy, spread: 0, own: true, words: `Your point. ${words} It took ${format.duration(seconds)}.` }
  ));
  return [...ofCurves, ...rings];
}

/** @param {Point[]} all */
export function view({ width, height }, names, all) {
  const sizes = all.length ? all.map(({ size }) => size) : EMPTY;
  const low = Math.max(0, Math.floor(10 * (Math.min(...all.map(({ share, spread }) => share - spread), 1) - ROOM)) / 10);
  const high = Math.min(1, Math.ceil(10 * (Math.max(...all.map(({ share, spread }) => share + spread), low + 0.05) + ROOM)) / 10);
  const [bottomShare, topShare] = all.length ? [low, high] : [0, 1];
  const [first, last] = [Math.log(Math.min(...sizes) / 1.12), Math.log(Math.max(...sizes) * 1.12)];
  const [left, right, top, bottom] = [MARGIN.left, width - names, MARGIN.top, height - MARGIN.bottom];
  const x = (size) => left + ((right - left) * (Math.log(size) - first)) / (last - first);
  const y = (share) => bottom - ((bottom - top) * (share - bottomShare)) / (topShare - bottomShare);
  return { width, height, left, right, top, bottom, x, y, low: bottomShare, high: topShare };
}

const nameOf = ({ label, points }, width) => (width < NARROW ? label : `${label}  ${format.percent(points.at(-1).mean)}`);

/** How much room the names beside the axes need. */
export function room(context, curves, width) {
  context.font = `600 ${FONT}`;
  return 14 + LEADER + Math.max(0, ...curves.map((curve) => context.measureText(nameOf(curve, width)).width));
}

function stroke(context, pairs) {
  context.beginPath();
  for (const [a, b] of pairs) context.lineTo(a, b);
  context.stroke();
}

/** The shape of a kind, filled. */
function shape(context, kind, x, y, r) {
  context.beginPath();
  if (kind === "vit") context.arc(x, y, r, 0, 2 * Math.PI);
  else if (kind === "cnn") context.rect(x - 0.9 * r, y - 0.9 * r, 1.8 * r, 1.8 * r);
  else for (const [dx, dy] of CORNERS[kind]) context.lineTo(x + r * dx, y + r * dy);
  context.closePath();
  context.fill();
}

function axes(context, shown, all) {
  context.font = "12px system-ui, sans-serif";
  context.fillStyle = inkOf("--vx-soft");
  context.strokeStyle = inkOf("--vx-line");
  context.lineWidth = 1;
  context.textAlign = "right";
  context.textBaseline = "middle";
  const step = shown.high - shown.low > 0.55 ? 0.2 : 0.1;
  for (let share = Math.ceil(shown.low / step - 1e-6) * step; share <= shown.high + 1e-6; share += step) {
    stroke(context, [[shown.left, shown.y(share)], [shown.right, shown.y(share)]]);
    context.fillText(`${Math.round(100 * share)} %`, shown.left - 5, shown.y(share));
  }
  context.textAlign = "center";
  context.textBaseline = "top";
  const sizes = [...new Set((all.some(({ own }) => !own) ? all.filter(({ own }) => !own) : all).map(({ size }) => size))];
  let free = -Infinity; // to the left of it stands another number
  for (const size of (sizes.length ? sizes : EMPTY).sort((a, b) => a - b)) {
    const at = shown.x(size);
    stroke(context, [[at, shown.bottom], [at, shown.bottom + 4]]);
    if (at < free) continue;
    context.fillText(format.count(size), at, shown.bottom + 6);
    free = at + TICK_ROOM;
  }
  context.textAlign = "right";
  context.fillText("training pictures", shown.right, shown.bottom + 21);
  context.textAlign = "left";
  context.fillText("accuracy on the test split", 0, 0);
}

/** A point: the bar of its spread, its shape; of a single run a ring around it. */
function point(context, shown, { kind, size, share, spread, own }) {
  const [x, y] = [shown.x(size), shown.y(share)];
  context.strokeStyle = context.fillStyle = ink(kind);
  if (spread > 0) {
    context.lineWidth = 1.5;
    const [low, high] = [shown.y(share - spread), shown.y(share + spread)];
    stroke(context, [[x, low], [x, high]]);
    for (const end of [low, high]) stroke(context, [[x - 4, end], [x + 4, end]]);
  }
  shape(context, kind, x, y, own ? 3 : 4);
  if (!own) return;
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(x, y, 8, 0, 2 * Math.PI);
  context.stroke();
}

function names(context, shown, curves) {
  const sorted = [...curves].sort((a, b) => shown.y(a.points.at(-1).mean) - shown.y(b.points.at(-1).mean));
  const places = trainAxes.spread(sorted.map(({ points }) => shown.y(points.at(-1).mean)), NAME_STEP, shown.top + 6, shown.bottom - 6);
  context.font = `600 ${FONT}`;
  context.textAlign = "left";
  context.textBaseline = "middle";
  context.lineWidth = 1;
  sorted.forEach((curve, i) => {
    const last = curve.points.at(-1);
    context.strokeStyle = context.fillStyle = ink(curve.kind);
    stroke(context, [[shown.x(last.size) + 6, shown.y(last.mean)], [shown.right + LEADER - 2, places[i]]]);
    context.fillText(nameOf(curve, shown.width), shown.right + LEADER + 2, places[i]);
  });
}

/** @param {Point[]} all */
export function draw(context, shown, { curves }, all) {
  axes(context, shown, all);
  context.lineJoin = "round";
  for (const { kind, points } of curves) {
    context.strokeStyle = ink(kind);
    context.lineWidth = 2;
    stroke(context, points.map(({ size, mean }) => [shown.x(size), shown.y(mean)]));
  }
  for (const one of [...all].sort((a, b) => a.own - b.own)) point(context, shown, one);
  names(context, shown, curves);
  if (all.length) return;
  context.font = FONT;
  context.fillStyle = inkOf("--vx-soft");
  context.textAlign = "center";
  context.fillText("Nothing to draw yet.", (shown.left + shown.right) / 2, (shown.top + shown.bottom) / 2);
}

/** A frame around the marked point. */
export function mark(context, shown, { size, share }) {
  context.strokeStyle = inkOf("--vx-query");
  context.lineWidth = 2.5;
  context.beginPath();
  context.arc(shown.x(size), shown.y(share), 12, 0, 2 * Math.PI);
  context.stroke();
}

/** The index of the point nearest to a place on the canvas; null where none is near. @param {Point[]} all */
export function nearest(shown, all, x, y) {
  let [found, least] = [null, REACH];
  all.forEach(({ size, share }, i) => {
    const far = Math.hypot(shown.x(size) - x, shown.y(share) - y);
    if (far < least) [found, least] = [i, far];
  });
  return found;
}

/** Where a key leads from a point: along its curve, or up and down among those of about its size. @param {Point[]} all */
export function next(all, from, key) {
  if (!all.length) return null;
  if (from === null) return 0;
  const here = all[from];
  const same = ({ kind, own }) => kind === here.kind && own === here.own;
  const along = ["ArrowLeft", "ArrowRight"].includes(key);
  const near = ({ size }) => Math.abs(Math.log(size / here.size)) < 0.05;
  const line = all.map((one, i) => [one, i]).filter(([one]) => (along ? same(one) : near(one)));
  line.sort(([a, i], [b, j]) => (along ? a.size - b.size : a.share - b.share) || i - j);
  const place = line.findIndex(([, i]) => i === from) + (["ArrowRight", "ArrowUp"].includes(key) ? 1 : -1);
  return line[Math.max(0, Math.min(line.length - 1, place))][1];
}
