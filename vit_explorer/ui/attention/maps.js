/* How the Attention tab draws shares: small maps in one canvas, one large map over the picture, the CLS strip beside. */
import { sequential } from "../core/colours.js";
import { clearCanvas, outline, outlineWhole, rgbImage } from "../core/draw.js";
import { at } from "../core/pointer.js";
import { inkOf } from "../core/theme.js";
import { tokenName, tokenOfIndex } from "../core/tokens.js";

const LABEL = 20; // px for the numbers of layers and heads
const [GAP, NARROW_GAP] = [8, 4]; // px between small maps, the second where there are many
const MANY = 8; // rows or columns
const SMALLEST_MAP = 8; // px
const EDGE = 4; // px around small maps, for the frame of the chosen one
const STRIP_GAP = 2; // px between a small map and its CLS strip
const LARGE_STRIP = 16; // px, the CLS strip of the large map
const LARGE_GAP = 4; // px
const SMALLEST = 1e-9; // a scale needs two ends that differ
const PICTURE_SHARE = 0.6; // of the picture under a large map, while nobody has moved the slider
const pictures = new WeakMap(); // trace -> its pixels as an image
const [offscreen, single] = [document.createElement("canvas"), document.createElement("canvas")];

export function picture(/** @type {import("../state").Trace} */ trace) {
  if (!pictures.has(trace)) pictures.set(trace, rgbImage(trace.rgb.data, trace.size, trace.size));
  return pictures.get(trace);
}

/** Where the scale ends on which a map alone is drawn: its largest share of a patch, one of them left out if need be. */
export function ownEnd(seen, values, without = null) {
  const left = without === null ? -1 : seen.indexOf(without);
  let end = SMALLEST;
  for (let i = seen.nPrefix; i < values.length; i++) if (values[i] > end && i !== left) end = values[i];
  return end;
}

// ---- small maps ------------------------------------------------------------------------------------------------
/** Small maps in px: rows x cols of them, no higher than `height` together; `top` is left for words. */
export function place(
  width,
  seen,
  rows,
  cols,
  { height = Infinity, top = LABEL, bottom = 0, left = LABEL, most = Infinity } = {},
) {
  const [h, w] = seen.grid;
  const strip = (map) => (seen.nPrefix ? Math.max(4, Math.round(map / 9)) + STRIP_GAP : 0);
  const gap = Math.max(rows, cols) > MANY ? NARROW_GAP : GAP;
  const fits = (map) =>
    left + cols * (map + strip(map) + gap) - gap + EDGE <= width &&
    rows * ((map * h) / w + gap + bottom) + top <= height;
  let map = Math.min(most, Math.floor((width - left) / cols));
  while (map > SMALLEST_MAP && !fits(map)) map--;
  const [stepX, stepY] = [map + strip(map) + gap, Math.round((map * h) / w) + gap + bottom];
  const corner = (row, col) => [left + col * stepX + strip(map), top + row * stepY];
  return {
    map,
    mapHeight: Math.round((map * h) / w),
    strip: strip(map) - (seen.nPrefix ? STRIP_GAP : 0),
    stepX,
    stepY,
    left,
    top,
    corner,
    width: left + cols * stepX - gap + EDGE,
    height: top + rows * stepY - gap + EDGE,
    /** Which map the pointer is in, [row, col], or null. */
    at(event, element) {
      const [x, y] = at(event, element);
      const [row, col] = [Math.floor((y - top) / stepY), Math.floor((x - left) / stepX)];
      return row >= 0 && row < rows && col >= 0 && col < cols ? [row, col] : null;
    },
  };
}

/** Write the colours of a map into pixels: its cells from (x, y) on, the first column of what stands in front of the patches, such as CLS. */
function paintCells(pixels, seen, values, end, x, y) {
  const [rows, cols] = seen.grid;
  const [table, factor] = [sequential, 255 / end];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col <= cols; col++) {
      const value =
        col === 0 ? values[Math.floor((row * seen.nPrefix) / rows)] : values[seen.nPrefix + row * cols + col - 1];
      const i = 3 * Math.min(255, Math.round(value * factor));
      const k = 4 * ((y + row) * pixels.width + x + col);
      pixels.data[k] = table[i];
      pixels.data[k + 1] = table[i + 1];
      pixels.data[k + 2] = table[i + 2];
      pixels.data[k + 3] = 255;
    }
  }
}

/** Draw small maps: `values(row, col)` -> (n,) or null for an empty frame; `end(values)` is where its scale ends. */
export function small(context, seen, rows, cols, where, values, end) {
  const [h, w] = seen.grid;
  if (offscreen.width !== cols * (w + 1) || offscreen.height !== rows * h) {
    offscreen.width = cols * (w + 1);
    offscreen.height = rows * h;
  }
  const cells = offscreen.getContext("2d", { willReadFrequently: true });
  const pixels = cells.createImageData(offscreen.width, offscreen.height); // put at once: each time costs as much as a map
  const filled = [];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const shares = values(row, col);
      const [x, y] = where.corner(row, col);
      if (shares) {
        const [sx, sy] = [col * (w + 1), row * h];
        paintCells(pixels, seen, shares, end(shares), sx, sy);
        filled.push([sx, sy, x, y]);
      } else {
        context.strokeStyle = inkOf("--vx-line");
        context.strokeRect(x + 0.5, y + 0.5, where.map - 1, where.mapHeight - 1);
      }
    }
  }
  cells.putImageData(pixels, 0, 0);
  for (const [sx, sy, x, y] of filled) {
    context.drawImage(offscreen, sx + 1, sy, w, h, x, y, where.map, where.mapHeight);
    if (seen.nPrefix)
      context.drawImage(offscreen, sx, sy, 1, h, x - where.strip - STRIP_GAP, y, where.strip, where.mapHeight);
  }
}

