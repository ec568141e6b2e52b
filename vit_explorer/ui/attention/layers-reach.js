/* How far heads look: a dot for each head over the layers, against attention to all patches alike. */
import { clearCanvas } from "../core/draw.js";
import * as format from "../core/format.js";
import { axisX, axisY, marker, ruleY } from "../core/plot.js";
import { at } from "../core/pointer.js";
import { frame, linear, nearest, ticks } from "../core/scales.js";
import { inkOf } from "../core/theme.js";

const HEIGHT = 280; // px
const EDGE = { left: 42, right: 14, top: 12, bottom: 36 };
const REACH = 40; // px around a dot in which the pointer means it
const NEAR = 0.5; // of the uniform distance: heads below are called local
const FAR = 0.9; // of it: heads from there on spread as far as no preference would

/** Distance of attention to all patches alike, the patch itself among them: what mean_attention_distance gives it. */
export function uniform([rows, cols], patchSize) {
  const pairs = (/** @type {number} */ apart, /** @type {number} */ n) => (apart ? 2 : 1) * (n - apart); // of n in a row
  let sum = 0;
  for (let down = 0; down < rows; down++)
    for (let across = 0; across < cols; across++)
      sum += pairs(down, rows) * pairs(across, cols) * Math.hypot(down, across);
  return (patchSize * sum) / (rows * cols) ** 2;
}

/** All heads in order, with their place among the other heads of the layer from near to far. */
export const heads = ({ distance, entropy }) =>
  distance.flatMap((row, layer) => row.map((pixels, head) => ({ layer, head, pixels, bits: entropy[layer][head] })));

/** A column of the plot a layer, the first from 0 to 1; in its middle the layer's heads, from the first to the last. */
function shownOf(canvas, seen, even) {
  const scales = { x: linear(0, seen.layers), y: linear(0, 1.12 * Math.max(even, ...seen.distance.flat())) };
  return { ...frame({ width: canvas.clientWidth || 400, height: HEIGHT }, EDGE, scales), high: scales.y.high };
}

/** @returns {import("../core/scales.js").Place} */
function placeOf(shown, { heads }, { layer, head, pixels }) {
  const spread = Math.min(0.6 * (shown.x(1) - shown.x(0)), 90);
  return [shown.x(layer + 0.5) + (heads > 1 ? (head / (heads - 1) - 0.5) * spread : 0), shown.y(pixels)];
}

export function draw(canvas, seen, even, chosen) {
  const shown = shownOf(canvas, seen, even);
  const context = clearCanvas(canvas, shown.width, HEIGHT);
  const many = seen.layers > 8;
  canvas.style.width = "100%";
  axisY(context, shown, ticks(0, shown.high, 7), format.significant);
  axisX(
    context,
    shown,
    Array.from({ length: seen.layers }, (_, k) => k + 0.5),
    (x) => (many ? String(x + 0.5) : `layer ${x + 0.5}`),
    many ? "layer" : "",
  );
  ruleY(context, shown, even);
  for (const one of heads(seen)) {
    const marked = chosen && chosen.layer === one.layer && chosen.head === one.head;
    context.fillStyle = inkOf(marked ? "--vx-query" : "--vx-key");
    context.strokeStyle = inkOf("--vx-panel");
    context.lineWidth = 1.5;
    marker(context, "circle", placeOf(shown, seen, one), marked ? 8 : 6);
  }
}

/** The head whose dot is nearest to the pointer. */
export function headAt(canvas, seen, even, event) {
  const [shown, all] = [shownOf(canvas, seen, even), heads(seen)];
  const found = nearest(
    all.map((one) => placeOf(shown, seen, one)),
    at(event, canvas),
    REACH,
  );
  return found === null ? null : all[found];
}

const fromNear = (seen) => heads(seen).sort((a, b) => a.pixels - b.pixels);

/** The head that looks nearest on average, and the one that looks farthest. */
export function extremes(seen) {
  const all = fromNear(seen);
  return { near: all[0], far: all[all.length - 1] };
}

/** Which heads are local and which global, counted. */
export function verdict(seen, even) {
  const all = fromNear(seen);
  const count = (test) => all.filter(test).length;
  const near = count(({ pixels }) => pixels < NEAR * even);
  const far = count(({ pixels }) => pixels >= FAR * even);
  const name = ({ layer, head, pixels }) => `layer ${layer + 1} head ${head + 1} (${format.pixels(pixels, 2)})`;
  const means = seen.distance.map((row) => (row.reduce((sum, pixels) => sum + pixels, 0) / row.length).toFixed(2));
  return (
    `Of ${all.length} heads ${near || "none"} ${near > 1 ? "are" : "is"} local (below ${format.percent(NEAR, 0)} of the dashed line) and ${far || "none"} global (${format.percent(FAR, 0)} of it or more). ` +
    `Nearest: ${name(all[0])}; farthest: ${name(all.at(-1))}. Mean of each layer: ${means.join(", ")} px.`
  );
}
