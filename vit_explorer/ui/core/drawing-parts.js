/* What elements and words of a drawing are measured in: places, and the numbers and colours of a style. */
import { pen } from "./svg.js";

/**
 * @typedef {{left: number, top: number, width: number, height: number}} Box px of the drawing
 * @typedef {{box: Box, style: CSSStyleDeclaration, scale: number, opacity: number, clip: Box, layer: number}} Place an element's; px of its
 *   style are `scale` of the drawing's, and nothing in it shows outside of `clip`
 */

/** What two boxes have in common. @param {Box} one @param {Box} other @returns {Box} */
export function common(one, other) {
  const [left, top] = [Math.max(one.left, other.left), Math.max(one.top, other.top)];
  const right = Math.min(one.left + one.width, other.left + other.width);
  const bottom = Math.min(one.top + one.height, other.top + other.height);
  return { left, top, width: right - left, height: bottom - top };
}

/** Whether some of a box is inside of another. @param {Box} box @param {Box} clip */
export const inside = (box, clip) => {
  const { width, height } = common(box, clip);
  return width > 0 && height > 0;
};

export const px = (/** @type {string} */ length, /** @type {Place} */ { scale }) =>
  (Number.parseFloat(length) || 0) * scale;
export const part = (/** @type {number} */ share) => (share < 1 ? share : "");

/** @type {Map<string, {fill: string, alpha: number}>} */
const inks = new Map();

/** A CSS colour as every program writes it, and how much it covers, 0 to 1. @param {string} css */
export function ink(css) {
  if (!inks.has(css)) {
    const context = pen();
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = css;
    context.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = context.getImageData(0, 0, 1, 1).data;
    const hex = [red, green, blue].map((value) => value.toString(16).padStart(2, "0")).join("");
    inks.set(css, { fill: `#${hex}`, alpha: Math.round((100 * alpha) / 255) / 100 });
  }
  return inks.get(css);
}
