/* The beam search as a tree: where its hypotheses stand, and how they are drawn. */
import { decode } from "../core/arrays.js";
import { clearCanvas, outline } from "../core/draw.js";
import { inkOf } from "../core/theme.js";
import * as words from "./words.js";

const KEPT = 1;
const FINISHED = 2;
const GREEDY = 4;
const PRUNED = 3; // drawn of each step: the most likely of those that were dropped
const [TILE, ROW, TOP] = [28, 47, 10]; // px at scale 1
const NARROW = 54; // px a step at scale 1
const LARGEST = 1.35;

/** The search as a list of nodes {number, parent, step, token, own, sum, kept, finished, greedy}, with what is derived. */
export function read(answer, names) {
  const columns = Object.fromEntries(
    ["parent", "step", "token", "own", "sum", "bits"].map((name) => [name, decode(answer[name]).data]),
  );
  const nodes = Array.from(columns.parent, (parent, number) => ({
    number,
    parent,
    step: columns.step[number],
    token: names[columns.token[number]],
    own: columns.own[number],
    sum: columns.sum[number],
    kept: Boolean(columns.bits[number] & KEPT),
    finished: Boolean(columns.bits[number] & FINISHED),
    greedy: Boolean(columns.bits[number] & GREEDY),
  }));
  const steps = Math.max(...columns.step);
  const path = (number) => (number < 0 ? [] : [...path(nodes[number].parent), number]);
  const shown = Array.from({ length: steps }, (_, s) => {
    const all = nodes.filter(({ step }) => step === s + 1);
    const dropped = all.filter(({ kept }) => !kept);
    const greedyOne = dropped.filter(({ number }) => answer.greedy.includes(number));
    const rest = dropped.filter((node) => !greedyOne.includes(node)).slice(0, PRUNED - greedyOne.length);
    return [...all.filter(({ kept }) => kept), ...[...greedyOne, ...rest].sort((a, b) => b.sum - a.sum)];
  });
  return {
    ...answer,
    nodes,
    steps,
    shown,
    best: new Set(path(answer.ranking[0])),
    greedySet: new Set(answer.greedy),
    path,
  };
}

/** Where each node of the steps so far stands: Map from its number to {x, y} of its middle. */
export function layout(search, width) {
  const column = width / search.steps;
  const scale = Math.max(1, Math.min(LARGEST, column / NARROW));
  const places = new Map();
  search.shown.forEach((nodes, s) =>
    nodes.forEach(({ number }, row) =>
      places.set(number, { x: (s + 0.5) * column, y: scale * (TOP + TILE / 2 + row * ROW) }),
    ),
  );
  const height = scale * (TOP + Math.max(...search.shown.map((nodes) => nodes.length)) * ROW);
  return { places, scale, width, height };
}

/** A log-probability; one that rounds to zero has no sign. */
export function logarithm(value, digits = 2) {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `−${text}`;
}

export function draw(canvas, search, { places, scale, width, height }, step, marked) {
  const context = clearCanvas(canvas, width, height);
  const inks = Object.fromEntries(
    ["text", "soft", "line", "panel", "faint", "query", "key", "run-1", "accent"].map((name) => [
      name,
      inkOf(`--vx-${name}`),
    ]),
  );
  const visible = search.shown.slice(0, step).flat();
  for (const node of visible) edge(context, search, places, TILE * scale, node, inks);
  for (const node of visible)
    tile(context, search, { ...places.get(node.number), scale }, node, inks, node.number === marked);
}

function edge(context, search, places, size, node, inks) {
  if (node.parent < 0) return;
  const [from, to] = [places.get(node.parent), places.get(node.number)];
  if (!from) return;
  const best = search.best.has(node.number);
  context.strokeStyle = best ? inks.accent : node.kept ? inks.soft : inks.line;
  context.lineWidth = best ? 4 : node.kept ? 2 : 1.5;
  context.setLineDash(node.kept ? [] : [4, 3]);
  context.beginPath();
  context.moveTo(from.x + size / 2, from.y);
  const half = (to.x - from.x) / 2;
  context.bezierCurveTo(from.x + half, from.y, to.x - half, to.y, to.x - size / 2, to.y);
  context.stroke();
  context.setLineDash([]);
}

function tile(context, search, { x, y, scale }, node, inks, marked) {
  const size = TILE * scale;
  const best = search.best.has(node.number);
  const [left, top] = [x - size / 2, y - size / 2];
  context.beginPath();
  context.roundRect(left, top, size, size, 6);
  context.fillStyle = best ? inks.accent : node.kept ? inks.panel : inks.faint;
  context.fill();
  context.strokeStyle = best ? inks.accent : node.kept ? inks.soft : inks.line;
  context.lineWidth = 1.5;
  context.stroke();
  if (search.greedySet.has(node.number)) {
    context.beginPath();
    context.roundRect(left - 2.5, top - 2.5, size + 5, size + 5, 8);
    context.strokeStyle = inks["run-1"];
    context.lineWidth = 2.5;
    context.stroke();
  }
  if (marked) outline(context, left, top, size, size, inks.query, 2.5);
  context.fillStyle = best ? inkOf("--vx-on-accent") : node.kept ? inks.text : inks.soft;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.font = `${node.kept ? 650 : 450} ${Math.round(15 * scale)}px system-ui, sans-serif`;
  context.fillText(words.face(node.token), x, y + 1);
  context.font = `${Math.round(12 * scale)}px system-ui, sans-serif`;
  context.fillStyle = node.kept ? inks.text : inks.soft;
  context.fillText(logarithm(node.sum, Math.abs(node.sum) >= 9.95 ? 1 : 2), x, y + size / 2 + 10 * scale);
}

/** The number of the node under the pointer, or null. */
export function nodeAt(search, { places, scale }, step, [x, y]) {
  for (const { number } of search.shown.slice(0, step).flat()) {
    const at = places.get(number);
    if (Math.abs(at.x - x) <= (TILE * scale) / 2 + 4 && Math.abs(at.y - y) <= (TILE * scale) / 2 + 4) return number;
  }
  return null;
}
