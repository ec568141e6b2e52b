/* A matrix of attention weights: a row for each token that looks, a column for each that is looked at. */
import { colour, sequential } from "../core/colours.js";
import { clearCanvas } from "../core/draw.js";
import { inkOf } from "../core/theme.js";

/**
 * Draw a matrix of attention weights, 0 to 1, as wide as told; cells that are forbidden are hatched.
 * @param {HTMLCanvasElement} canvas @param {number} width px
 * @param {{rows: number, cols: number, at: (i: number, j: number) => number}} weights @param {(i: number, j: number) => boolean} forbidden
 */
export function drawMatrix(canvas, width, { rows, cols, at }, forbidden = (_i, _j) => false) {
  const cell = width / cols;
  const height = cell * rows;
  const context = clearCanvas(canvas, width, height);
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j < cols; j++) {
      const [x, y] = [j * cell, i * cell];
      if (forbidden(i, j)) hatch(context, x, y, cell);
      else {
        context.fillStyle = colour(sequential, at(i, j), 0, 1);
        context.fillRect(x, y, cell + 0.5, cell + 0.5);
      }
    }
  }
  return { context, cell, height };
}

function hatch(context, x, y, cell) {
  context.save();
  context.beginPath();
  context.rect(x, y, cell, cell);
  context.clip();
  context.fillStyle = inkOf("--vx-faint");
  context.fillRect(x, y, cell, cell);
  context.strokeStyle = inkOf("--vx-soft");
  context.globalAlpha = 0.5;
  context.lineWidth = 1;
  context.beginPath();
  for (let d = -cell; d < cell; d += 5) {
    context.moveTo(x + d, y + cell);
    context.lineTo(x + d + cell, y);
  }
  context.stroke();
  context.restore();
}
