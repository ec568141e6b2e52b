/* How far heads look: a dot for each head over the layers, against attention to all patches alike. */
import { clearCanvas } from "../core/draw.js";
import * as format from "../core/format.js";
import { inkOf } from "../core/theme.js";

const HEIGHT = 300; // px
const EDGE = { left: 42, right: 14, top: 12, bottom: 36 };
const NEAR = 0.5; // of the uniform distance: heads below are called local
const FAR = 0.9; // of it: heads from there on spread as far as no preference would

/** Distance of attention to all patches alike, the patch itself among them: what mean_attention_distance gives it. */
export function uniform([rows, cols], patchSize) {
  let sum = 0;
  const n = rows * cols;
  for (let a = 0; a < n; a++) {
    for (let b = 0; b < n; b++) sum += Math.hypot(Math.floor(a / cols) - Math.floor(b / cols), (a % cols) - (b % cols));
  }
  return (patchSize * sum) / (n * n);
}

/** All heads in order, with their place among the other heads of the layer from near to far. */
export const heads = ({ distance, entropy }) => distance.flatMap((row, layer) => row.map((pixels, head) => ({ layer, head, pixels, bits: entropy[layer][head] })));

function place(canvas, seen, even) {
  const width = canvas.clientWidth || 400;
  const top = 1.12 * Math.max(even, ...seen.distance.flat());
  const [w, h] = [width - EDGE.left - EDGE.right, HEIGHT - EDGE.top - EDGE.bottom];
  const column = w / seen.layers;
  const spread = Math.min(column * 0.6, 90);
  const x = ({ layer, head }) => EDGE.left + column * (layer + 0.5) + (seen.heads > 1 ? (head / (seen.heads - 1) - 0.5) * spread : 0);
  return { width, top, w, h, column, x, y: (pixels) => EDGE.top + h * (1 - pixels / top) };
}

export function draw(canvas, seen, even, chosen) {
  const at = place(canvas, seen, even);
  const context = clearCanvas(canvas, at.width, HEIGHT);
  canvas.style.width = "100%";
  context.font = "13px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "right";
  const step = [1, 2, 5, 10, 20, 50, 100].find((size) => at.top / size <= 7) || at.top / 5;
  for (let pixels = 0; pixels <= at.top; pixels += step) {
    context.strokeStyle = inkOf("--vx-line");
    context.lineWidth = 1;
    line(context, EDGE.left, at.y(pixels), at.width - EDGE.right);
    context.fillStyle = inkOf("--vx-soft");
    context.fillText(String(pixels), EDGE.left - 7, at.y(pixels));
  }
  context.textAlign = "center";
  for (let layer = 0; layer < seen.layers; layer++) context.fillText(seen.layers > 8 ? layer + 1 : `layer ${layer + 1}`, EDGE.left + at.column * (layer + 0.5), HEIGHT - 16);
  context.strokeStyle = inkOf("--vx-soft");
  context.lineWidth = 1.5;
  context.setLineDash([6, 4]);
  line(context, EDGE.left, at.y(even), at.width - EDGE.right);
  context.setLineDash([]);
  context.fillStyle = inkOf("--vx-text");
  context.textAlign = "left";
  label(context, `uniform attention ${even.toFixed(2)}`, EDGE.left + 6, at.y(even) - 10);
  for (const one of heads(seen)) {
    const marked = chosen && chosen.layer === one.layer && chosen.head === one.head;
    context.beginPath();
    context.arc(at.x(one), at.y(one.pixels), marked ? 8 : 6, 0, 2 * Math.PI);
    context.fillStyle = inkOf(marked ? "--vx-query" : "--vx-key");
    context.fill();
    context.strokeStyle = inkOf("--vx-panel");
    context.lineWidth = 1.5;
    context.stroke();
  }
}

function label(context, text, x, y) {
  context.strokeStyle = inkOf("--vx-panel");
  context.lineWidth = 4;
  context.lineJoin = "round";
  context.strokeText(text, x, y);
  context.fillText(text, x, y);
}

function line(context, left, y, right) {
  context.beginPath();
  context.moveTo(left, y);
  context.lineTo(right, y);
  context.stroke();
}

/** The head whose dot is nearest to the pointer, within 40 px. */
export function headAt(canvas, seen, even, event) {
  const box = canvas.getBoundingClientRect();
  const at = place(canvas, seen, even);
  const away = (one) => Math.hypot(at.x(one) - (event.clientX - box.left), at.y(one.pixels) - (event.clientY - box.top));
  const nearest = heads(seen).reduce((best, one) => (away(one) < away(best) ? one : best));
  return away(nearest) < 40 ? nearest : null;
}

/** Which heads are local and which global, counted. */
export function verdict(seen, even) {
  const all = heads(seen).sort((a, b) => a.pixels - b.pixels);
  const count = (test) => all.filter(test).length;
  const near = count(({ pixels }) => pixels < NEAR * even);
  const far = count(({ pixels }) => pixels >= FAR * even);
  const name = ({ layer, head, pixels }) => `layer ${layer + 1} head ${head + 1} (${format.pixels(pixels, 2)})`;
  const means = seen.distance.map((row) => (row.reduce((sum, pixels) => sum + pixels, 0) / row.length).toFixed(2));
  return (
    `Of ${all.length} heads ${near} ${near === 1 ? "is" : "are"} local (below ${format.percent(NEAR, 0)} of the dashed line) and ${far} global (${format.percent(FAR, 0)} of it or more). ` +
    `Nearest: ${name(all[0])}; farthest: ${name(all.at(-1))}. Mean of each layer: ${means.join(", ")} px.`
  );
}
