/* Canvases, and patches under the pointer. */
import { cellAt } from "./pointer.js";
import * as store from "./store.js";
import { moveToken } from "./tokens.js";

const zooms = new WeakMap(); // canvas -> {of, zoom}
let sizes = 0; // that the window has had
globalThis.addEventListener?.("resize", () => sizes++);

/** How much the page enlarges a canvas. To ask the browser brings all styles up to date, too slow for each move of the pointer. */
function zoomOf(element) {
  const { className, dataset } = document.body;
  const of = `${sizes} ${className} ${dataset.vxTab} ${document.documentElement.style.getPropertyValue("--vx-stage")}`;
  const known = zooms.get(element);
  if (known?.of === of) return known.zoom;
  const zoom = (element.isConnected ? element : document.querySelector("#stage"))?.currentCSSZoom || 1; // one that is new goes there
  if (element.checkVisibility()) zooms.set(element, { of, zoom });
  return zoom;
}

/** Written only where it changes: the browser lays out anew. @param {HTMLElement} element @param {"width" | "height"} side @param {number} px */
function resize({ style }, side, px) {
  if (!(Math.abs(Number.parseFloat(style[side]) - px) < 0.01)) style[side] = `${px}px`;
}

/** Give a canvas its size in CSS pixels, sharp on any screen, and return a cleared context in those pixels. */
export function clearCanvas(element, width, height) {
  const ratio = (window.devicePixelRatio || 1) * zoomOf(element); // sharp on a stage too
  const [w, h] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (element.width !== w || element.height !== h) {
    element.width = w;
    element.height = h;
  }
  resize(element, "width", width); // as many pixels may be another size, at another zoom
  resize(element, "height", height);
  const context = element.getContext("2d");
  context.reset(); // cleared, and nothing of what was drawn before shows in what is drawn next
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.imageSmoothingEnabled = false;
  return context;
}

/** A matrix as an image of one pixel per number, to be drawn at any size with smoothing off. */
export function matrixImage(values, rows, cols, table, low, high) {
  const image = document.createElement("canvas");
  image.width = cols;
  image.height = rows;
  const context = image.getContext("2d");
  const pixels = context.createImageData(cols, rows);
  const factor = 255 / (high - low || 1);
  for (let k = 0; k < rows * cols; k++) {
    const i = 3 * Math.max(0, Math.min(255, Math.round((values[k] - low) * factor)));
    pixels.data[4 * k] = table[i];
    pixels.data[4 * k + 1] = table[i + 1];
    pixels.data[4 * k + 2] = table[i + 2];
    pixels.data[4 * k + 3] = 255;
  }
  context.putImageData(pixels, 0, 0);
  return image;
}

/** RGB bytes (rows * cols * 3) as an image. */
export function rgbImage(bytes, rows, cols) {
  const image = document.createElement("canvas");
  image.width = cols;
  image.height = rows;
  const context = image.getContext("2d");
  const pixels = context.createImageData(cols, rows);
  for (let k = 0; k < rows * cols; k++) {
    pixels.data.set([bytes[3 * k], bytes[3 * k + 1], bytes[3 * k + 2], 255], 4 * k);
  }
  context.putImageData(pixels, 0, 0);
  return image;
}

/** Outline a rectangle so that it shows on any colour: the ink with a dark and a light rim. */
export function outline(context, x, y, width, height, ink, thickness = 2.5) {
  context.lineJoin = "round";
  context.strokeStyle = "rgba(0,0,0,.65)";
  context.lineWidth = thickness + 2.5;
  context.strokeRect(x, y, width, height);
  context.strokeStyle = "#fff";
  context.lineWidth = thickness + 1;
  context.strokeRect(x, y, width, height);
  context.strokeStyle = ink;
  context.lineWidth = thickness;
  context.strokeRect(x, y, width, height);
}

/** Outline a whole picture for a token without a place, and name it. @param {number} side px @param {string} name such as "CLS" */
export function outlineWhole(context, side, name, ink) {
  outline(context, 3, 3, side - 6, side - 6, ink);
  context.font = "600 12px system-ui, sans-serif";
  context.fillStyle = "rgb(0 0 0 / 75%)";
  context.fillRect(6, 6, context.measureText(name).width + 10, 18);
  context.fillStyle = "#fff";
  context.textBaseline = "middle";
  context.fillText(name, 11, 15.5);
}

/**
 * Make a grid of patches answer to pointer and keys: hovering points, clicking pins, arrows move, Escape lets go.
 * `grid()` gives [rows, cols] of the patches, or null while there are none.
 */
export function patchInput(element, grid) {
  element.tabIndex = 0;
  const tokenAt = (event) => {
    const size = grid();
    const cell = size && cellAt(event, element, size[0], size[1]);
    return cell ? cell[0] * size[1] + cell[1] : null;
  };
  element.addEventListener("pointermove", (event) => store.point(tokenAt(event)));
  element.addEventListener("pointerleave", () => store.point(null));
  element.addEventListener("click", (event) => {
    const token = tokenAt(event);
    if (token !== null) store.pin(token);
  });
  element.addEventListener("keydown", (event) => {
    const size = grid();
    if (!size || !moveToken(event.key, size)) return;
    event.preventDefault();
  });
}
