/* What the views that explain share: a map over the grey picture, what they ask for. */
import { sequential } from "./colours.js";
import { clearCanvas, matrixImage, outline, rgbImage } from "./draw.js";

const MIXED = 0.62; // how much of a map covers the grey picture, in every map of an explanation the same
const greys = new WeakMap(); // decoded pixels -> image

/** RGB bytes as a grey image, so that colour belongs to the map alone. */
function grey(rgb, size) {
  if (!greys.has(rgb)) {
    const bytes = new Uint8Array(rgb.length);
    for (let k = 0; k < rgb.length; k += 3)
      bytes.fill(0.299 * rgb[k] + 0.587 * rgb[k + 1] + 0.114 * rgb[k + 2], k, k + 3);
    greys.set(rgb, rgbImage(bytes, size, size));
  }
  return greys.get(rgb);
}

/** Draw the grey of a picture (bytes), on which only a map has colour. */
export function greyPicture(context, side, rgb, size) {
  context.drawImage(grey(rgb, size), 0, 0, side, side);
}

/** Draw a map (rows x cols numbers, 0..high) over the grey of the picture (bytes). @param {number[]} grid */
export function overlay(canvas, side, rgb, size, values, grid, high, mixed = MIXED) {
  const [rows, cols] = grid;
  const context = clearCanvas(canvas, side, side);
  greyPicture(context, side, rgb, size);
  context.globalAlpha = mixed;
  context.drawImage(matrixImage(values, rows, cols, sequential, 0, high), 0, 0, side, side);
  context.globalAlpha = 1;
}

/** Outline a patch on an otherwise empty canvas; nothing for CLS or for none. */
export function outlinePatch(canvas, side, token, /** @type {number[]} */ [rows, cols], ink, clear = true) {
  const context = clear ? clearCanvas(canvas, side, side) : canvas.getContext("2d");
  if (token === null || token < 0 || token >= rows * cols) return;
  const [w, h] = [side / cols, side / rows];
  outline(context, (token % cols) * w, Math.floor(token / cols) * h, w, h, ink);
}

/** Outline the area that some patches make up, on a canvas of so many px a side. @param {number[]} patches */
export function outlineArea(context, side, patches, /** @type {number[]} */ [rows, cols], ink = "#fff") {
  const [w, h] = [side / cols, side / rows];
  const inside = new Set(patches);
  const edges = patches.flatMap((patch) => {
    const [row, column] = [Math.floor(patch / cols), patch % cols];
    const [x, y] = [column * w, row * h];
    return [
      { open: !inside.has(patch - cols), from: [x, y], to: [x + w, y] },
      { open: !inside.has(patch + cols), from: [x, y + h], to: [x + w, y + h] },
      { open: column === 0 || !inside.has(patch - 1), from: [x, y], to: [x, y + h] },
      { open: column === cols - 1 || !inside.has(patch + 1), from: [x + w, y], to: [x + w, y + h] },
    ].filter(({ open }) => open);
  });
  const within = (/** @type {number[]} */ place) => place.map((at) => Math.max(1.5, Math.min(side - 1.5, at))); // whole at the rim
  context.lineCap = "round";
  for (const [colour, width] of [
    ["rgb(0 0 0 / 70%)", 4.5],
    [ink, 2],
  ]) {
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    for (const { from, to } of edges) context.moveTo(...within(from)), context.lineTo(...within(to));
    context.stroke();
  }
}

export const request = (/** @type {import("../state").State} */ { trace, model }) => ({
  picture: trace.picture.name,
  model: model.name,
  fit: trace.fit,
});

/** Whether picture and model on screen belong together. */
export const ready = (/** @type {import("../state").State} */ { trace, model }) =>
  Boolean(trace && model && trace.model === model.name);
