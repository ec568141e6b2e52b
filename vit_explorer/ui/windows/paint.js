/* Draws the tokens of a map in their steps: pieces of the picture, padding, regions, attention, what is forbidden. */
import { colour, sequential } from "../core/colours.js";
import { outline } from "../core/draw.js";
import * as format from "../core/format.js";
import { inkOf } from "../core/theme.js";

export const LETTERS = "ABCD"; // of the regions 0 to 3: stayed, from the left edge, from the top, from the corner
const DIM = 0.22; // of a piece that nobody can reach
const TINT = 0.6; // of what the roll has carried
const COVER = 0.78; // how much a share's colour covers its piece
const HEAD_BARS = 5;

export const tint = (region) => inkOf(`--vx-run-${region}`);

/** How the tokens of a step look: 0 to 1 each, so that looks can be blended. */
export const lookOf = ({ tokens, tint: which }) => ({
  dim: Number(tokens === "dim"),
  carried: Number(which !== "none"),
  all: Number(which === "all"),
});

/** How things look in the middle of a travel: what the roll carries is coloured all the way. */
export function blend(from, to, share) {
  const early = Math.min(1, share / 0.3);
  const late = Math.max(0, (share - 0.7) / 0.3);
  const mix = (name) => from[name] + (to[name] > from[name] ? early : late) * (to[name] - from[name]);
  return { dim: from.dim + early * (to.dim - from.dim), carried: mix("carried"), all: mix("all") };
}

// ---- tokens --------------------------------------------------------------------------------------------------
/** All cells, those that the roll carries over the others. */
export function tokens(context, scene, places, look) {
  const { n, regions } = scene;
  const { xs, ys, sizes } = places;
  for (const k of scene.carried) {
    const line = sizes[k] > 7 ? 1 : 0; // between the tokens, where there is room for it
    if (k >= n) {
      if (places.shown > 0) padding(context, xs[k], ys[k], sizes[k] - line, places.shown);
      continue;
    }
    context.globalAlpha = 1 - (1 - DIM) * look.dim;
    piece(context, scene, k, xs[k], ys[k], sizes[k] - line);
    const strength = look.carried * TINT;
    if (strength <= 0 || regions[k] === 0) continue; // what stayed keeps its picture
    context.globalAlpha = strength;
    context.fillStyle = tint(regions[k]);
    context.fillRect(xs[k], ys[k], sizes[k] - line, sizes[k] - line);
  }
  context.globalAlpha = 1;
  if (look.all > 0.99) lettered(context, scene, places);
}

/** Letters on the regions of all windows, or of one. @param {number | null} only */
export function lettered(context, scene, places, only = null) {
  const size = Math.max(14, Math.min(26, scene.cell * 1.1));
  for (const { window, text, x, y } of letters(scene, places))
    if (only === null || window === only) letter(context, text, x, y, size);
}

function piece(context, { seen, pieces }, k, x, y, size) {
  const [left, top, width, height, across, down] = pieces[k];
  context.drawImage(seen.image, left, top, width, height, x, y, size * across, size * down);
}

function padding(context, x, y, size, alpha) {
  context.globalAlpha = alpha;
  context.fillStyle = inkOf("--vx-faint");
  context.fillRect(x, y, size, size);
  context.strokeStyle = inkOf("--vx-soft");
  context.lineWidth = 1;
  context.beginPath();
  for (const [x1, y1, x2, y2] of [
    [0, 0.5, 0.5, 0],
    [0, 1, 1, 0],
    [0.5, 1, 1, 0.5],
  ]) {
    context.moveTo(x + x1 * size, y + y1 * size);
    context.lineTo(x + x2 * size, y + y2 * size);
  }
  context.stroke();
}

/** One letter for each region of each window, in the middle of its tokens. */
function letters({ shifted }, { xs, ys, sizes }) {
  const groups = new Map();
  shifted.order.forEach((token, place) => {
    if (token < 0) return;
    const key = 4 * Math.floor(place / shifted.n) + shifted.regions[place];
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(token);
  });
  return [...groups].map(([key, members]) => {
    const mean = (list) => members.reduce((sum, token) => sum + list[token] + sizes[token] / 2, 0) / members.length;
    return { window: Math.floor(key / 4), text: LETTERS[key % 4], x: mean(xs), y: mean(ys), members };
  });
}

