/* A network of stages: the map after each of its blocks, the windows of a Swin, and what each place adds to the answer. */
import { colour, diverging, sequential } from "../core/colours.js";
import { matrixImage } from "../core/draw.js";
import { inkOf } from "../core/theme.js";
import { clamp, curve, strongest } from "./arithmetic.js";
import { mapSides } from "./layout.js";
import { goalOf, stroke } from "./strokes.js";

const LINES = 10; // from the places of the last map that add or take most

/** The square map of a block, in the middle of its box. */
export function squares({ scene, network }) {
  const sides = mapSides(network.blocks, scene.holes[0].w, scene.holes[0].h);
  return scene.holes.map(({ x, y, w, h }, k) => ({
    x: x + (w - sides[k]) / 2,
    y: y + (h - sides[k]) / 2,
    w: sides[k],
    h: sides[k],
  }));
}

export function paintMaps(context, ready) {
  const { network, scene, trace } = ready;
  const boxes = squares(ready);
  const first = scene.tiles || scene.pixels;
  let before = scene.vertical || first.y + first.h < scene.loom.y ? null : first;
  boxes.forEach((box, k) => {
    const { grid, mean, window, shift } = network.blocks[k];
    if (before) paintRows(context, scene, before, box, k ? network.blocks[k - 1].grid[0] : grid[0], trace);
    context.drawImage(matrixImage(mean, grid[0], grid[1], sequential, 0, 255), box.x, box.y, box.w, box.h);
    if (window) paintWindows(context, box, grid, window, shift);
    before = box;
  });
  paintSummands(context, ready, boxes.at(-1));
}

/** One line for each row of the finer map, in the colour of the picture there, to its place in the coarser map. */
function paintRows(context, { vertical }, a, b, rows, trace) {
  const { data } = trace.rgb;
  context.lineWidth = clamp((0.4 * a.h) / rows, 0.5, 2);
  context.globalAlpha = 0.6;
  for (let row = 0; row < rows; row++) {
    const share = (row + 0.5) / rows;
    const line = Math.floor(share * trace.size);
    const mean = [0, 0, 0];
    for (let x = 0; x < trace.size; x++)
      for (let c = 0; c < 3; c++) mean[c] += data[3 * (line * trace.size + x) + c] / trace.size;
    context.strokeStyle = `rgb(${mean.map(Math.round)})`;
    const [from, to] = vertical
      ? [
          [a.y + a.h + 1, a.x + share * a.w],
          [b.y - 1, b.x + share * b.w],
        ]
      : [
          [a.x + a.w + 1, a.y + share * a.h],
          [b.x - 1, b.y + share * b.h],
        ];
    stroke(context, vertical, curve(from, to));
  }
  context.globalAlpha = 1;
}

function paintWindows(context, box, [rows, cols], window, [down, right]) {
  context.strokeStyle = "#fff";
  context.lineWidth = box.w / cols > 6 ? 2 : 1;
  context.beginPath();
  for (let c = right; c <= cols; c += window) {
    const x = box.x + (box.w * c) / cols;
    context.moveTo(x, box.y);
    context.lineTo(x, box.y + box.h);
  }
  for (let r = down; r <= rows; r += window) {
    const y = box.y + (box.h * r) / rows;
    context.moveTo(box.x, y);
    context.lineTo(box.x + box.w, y);
  }
  context.stroke();
}

/** What the places of the last map add to the logit of the answer: the ten that add or take most. */
function paintSummands(context, { scene, network }, box) {
  if (!network.summands || !scene.answer) return;
  const [rows, cols] = network.grid;
  const sizes = network.summands.map(Math.abs);
  const most = Math.max(...sizes);
  const goal = goalOf(scene);
  for (const index of strongest(sizes, LINES).reverse()) {
    const [row, col] = [(Math.floor(index / cols) + 0.5) / rows, ((index % cols) + 0.5) / cols];
    const [px, py] = [box.x + col * box.w, box.y + row * box.h];
    context.strokeStyle = inkOf("--vx-panel");
    context.lineWidth = 1.5 + 3.5 * (sizes[index] / most);
    const points = curve(scene.vertical ? [py, px] : [px, py], goal);
    stroke(context, scene.vertical, points);
    context.strokeStyle = colour(diverging, network.summands[index], -most, most);
    context.lineWidth = 0.8 + 2.7 * (sizes[index] / most);
    stroke(context, scene.vertical, points);
  }
}
