/* A window as a matrix, queries down and keys across, and its tokens as they lie in the picture. */
import { inkOnRgb, sequential } from "../core/colours.js";
import { outline } from "../core/draw.js";
import { at } from "../core/pointer.js";
import { inkOf } from "../core/theme.js";
import * as paint from "./paint.js";
import * as pairs from "./pairs.js";

/** @typedef {{kind: "mask" | "attention", head: number, high: number, weights: Float32Array, images: Map<number, HTMLCanvasElement>, masked: boolean}} Shown what cells say, whether the mask keeps pairs apart, and the windows drawn so */

const TILE = 13; // px: the pixels of each token, beside its row and above its column
const BAND = 4; // px: the colour of its region
const GRID = 8; // px: from this size of a cell on, lines between cells
const LETTER = 10; // px: from this size of a cell on, the letters of the regions
const DIMMED = 0.74; // how much of the panel's colour lies over tokens of other windows
const TINTED = 0.5; // how much of its region's colour lies over a token of the window
const STROKES = 6; // px between two strokes of padding
const SOFT = 0.62; // how much of a region's colour is in a cell that may meet

/** A matrix of one pixel per pair, transparent where the pair may not meet; made once. */
function image(block, window, shown) {
  if (!shown.images.has(window)) shown.images.set(window, makeImage(block, window, shown));
  return shown.images.get(window);
}

function makeImage(block, window, { kind, head, high, weights, masked }) {
  const { n, heads } = block;
  const made = Object.assign(document.createElement("canvas"), { width: n, height: n });
  const context = made.getContext("2d");
  const pixels = context.createImageData(n, n);
  const tints = pairs.NAMES.flatMap((_, region) => softened(region));
  const start = (window * heads + head) * n * n;
  for (let query = 0; query < n; query++) {
    for (let key = 0; key < n; key++) {
      if (!pairs.meet(block, window, query, key, masked)) continue;
      const at = query * n + key;
      const [table, step] =
        kind === "mask"
          ? [tints, pairs.regionOf(block, window, query)]
          : [sequential, Math.min(255, Math.round((255 * weights[start + at]) / high))];
      for (let part = 0; part < 3; part++) pixels.data[4 * at + part] = table[3 * step + part];
      pixels.data[4 * at + 3] = 255;
    }
  }
  context.putImageData(pixels, 0, 0);
  return made;
}

/** The colour of a cell of a region whose pairs may meet. */
function softened(region) {
  const panel = pairs.rgb(inkOf("--vx-panel"));
  return pairs.rgb(pairs.tint(region)).map((part, k) => panel[k] + SOFT * (part - panel[k]));
}

/** Draw a matrix into a square: crosses where pairs may not meet, strokes where there is only padding. */
export function fill(context, block, window, shown, x, y, side) {
  const cell = side / block.n;
  context.save();
  context.translate(x, y);
  context.fillStyle = cell >= GRID ? pairs.crosses(context, cell) : inkOf("--vx-apart");
  context.fillRect(0, 0, side, side);
  context.drawImage(image(block, window, shown), 0, 0, side, side);
  context.fillStyle = pairs.strokes(context, STROKES);
  for (let place = 0; place < block.n; place++) {
    if (pairs.tokenOf(block, window, place) >= 0) continue;
    context.fillRect(0, place * cell, side, cell);
    context.fillRect(place * cell, 0, cell, side);
  }
  context.strokeStyle = inkOf("--vx-line");
  context.lineWidth = 1;
  context.strokeRect(-0.5, -0.5, side + 1, side + 1);
  context.restore();
}

// ---- all windows of the rolled map -------------------------------------------------------------------------------
/** Where the windows lie in a canvas of this width: sides in px, the corner of each, and which one is under a point. */
export function place(block, width) {
  const [rows, cols] = block.windows;
  const gap = cols > 6 ? 3 : 5;
  const free = (width - 2 - gap * (cols - 1)) / cols;
  const whole = Math.floor(free / block.n) * block.n; // px, whole for each cell where that loses little
  const side = Math.floor(whole > 0.86 * free ? whole : free);
  const corner = (window) => [1 + (window % cols) * (side + gap), 1 + Math.floor(window / cols) * (side + gap)];
  return {
    side,
    gap,
    corner,
    width: 2 + cols * side + gap * (cols - 1),
    height: 2 + rows * side + gap * (rows - 1),
    /** The window and the row of its matrix at a point, or null between windows. */
    at(x, y) {
      const [col, row] = [Math.floor((x - 1) / (side + gap)), Math.floor((y - 1) / (side + gap))];
      if (row < 0 || col < 0 || row >= rows || col >= cols) return null;
      const query = Math.floor(((y - 1 - row * (side + gap)) / side) * block.n);
      return query < block.n && x - 1 - col * (side + gap) < side ? { window: row * cols + col, query } : null;
    },
  };
}

// ---- the large one -----------------------------------------------------------------------------------------------
const head = TILE + BAND + 1; // px before the first cell

/** px of a cell, whole where that loses little. */
function cellSide(block, width) {
  const free = (width - head - 1) / block.n;
  return Math.floor(free) > 0.9 * free ? Math.floor(free) : free;
}

