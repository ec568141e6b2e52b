/* A head's whole matrix: row = query, column = key, CLS apart from the patches. */
import { sequential } from "../core/colours.js";
import { clearCanvas, matrixImage, outline } from "../core/draw.js";
import { ARROWS, at } from "../core/pointer.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { prefixName } from "../core/tokens.js";

const LEFT = 28; // px for the names of rows and columns
const BOTTOM = 16;
const GAP = 3; // px between CLS and the patches

/** The matrix in px; CLS is a thicker strip. */
function place(width, seen) {
  const strip = seen.nPrefix ? Math.max(6, Math.round(width / 40)) : 0;
  const first = seen.nPrefix * strip + (seen.nPrefix ? GAP : 0);
  const patches = seen.n - seen.nPrefix;
  const cell = (width - LEFT - first) / patches;
  return {
    first,
    strip,
    cell,
    side: width - LEFT,
    width,
    height: width - LEFT + BOTTOM,
    start: (index) => (index < seen.nPrefix ? index * strip : first + (index - seen.nPrefix) * cell),
    thick: (index) => (index < seen.nPrefix ? strip : cell),
    indexAt(along) {
      if (along < 0 || along >= width - LEFT) return null;
      if (along < first) return seen.nPrefix ? 0 : null;
      return seen.nPrefix + Math.min(patches - 1, Math.floor((along - first) / cell));
    },
  };
}

/** `end` is where the shared scale ends, or null: then the scale is the matrix's own. */
export function draw(element, seen, matrix, end, width) {
  const where = place(width, seen);
  const { n, nPrefix } = seen;
  const image = matrixImage(matrix, n, n, sequential, 0, end === null ? largest(seen, matrix) : end);
  const context = clearCanvas(element, where.width, where.height);
  const patches = [nPrefix, n - nPrefix, where.first, where.side - where.first];
  const parts = nPrefix ? [[0, nPrefix, 0, nPrefix * where.strip], patches] : [patches];
  for (const [row, rows, y, h] of parts) {
    for (const [col, cols, x, w] of parts) context.drawImage(image, col, row, cols, rows, LEFT + x, y, w, h);
  }
  label(context, seen, where);
}

/** The largest share that a patch gets. */
function largest({ n, nPrefix }, matrix) {
  let most = 0;
  for (let k = 0; k < n * n; k++) if (k % n >= nPrefix && matrix[k] > most) most = matrix[k];
  return most;
}

function label(context, seen, where) {
  context.fillStyle = inkOf("--vx-soft");
  context.font = "12px system-ui, sans-serif";
  const every = Math.ceil(17 / (where.cell * seen.grid[1])); // rows of patches between two names
  const ticks = seen.nPrefix ? [0] : [];
  for (let row = seen.nPrefix ? every : 0; row < seen.grid[0]; row += every)
    ticks.push(seen.nPrefix + row * seen.grid[1]);
  for (const index of ticks) {
    const name = index < seen.nPrefix ? prefixName(index, true) : String(index - seen.nPrefix + 1);
    const middle = where.start(index) + where.thick(index) / 2;
    context.textAlign = "right";
    context.textBaseline = "middle";
    context.fillText(name, LEFT - 4, Math.max(6, middle));
    context.textAlign = "center";
    context.textBaseline = "top";
    context.fillText(name, LEFT + middle, where.side + 3);
  }
}

/** The marked token's row, or column; and its cell with the other token. */
export function mark(element, seen, width, token, other, direction, inks) {
  const where = place(width, seen);
  const context = clearCanvas(element, where.width, where.height);
  const [i, j] = [seen.indexOf(token), seen.indexOf(other)];
  const [row, col] = direction === "row" ? [i, j] : [j, i];
  if (direction === "row")
    outline(context, LEFT, where.start(i) - 1, where.side - 1, where.thick(i) + 2, inks.query, 1.5);
  else outline(context, LEFT + where.start(i) - 1, 1, where.thick(i) + 2, where.side - 2, inks.query, 1.5);
  const [x, y] = [LEFT + where.start(col), where.start(row)];
  outline(context, x - 2, y - 2, where.thick(col) + 4, where.thick(row) + 4, inks.key, 2);
}

/**
 * A cell of the matrix under the pointer, or by arrow keys.
 * @param {HTMLElement} element
 * @param {{place: () => {seen: any, width: number} | null, cell: () => number[], point: (cell: number[], marking: (token: number) => void) => void, leave: () => void}} how
 *   `place`: what is drawn, null while nothing is; `cell`: the marked one, as indices of the sequence; `point`: mark another, as `marking` marks a token
 */
export function input(element, { place: shown, cell, point, leave }) {
  const under = (/** @type {MouseEvent} */ event) => {
    const now = shown();
    return now && cellAt(event, element, now.seen, now.width);
  };
  element.addEventListener("pointermove", (event) => {
    const found = under(event);
    if (found) point(found, store.point);
    else leave();
  });
  element.addEventListener("pointerleave", leave);
  element.addEventListener("click", (event) => {
    const found = under(event);
    if (found) point(found, store.pin);
  });
  element.addEventListener("keydown", (event) => {
    const now = shown();
    if (!now || !(event.key in ARROWS || event.key === "Escape")) return;
    event.preventDefault();
    if (event.key === "Escape") return leave();
    const moved = cell().map((index, axis) => index + ARROWS[event.key][axis]);
    point(
      moved.map((index) => Math.max(0, Math.min(now.seen.n - 1, index))),
      store.pin,
    );
  });
}

/** Row and column under the pointer as indices of the sequence, or null. */
function cellAt(event, element, seen, width) {
  const [x, y] = at(event, element);
  const where = place(width, seen);
  const [row, col] = [where.indexAt(y), where.indexAt(x - LEFT)];
  return row === null || col === null ? null : [row, col];
}