function letter(context, text, x, y, size) {
  context.font = `700 ${size}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = "rgba(0,0,0,.75)";
  context.strokeText(text, x, y);
  context.fillStyle = "#fff";
  context.fillText(text, x, y);
}

// ---- the marked token ----------------------------------------------------------------------------------------
/** The shares that a token gives in its window, and crosses on those to whom it must give none. */
export function attention(context, scene, places, block, within, limit) {
  const { xs, ys, sizes } = places;
  within.tokens.forEach((token, place) => {
    if (token < 0) return;
    const size = sizes[token] - 1;
    context.globalAlpha = within.allowed[place] ? 1 : 0.55;
    piece(context, scene, token, xs[token], ys[token], size);
    if (!within.allowed[place]) return cross(context, xs[token], ys[token], size);
    context.globalAlpha = COVER;
    context.fillStyle = colour(sequential, within.shares[place], 0, limit);
    context.fillRect(xs[token], ys[token], size, size);
  });
  context.globalAlpha = 1;
}

export function cross(context, x, y, size) {
  context.globalAlpha = 1;
  context.lineCap = "round";
  for (const [ink, width] of /** @type {const} */ ([
    ["rgba(255,255,255,.9)", 5],
    ["#c0261a", 2.5],
  ])) {
    context.strokeStyle = ink;
    context.lineWidth = Math.min(width, (width * size) / 16);
    context.beginPath();
    const inset = size * 0.2;
    context.moveTo(x + inset, y + inset);
    context.lineTo(x + size - inset, y + size - inset);
    context.moveTo(x + size - inset, y + inset);
    context.lineTo(x + inset, y + size - inset);
    context.stroke();
  }
}

/** A frame around the window of a token, as far as its cells lie together. */
export function frame(context, scene, { xs, ys }, block, window) {
  const place = window * block.n;
  const token = block.order.subarray(place, place + block.n).find((one) => one >= 0);
  const inside = block.inverse[token] % block.n;
  const [x, y] = [
    xs[token] - (inside % block.window) * scene.cell,
    ys[token] - Math.floor(inside / block.window) * scene.cell,
  ];
  const side = block.window * scene.cell;
  context.lineWidth = 2;
  context.strokeStyle = inkOf("--vx-text");
  context.strokeRect(x - 2.5, y - 2.5, side + 4, side + 4);
}

export function outlineToken(context, { xs, ys, sizes }, token, ink) {
  outline(
    context,
    xs[token] + 0.5,
    ys[token] + 0.5,
    sizes[token] - 2,
    sizes[token] - 2,
    ink,
    sizes[token] < 9 ? 1.5 : 2.5,
  );
}

/** From where it lay to where the roll has taken it. */
export function arrow(context, from, to, token) {
  const middle = ({ xs, ys, sizes }) => [xs[token] + sizes[token] / 2, ys[token] + sizes[token] / 2];
  const [[x1, y1], [x2, y2]] = [middle(from), middle(to)];
  const away = Math.hypot(x2 - x1, y2 - y1);
  if (away < 4) return;
  context.setLineDash([6, 5]);
  for (const [ink, width] of [
    ["rgba(0,0,0,.7)", 5],
    ["#fff", 2.5],
  ]) {
    context.strokeStyle = ink;
    context.lineWidth = width;
    context.strokeRect(from.xs[token], from.ys[token], from.sizes[token] - 1, from.sizes[token] - 1);
    context.beginPath();
    context.moveTo(x1, y1);
    context.lineTo(x2 + ((x1 - x2) * to.sizes[token] * 0.6) / away, y2 + ((y1 - y2) * to.sizes[token] * 0.6) / away);
    context.stroke();
  }
  context.setLineDash([]);
}

// ---- what follows --------------------------------------------------------------------------------------------
/** Merged tokens have twice the channels: a second sheet behind each of them. */
export function sheets(context, { plain }, { xs, ys, sizes }) {
  context.fillStyle = inkOf("--vx-soft");
  for (let token = 0; token < plain.inverse.length; token++) {
    const [row, col] = [Math.floor(token / plain.grid[1]), token % plain.grid[1]];
    const side = 2 * sizes[token];
    if (row % 2 === 0 && col % 2 === 0) context.fillRect(xs[token] + side * 0.12, ys[token] + side * 0.12, side, side);
  }
}

/** The answer below the map that the head takes the mean of. */
export function head(context, { seen, side, stage, n }, top) {
  const ranked = seen.probabilities
    .map((p, i) => [p, i])
    .sort((a, b) => b[0] - a[0])
    .slice(0, HEAD_BARS);
  const [left, right] = [side * 0.3, side * 0.8];
  const line = (side - top - 66) / HEAD_BARS;
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.font = "14px system-ui, sans-serif";
  context.fillStyle = inkOf("--vx-text");
  context.fillText(`↓ mean of ${n} tokens: ${stage.dModel} numbers`, side / 2, top + 20);
  const last = ranked.length ? "↓ head: one score for each class, softmax" : "no head: this vector is the output";
  context.fillText(last, side / 2, top + 44);
  ranked.forEach(([p, index], rank) => {
    const y = top + 66 + line * (rank + 0.5);
    context.font = `${rank ? 400 : 650} 14px system-ui, sans-serif`;
    context.fillStyle = inkOf("--vx-faint");
    context.fillRect(left, y - 8, right - left, 16);
    context.fillStyle = inkOf("--vx-key");
    context.fillRect(left, y - 8, (right - left) * p, 16);
    context.fillStyle = inkOf("--vx-text");
    context.textAlign = "right";
    context.fillText(seen.classes[index], left - 8, y, left - 12);
    context.textAlign = "left";
    context.fillText(format.probability(p), right + 8, y, side - right - 8);
  });
}