/** The large matrix with the pixels of its tokens at its edges. */
export function large(context, block, window, shown, picture, width) {
  const cell = cellSide(block, width);
  fill(context, block, window, shown, head, head, block.n * cell);
  if (cell >= GRID) lines(context, block.n, cell);
  if (cell >= LETTER && shown.kind === "mask") letters(context, block, window, cell);
  for (let place = 0; place < block.n; place++) {
    const token = pairs.tokenOf(block, window, place);
    const from = head + place * cell;
    if (token < 0) continue;
    tile(context, picture, block.grid, token, 0, from, TILE, cell);
    tile(context, picture, block.grid, token, from, 0, cell, TILE);
    context.fillStyle = pairs.tint(pairs.regionOf(block, window, place));
    context.fillRect(TILE, from, BAND, cell);
    context.fillRect(from, TILE, cell, BAND);
  }
}

/** Down the diagonal the letters of the regions, where there are several: each token may meet itself. */
function letters(context, block, window, cell) {
  const regions = Array.from({ length: block.n }, (_, place) => pairs.regionOf(block, window, place));
  if (new Set(regions.filter((region) => region >= 0)).size < 2) return;
  context.font = `700 ${Math.min(14, Math.round(cell))}px system-ui, sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  regions.forEach((region, place) => {
    if (region < 0) return;
    const [red, green, blue] = softened(region);
    context.fillStyle = inkOnRgb(red, green, blue);
    const middle = head + (place + 0.5) * cell;
    context.fillText(pairs.NAMES[region][0], middle, middle + 0.5);
  });
}

function lines(context, n, cell) {
  context.strokeStyle = inkOf("--vx-panel");
  context.globalAlpha = 0.55;
  context.lineWidth = 1;
  context.beginPath();
  for (let k = 1; k < n; k++) {
    context.moveTo(head + k * cell, head);
    context.lineTo(head + k * cell, head + n * cell);
    context.moveTo(head, head + k * cell);
    context.lineTo(head + n * cell, head + k * cell);
  }
  context.stroke();
  context.globalAlpha = 1;
}

/** The pixels of a token of a map of this grid. */
export function tile(context, picture, [rows, cols], token, x, y, width, height) {
  const [w, h] = [picture.width / cols, picture.height / rows];
  context.drawImage(picture, (token % cols) * w, Math.floor(token / cols) * h, w, h, x, y, width, height);
}

/** The query's row and, where there is one, the cell of its key. */
export function largeMarks(context, block, query, key, width) {
  const cell = cellSide(block, width);
  const [row, col] = [head + query * cell, head + (key === null ? 0 : key) * cell];
  outline(context, 2, row, head + block.n * cell - 3, cell, inkOf("--vx-query"), 2);
  if (key === null) return;
  outline(context, col, 2, cell, head - 3, inkOf("--vx-key"), 1.5);
  outline(context, col, row, cell, cell, inkOf("--vx-key"), 2);
}

/** The places [query, key] at a point of the large matrix; of its edge the place alone, twice; null outside. */
export function largeAt(event, element, block, width) {
  const [x, y] = at(event, element);
  const [row, col] = [y, x].map((along) => Math.floor((along - head) / cellSide(block, width)));
  if ((row < 0 && col < 0) || row >= block.n || col >= block.n) return null;
  return row < 0 ? [col, col] : col < 0 ? [row, row] : [row, col];
}

// ---- the picture -------------------------------------------------------------------------------------------------
/** Dim what is in other windows; colour the window's tokens by region and cross out those that the query may not meet. */
export function scene(context, block, query, key, side, masked) {
  const [rows, cols] = block.grid;
  const [w, h] = [side / cols, side / rows];
  const { window, place: own } = pairs.placeOf(block, query);
  const groups = new Map(); // region -> corners of its tokens
  context.globalAlpha = DIMMED;
  context.fillStyle = inkOf("--vx-panel");
  context.fillRect(0, 0, side, side);
  for (let place = 0; place < block.n; place++) {
    const token = pairs.tokenOf(block, window, place);
    if (token < 0) continue;
    const region = pairs.regionOf(block, window, place);
    groups.set(region, [...(groups.get(region) || []), [(token % cols) * w, Math.floor(token / cols) * h, place]]);
  }
  for (const [region, corners] of groups) {
    for (const [x, y, place] of corners) {
      context.clearRect(x, y, w, h);
      if (groups.size === 1) continue;
      context.globalAlpha = TINTED;
      context.fillStyle = pairs.tint(region);
      context.fillRect(x, y, w, h);
      if (!pairs.meet(block, window, own, place, masked)) paint.cross(context, x, y, Math.min(w, h));
    }
  }
  context.globalAlpha = 1;
  if (groups.size > 1) for (const [region, corners] of groups) letter(context, pairs.NAMES[region][0], corners, side);
  cell(context, query, block.grid, side, inkOf("--vx-query"));
  if (key !== null && key !== query) cell(context, key, block.grid, side, inkOf("--vx-key"));
}

/** The letter of a region beside its tokens, towards the middle of the picture. */
function letter(context, text, corners, side) {
  const [x, y] = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / corners.length);
  const away = Math.sqrt(corners.length) * 0.5 * (side / 16) + 12;
  const [right, below] = [x < side / 2 ? 1 : -1, y < side / 2 ? 1 : -1];
  context.font = "700 15px system-ui, sans-serif";
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillStyle = inkOf("--vx-text");
  context.fillText(
    text,
    Math.max(9, Math.min(side - 9, x + right * away)),
    Math.max(9, Math.min(side - 9, y + below * away)),
  );
}

export function cell(context, token, [rows, cols], side, ink) {
  outline(
    context,
    ((token % cols) * side) / cols,
    (Math.floor(token / cols) * side) / rows,
    side / cols,
    side / rows,
    ink,
    2,
  );
}
