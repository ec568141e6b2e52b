/* Maps of tokens as slabs seen from above: as wide as their tokens, as thick as their channels, with the picture on top. */
import { inkOf } from "../core/theme.js";

/** @typedef {{grid: number[], width: number, depth: number, thick: number, x: number, y: number, dModel: number}} Slab `x`, `y`: lower left corner of its top */

const LEAN = 0.34; // how far the back edge stands to the right, in heights of the map
const FLAT = 0.5; // how high the map looks, in its heights
const GRID = 5; // px: from this size of a token on, lines between tokens
const small = new WeakMap(); // picture -> Map of "rows cols" -> the picture at that resolution

/**
 * Stack maps from the first at the bottom to the last at the top.
 * @param {{grid: number[], dModel: number}[]} maps
 * @param {{token: number, channel: number, gap: number}} scale px along a token, for a channel, and between two slabs
 * @param {number} width @param {number} height px of the canvas
 * @returns {Slab[]}
 */
export function stack(maps, scale, width, height) {
  let bottom = height - 2;
  return maps.map(({ grid: [rows, cols], dModel }) => {
    const slab = {
      grid: [rows, cols],
      width: cols * scale.token,
      depth: rows * scale.token,
      thick: dModel * scale.channel,
      dModel,
      x: 0,
      y: 0,
    };
    slab.y = bottom - slab.thick;
    slab.x = (width - slab.width - slab.depth * LEAN) / 2;
    bottom = slab.y - slab.depth * FLAT - scale.gap;
    return slab;
  });
}

/** How high a stack is, as `stack` makes it. */
export const high = (maps, scale) =>
  maps.reduce((sum, { grid, dModel }) => sum + grid[0] * scale.token * FLAT + dModel * scale.channel + scale.gap, 2);

/** Largest px along a token with which a map fits into a width. */
export const widest = ([rows, cols], width) => (width - 4) / (cols + rows * LEAN);

/** A point of the top, `row` and `col` in tokens. @returns {[number, number]} */
function spot({ grid, width, depth, x, y }, row, col) {
  const back = depth * (1 - row / grid[0]);
  return [x + (width * col) / grid[1] + back * LEAN, y - back * FLAT];
}

/** The token of a slab's top under a point, or null. */
export function tokenAt({ grid, width, depth, x, y }, px, py) {
  const back = (y - py) / FLAT;
  const row = Math.floor((1 - back / depth) * grid[0]);
  const col = Math.floor(((px - x - back * LEAN) / width) * grid[1]);
  return row >= 0 && row < grid[0] && col >= 0 && col < grid[1] ? row * grid[1] + col : null;
}

/** Whether a point lies on the front of a slab, below its top. */
export const onFront = ({ width, thick, x, y }, px, py) => px >= x && px < x + width && py >= y && py < y + thick;

// ---- drawing -------------------------------------------------------------------------------------------------
/** The picture at the resolution of a map: each token the mean of its pixels. */
function reduced(picture, [rows, cols]) {
  if (!small.has(picture)) small.set(picture, new Map());
  const kept = small.get(picture);
  const key = `${rows} ${cols}`;
  if (!kept.has(key)) {
    const made = Object.assign(document.createElement("canvas"), { width: cols, height: rows });
    const context = made.getContext("2d");
    context.imageSmoothingQuality = "high";
    context.drawImage(picture, 0, 0, cols, rows);
    kept.set(key, made);
  }
  return kept.get(key);
}

function path(context, points) {
  context.beginPath();
  points.forEach(([x, y], k) => (k ? context.lineTo(x, y) : context.moveTo(x, y)));
  context.closePath();
}

/** A slab; `words` on its front where there is room. */
export function draw(context, slab, picture, words) {
  const { grid, width, depth, thick, x, y } = slab;
  const [rows, cols] = grid;
  const right = [spot(slab, rows, cols), spot(slab, 0, cols)];
  faces(context, [
    [[x, y], right[0], [x + width, y + thick], [x, y + thick]],
    [...right, down(right[1], thick), down(right[0], thick)],
  ]);
  context.save();
  context.transform(1, 0, -LEAN, FLAT, x + depth * LEAN, y - depth * FLAT);
  context.drawImage(reduced(picture, grid), 0, 0, width, depth);
  context.restore();
  context.strokeStyle = inkOf("--vx-panel");
  context.lineWidth = 1;
  context.globalAlpha = 0.5;
  if (width / cols >= GRID) lines(context, slab);
  context.globalAlpha = 1;
  path(context, [spot(slab, 0, 0), right[1], right[0], [x, y]]);
  context.stroke();
  if (!words || thick < 17) return;
  context.font = "600 13px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = inkOf("--vx-panel");
  if (context.measureText(words).width < width - 8) context.fillText(words, x + width / 2, y + thick / 2 + 1);
}

const down = ([x, y], by) => [x, y + by];

/** The front and the right side. */
function faces(context, sides) {
  sides.forEach((points, k) => {
    path(context, points);
    context.fillStyle = inkOf("--vx-panel");
    context.fill();
    context.globalAlpha = k ? 0.62 : 1;
    context.fillStyle = inkOf("--vx-soft");
    context.fill();
    context.globalAlpha = 1;
  });
}

function lines(context, slab) {
  const [rows, cols] = slab.grid;
  context.beginPath();
  for (let row = 1; row < rows; row++) line(context, spot(slab, row, 0), spot(slab, row, cols));
  for (let col = 1; col < cols; col++) line(context, spot(slab, 0, col), spot(slab, rows, col));
  context.stroke();
}

function line(context, from, to) {
  context.moveTo(...from);
  context.lineTo(...to);
}

/** Of an area: [first row, first column, row after the last, column after the last]. */
const corners = (slab, [top, left, bottom, right]) =>
  [
    [top, left],
    [top, right],
    [bottom, right],
    [bottom, left],
  ].map(([row, col]) => spot(slab, row, col));

/** Outline tokens of a slab's top. */
export function mark(context, slab, area, ink) {
  path(context, corners(slab, area));
  context.lineJoin = "round";
  for (const [style, width] of [
    ["rgba(0,0,0,.65)", 5],
    ["#fff", 3.5],
    [ink, 2.5],
  ]) {
    context.strokeStyle = style;
    context.lineWidth = width;
    context.stroke();
  }
  context.globalAlpha = 0.3;
  context.fillStyle = ink;
  context.fill();
  context.globalAlpha = 1;
}

/** Lines from tokens of one slab up to the foot of the slab that they are merged into. */
export function rays(context, lower, area, upper, target, ink) {
  const [from, to] = [corners(lower, area), corners(upper, target).map((point) => down(point, upper.thick))];
  const foot = upper.y + upper.thick; // above it they are hidden behind the front
  context.strokeStyle = ink;
  context.lineWidth = 1.5;
  context.setLineDash([5, 4]);
  context.beginPath();
  from.forEach(([x, y], k) => {
    const share = Math.min(1, (y - foot) / (y - to[k][1]));
    line(context, [x, y], [x + share * (to[k][0] - x), y + share * (to[k][1] - y)]);
  });
  context.stroke();
  context.setLineDash([]);
}
