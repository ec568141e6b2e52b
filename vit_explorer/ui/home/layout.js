/* Where the parts of Home's canvas lie: measured from the page's own layout, and computed inside of it. */
import { clamp, packSquares } from "./arithmetic.js";

export const MLP = 28; // px at the end of a block for its MLP, with what is around it
const SLIM = 16; // the same in narrow blocks
const NARROW = 84; // px of a block below which its words are left out
const PHONE = 640; // px of the page
const WIDE = 1080;

/** @typedef {{x: number, y: number, w: number, h: number}} Box */

/** Which of three arrangements fits, and the scale of the widest. */
export function arrangement(width, room) {
  const size = width < PHONE - 40 ? "phone" : width < WIDE - 20 ? "middle" : "wide";
  return { size, scale: size === "wide" ? clamp(Math.min(width / 1232, room / 604), 1, 2) : 1 };
}

/** An element's box inside of another, in the other's own pixels whatever the page's zoom. @returns {Box} */
export function boxIn(element, around) {
  const [inner, outer] = [element.getBoundingClientRect(), around.getBoundingClientRect()];
  const scale = outer.width / around.offsetWidth || 1;
  return {
    x: (inner.left - outer.left) / scale,
    y: (inner.top - outer.top) / scale,
    w: inner.width / scale,
    h: inner.height / scale,
  };
}

/** The threads of `n` tokens across a length: their middles, and how thick they are. */
export function threads(from, length, n, nPrefix) {
  const pitch = length / n;
  return {
    count: n,
    pitch,
    at: (index) => from + (index + 0.5) * pitch,
    thickness: (index) => (index < nPrefix ? clamp(0.85 * pitch, 2.2, 6) : clamp(0.43 * pitch, 0.8, 3)),
    indexAt: (place) => clamp(Math.floor((place - from) / pitch), 0, n - 1),
  };
}

/** How the maps of all heads of a block stand below it. */
export function headMaps(heads, width, u, most = 30 * u) {
  const gap = 3;
  const { columns, side } = packSquares(heads, width, heads > 6 ? 2 * most : most, gap);
  const map = Math.floor(Math.min(side, most));
  const rows = Math.ceil(heads / columns);
  return {
    map,
    height: rows * (map + gap) - gap,
    corner: (head) => [(head % columns) * (map + gap), Math.floor(head / columns) * (map + gap)],
  };
}

export const narrow = (width) => width < NARROW;

/** The part of a block, along the threads, in which attention is drawn. */
export function span(box, vertical) {
  const [from, length] = vertical ? [box.y, box.h] : [box.x, box.w];
  const mlp = vertical ? 34 : narrow(length) ? SLIM : MLP;
  return [from + Math.min(8, length * 0.08), from + length - mlp - 3];
}

/** The sides of the maps of a network of stages, inside of equal boxes: a map of a quarter of the places has half the area. */
export function mapSides(blocks, width, height) {
  const largest = Math.max(...blocks.map(({ grid }) => grid[0]));
  const side = Math.min(width, height) - 8;
  return blocks.map(({ grid }) => side * Math.sqrt(grid[0] / largest));
}