/** The part of a strip that is a token's in front of the patches: [y, height]. */
function stripPart(seen, token, height) {
  return [((-token - 1) * height) / seen.nPrefix, height / seen.nPrefix];
}

/** The query's cell in a small map, thin enough to leave its neighbours alone; for CLS its strip. */
export function smallMark(context, seen, where, row, col, token, ink) {
  const [x, y] = where.corner(row, col);
  const [h, w] = [where.mapHeight / seen.grid[0], where.map / seen.grid[1]];
  context.strokeStyle = ink;
  context.lineWidth = 1.5;
  if (token < 0) {
    const [down, high] = stripPart(seen, token, where.mapHeight);
    context.strokeRect(x - where.strip - STRIP_GAP, y + down, where.strip, high);
  } else context.strokeRect(x + (token % seen.grid[1]) * w, y + Math.floor(token / seen.grid[1]) * h, w, h);
}

/** The numbers of layers and heads beside small maps; `last`: the name of the last column, where it is no head. */
export function smallNumbers(context, { map, mapHeight, corner, top, left, width }, rows, cols, ink, last = "") {
  context.fillStyle = ink;
  context.font = "12px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "center";
  for (let col = 0; col < cols - (last ? 1 : 0); col++)
    context.fillText(String(col + 1), corner(0, col)[0] + map / 2, top / 2);
  for (let row = 0; row < rows; row++)
    context.fillText(String(row + 1), left / 2 - 3, corner(row, 0)[1] + mapHeight / 2);
  if (!last) return;
  context.textAlign = "right";
  const middle = corner(0, cols - 1)[0] + map / 2;
  context.fillText(last, Math.min(width, middle + context.measureText(last).width / 2), top / 2);
}

/** The frame of the chosen one of small maps. */
export function smallFrame(context, { strip, map, mapHeight, corner }, row, col, ink) {
  const [x, y] = corner(row, col);
  const before = strip ? strip + STRIP_GAP : 0;
  context.strokeStyle = ink;
  context.lineWidth = 3;
  context.strokeRect(x - before - 2.5, y - 2.5, map + before + 5, mapHeight + 5);
}

// ---- the large map ---------------------------------------------------------------------------------------------
/** The large map in px: the CLS strip, then the picture. */
export function largePlace(width, seen) {
  const left = seen.nPrefix ? LARGE_STRIP + LARGE_GAP : 0;
  const side = width - left;
  return { left, side, height: Math.round((side * seen.grid[0]) / seen.grid[1]), width };
}

/** Shares over the picture; `mix` is the share of the picture in what is seen. */
export function large(element, seen, trace, values, end, width, mix) {
  const { left, side, height } = largePlace(width, seen);
  const context = clearCanvas(element, width, height);
  const [h, w] = seen.grid;
  if (single.width !== w + 1 || single.height !== h) [single.width, single.height] = [w + 1, h];
  const cells = single.getContext("2d");
  const pixels = cells.createImageData(single.width, single.height);
  paintCells(pixels, seen, values, end, 0, 0);
  cells.putImageData(pixels, 0, 0);
  context.drawImage(picture(trace), left, 0, side, height);
  context.globalAlpha = 1 - mix;
  context.drawImage(single, 1, 0, w, h, left, 0, side, height);
  context.globalAlpha = 1;
  if (seen.nPrefix) context.drawImage(single, 0, 0, 1, h, 0, 0, LARGE_STRIP, height);
}

/** Query and key on the large map, or on any picture that has no strip when `left` is 0. */
export function largeMarks(element, seen, { left, side, height, width }, tokens) {
  const context = clearCanvas(element, width, height);
  const [h, w] = [height / seen.grid[0], side / seen.grid[1]];
  for (const [token, ink] of tokens) {
    if (token === null) continue;
    if (token >= 0) {
      const [row, col] = [Math.floor(token / seen.grid[1]), token % seen.grid[1]];
      outline(context, left + col * w + 1, row * h + 1, w - 2, h - 2, ink);
    } else if (left) {
      const [down, high] = stripPart(seen, token, height);
      outline(context, 2, down + 2, LARGE_STRIP - 4, high - 4, ink);
    } else outlineWhole(context, side, tokenName(token, seen.grid), ink);
  }
}

/** The token under the pointer on a large map, or null. */
export function largeToken(event, element, seen, { left, side, height }) {
  const [x, y] = at(event, element);
  if (x < 0 || y < 0 || y >= height || x >= left + side) return null;
  if (x < left) return tokenOfIndex(Math.floor((y / height) * seen.nPrefix), seen.nPrefix);
  const row = Math.floor((y / height) * seen.grid[0]);
  return row * seen.grid[1] + Math.floor(((x - left) / side) * seen.grid[1]);
}

export const mix = (/** @type {import("../state").State} */ state) => state.attentionMix ?? PICTURE_SHARE;
