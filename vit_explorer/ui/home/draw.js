/* Home's canvas: one pass of the picture through the network, at any moment of it. */
import { colour, diverging, sequential } from "../core/colours.js";
import { matrixImage, outline, rgbImage } from "../core/draw.js";
import { inkOf } from "../core/theme.js";
import { tokenIndex } from "../core/tokens.js";
import { clamp, curve, flight, front, passed, phase, strongest, TIMES } from "./arithmetic.js";
import { mapSides, span, threads } from "./layout.js";
import { arriving } from "./network.js";

const ARCS = 10; // of a block, from the tokens to which most is given
const WIDTH = 60; // px of an arc that carries everything
const WIDEST = 14; // px
const LANE = 0.3; // of the column of places: the tokens themselves

/**
 * @typedef {import("./layout.js").Box} Box
 * @typedef {object} Scene
 * @property {number} width
 * @property {number} height
 * @property {number} u
 * @property {boolean} vertical threads run down
 * @property {Box} pixels
 * @property {Box | null} tiles
 * @property {Box | null} column
 * @property {boolean} beside the column stands where the threads begin, row by row
 * @property {Box} loom where the threads run
 * @property {Box[]} holes
 * @property {Box[]} maps of all heads of a block
 * @property {Box | null} answer the first bar, where it stands next to the threads' ends
 * @property {ReturnType<typeof import("./layout.js").headMaps>} heads
 */

/** What is drawn once for a trace and a size: an image of the end, from which each moment takes its parts. */
export function prepare(
  /** @type {Scene} */ scene,
  /** @type {import("./network.js").Network} */ network,
  trace,
  ratio,
) {
  const picture = rgbImage(trace.rgb.data, trace.size, trace.size);
  const { loom, vertical } = scene;
  const lines = threads(vertical ? loom.x : loom.y + 3, vertical ? loom.w : loom.h - 6, network.n, network.nPrefix);
  const ready = { scene, network, trace, picture, lines, ratio, whole: document.createElement("canvas") };
  [ready.whole.width, ready.whole.height] = [Math.ceil(scene.width * ratio), Math.ceil(scene.height * ratio)];
  const context = ready.whole.getContext("2d");
  context.scale(ratio, ratio);
  context.imageSmoothingEnabled = false;
  if (network.kind === "maps") paintMaps(context, ready);
  else {
    paintThreads(context, ready);
    if (!network.pooled) paintAttention(context, ready, null);
    paintReading(context, ready);
  }
  return ready;
}

const inkOfToken = (network, index) =>
  index < network.nPrefix
    ? inkOf(network.readers.includes(index) ? "--vx-key" : "--vx-soft")
    : `rgb(${network.colours[index - network.nPrefix]})`;

/** A rectangle given along and across the threads. */
function bar(context, vertical, along, across, length, thickness) {
  if (vertical) context.fillRect(across - thickness / 2, along, thickness, length);
  else context.fillRect(along, across - thickness / 2, length, thickness);
}

function stroke(context, vertical, points) {
  const [p, q, r, s] = vertical ? points.map(([a, b]) => [b, a]) : points;
  context.beginPath();
  context.moveTo(...p);
  context.bezierCurveTo(...q, ...r, ...s);
  context.stroke();
}

const ends = ({ loom, vertical }) => (vertical ? [loom.y, loom.y + loom.h] : [loom.x, loom.x + loom.w]);

function paintThreads(context, { scene, network, lines }) {
  const [from, to] = ends(scene);
  for (let index = network.n - 1; index >= 0; index--) {
    context.fillStyle = inkOfToken(network, index);
    context.globalAlpha = index < network.nPrefix ? 1 : 0.8;
    bar(context, scene.vertical, from, lines.at(index), to - from, lines.thickness(index));
  }
  context.globalAlpha = 1;
}

/** Where the arcs of a block arrive: at the middle of the tokens that are read, or at the marked one. */
function target({ network, lines }, token) {
  const indices = network.pooled ? [tokenIndex(token, network.nPrefix)] : network.readers;
  return indices.reduce((sum, index) => sum + lines.at(index), 0) / indices.length;
}

/** The arcs of a block, strongest last: what is given, from which token, and the curve. */
export function arcs(ready, block, token) {
  const { network, scene, lines } = ready;
  const shares = arriving(network, block, token);
  if (!shares) return [];
  const [from, to] = span(scene.holes[block], scene.vertical);
  const at = target(ready, token);
  return strongest(shares, ARCS, network.nPrefix)
    .map((index) => ({ index, share: shares[index], points: curve([from, lines.at(index)], [to, at]) }))
    .reverse();
}

function paintAttention(context, ready, token) {
  const { network, scene } = ready;
  network.blocks.forEach((_, block) => {
    for (const { share, points } of arcs(ready, block, token)) {
      const width = clamp(WIDTH * share * scene.u, 1.2, WIDEST);
      context.strokeStyle = inkOf("--vx-panel");
      context.lineWidth = width + 1.6;
      stroke(context, scene.vertical, points);
      context.strokeStyle = colour(sequential, share, 0, network.limit);
      context.lineWidth = width;
      stroke(context, scene.vertical, points);
    }
    paintHeads(context, ready, block, token);
  });
}

function paintHeads(context, { network, scene }, block, token) {
  const rows = network.rows(block, token);
  const box = scene.maps[block];
  if (!rows || !box) return;
  const [height, width] = network.grid;
  if (scene.vertical) {
    context.fillStyle = inkOf("--vx-back"); // the threads run below
    context.fillRect(box.x, box.y, box.w, box.h);
  }
  rows.forEach((row, head) => {
    const [x, y] = scene.heads.corner(head);
    const image = matrixImage(row.subarray(network.nPrefix), height, width, sequential, 0, network.limit);
    context.drawImage(image, box.x + x, box.y + y, scene.heads.map, scene.heads.map);
  });
}

/** From the last block to the answer: the tokens that the head reads, by their weight. */
function paintReading(context, { scene, network, lines }) {
  if (!scene.answer) return;
  const [, start] = ends(scene);
  const goal = goalOf(scene);
  const order = strongest(network.reading, network.pooled === "weighted" ? ARCS : network.readers.length);
  const most = Math.max(...network.reading);
  for (const index of order.reverse()) {
    context.strokeStyle = inkOf("--vx-key");
    context.globalAlpha = 0.9;
    context.lineWidth = 1 + 2.6 * (network.reading[index] / most);
    stroke(context, scene.vertical, curve([start - 1, lines.at(index)], goal));
  }
  context.globalAlpha = 1;
}

/** Where the answer is reached: at the start of its first bar, or above all bars. */
const goalOf = ({ answer: { x, y, w, h }, vertical }) => (vertical ? [y, x + w / 2] : [x - 3, y + h / 2]);

// ---- networks of stages ----------------------------------------------------------------------------------------
/** The square map of a block, in the middle of its box. */
function squares({ scene, network }) {
  const sides = mapSides(network.blocks, scene.holes[0].w, scene.holes[0].h);
  return scene.holes.map(({ x, y, w, h }, k) => ({
    x: x + (w - sides[k]) / 2,
    y: y + (h - sides[k]) / 2,
    w: sides[k],
    h: sides[k],
  }));
}

function paintMaps(context, ready) {
  const { network, scene, trace } = ready;
  const boxes = squares(ready);
  const first = scene.tiles || scene.pixels;
  let before = scene.vertical || first.y + first.h < scene.loom.y ? null : first;
  boxes.forEach((box, k) => {
    const { grid, mean, window, shift } = network.blocks[k];
    if (before) paintRows(context, scene, before, box, k ? network.blocks[k - 1].grid[0] : grid[0], trace);
    context.drawImage(matrixImage(mean, grid[0], grid[1], sequential, 0, 255), box.x, box.y, box.w, box.h);
    if (window) paintWindows(context, box, grid, window, shift);
    before = box;
  });
  paintSummands(context, ready, boxes.at(-1));
}

/** One line for each row of the finer map, in the colour of the picture there, to its place in the coarser map. */
function paintRows(context, { vertical }, a, b, rows, trace) {
  const { data } = trace.rgb;
  context.lineWidth = clamp((0.4 * a.h) / rows, 0.5, 2);
  context.globalAlpha = 0.6;
  for (let row = 0; row < rows; row++) {
    const share = (row + 0.5) / rows;
    const line = Math.floor(share * trace.size);
    const mean = [0, 0, 0];
    for (let x = 0; x < trace.size; x++)
      for (let c = 0; c < 3; c++) mean[c] += data[3 * (line * trace.size + x) + c] / trace.size;
    context.strokeStyle = `rgb(${mean.map(Math.round)})`;
    const [from, to] = vertical
      ? [
          [a.y + a.h + 1, a.x + share * a.w],
          [b.y - 1, b.x + share * b.w],
        ]
      : [
          [a.x + a.w + 1, a.y + share * a.h],
          [b.x - 1, b.y + share * b.h],
        ];
    stroke(context, vertical, curve(from, to));
  }
  context.globalAlpha = 1;
}

function paintWindows(context, box, [rows, cols], window, [down, right]) {
  context.strokeStyle = "#fff";
  context.lineWidth = box.w / cols > 6 ? 2 : 1;
  context.beginPath();
  for (let c = right; c <= cols; c += window) {
    const x = box.x + (box.w * c) / cols;
    context.moveTo(x, box.y);
    context.lineTo(x, box.y + box.h);
  }
  for (let r = down; r <= rows; r += window) {
    const y = box.y + (box.h * r) / rows;
    context.moveTo(box.x, y);
    context.lineTo(box.x + box.w, y);
  }
  context.stroke();
}

/** What the places of the last map add to the logit of the answer: the ten that add or take most. */
function paintSummands(context, { scene, network }, box) {
  if (!network.summands || !scene.answer) return;
  const [rows, cols] = network.grid;
  const sizes = network.summands.map(Math.abs);
  const most = Math.max(...sizes);
  const goal = goalOf(scene);
  for (const index of strongest(sizes, ARCS).reverse()) {
    const [row, col] = [(Math.floor(index / cols) + 0.5) / rows, ((index % cols) + 0.5) / cols];
    const [px, py] = [box.x + col * box.w, box.y + row * box.h];
    context.strokeStyle = inkOf("--vx-panel");
    context.lineWidth = 1.5 + 3.5 * (sizes[index] / most);
    const points = curve(scene.vertical ? [py, px] : [px, py], goal);
    stroke(context, scene.vertical, points);
    context.strokeStyle = colour(diverging, network.summands[index], -most, most);
    context.lineWidth = 0.8 + 2.7 * (sizes[index] / most);
    stroke(context, scene.vertical, points);
  }
}

// ---- a moment of the pass ----------------------------------------------------------------------------------------
/** Copy a part of the end. */
function copy(context, { whole, ratio }, x, y, w, h) {
  if (w <= 0 || h <= 0) return;
  context.drawImage(whole, x * ratio, y * ratio, w * ratio, h * ratio, x, y, w, h);
}

const tilesOf = (network) =>
  network.kind === "tokens" ? network.grid : network.blocks[0].window ? network.blocks[0].grid : null;

/** Paint the moment `t` of the pass. */
export function paint(context, ready, t) {
  const { scene, network, picture } = ready;
  const { pixels, column, vertical } = scene;
  context.drawImage(picture, pixels.x, pixels.y, pixels.w, pixels.h);
  paintTiles(context, ready, t);
  if (column) paintTokens(context, ready, t);
  const [from, to] = ends(scene);
  const reached = front(t);
  if (reached > 0) {
    const { x, y, w, h } = scene.loom;
    const end = reached < 1 ? from + (to - from) * reached : vertical ? scene.height : scene.width;
    if (vertical) copy(context, ready, x, y, w, end - y);
    else {
      const left = network.kind === "maps" ? pixels.x + pixels.w : x; // lines from the picture to the first map
      copy(context, ready, left, y - 8, end - left, h + 16);
    }
  }
  if (vertical) return;
  network.blocks.forEach((_, k) => {
    const box = scene.maps[k];
    if (box && t >= passed(k, network.blocks.length) - 1e-6) copy(context, ready, box.x, box.y, box.w, box.h);
  });
}

/** The place of tile (row, col) when the grid is open by `open`. */
function tileBox({ tiles }, [rows, cols], row, col, open) {
  const [w, h] = [tiles.w / cols, tiles.h / rows];
  const gap = Math.min(3, 0.17 * w) * open;
  return { x: tiles.x + col * w + gap / 2, y: tiles.y + row * h + gap / 2, w: w - gap, h: h - gap };
}

function paintTiles(context, { scene, network, picture, lines }, t) {
  const grid = tilesOf(network);
  if (!scene.tiles || !grid) return;
  const [rows, cols] = grid;
  const [sw, sh] = [picture.width / cols, picture.height / rows];
  const open = phase(t, 0.02, 0.12);
  const flying = [];
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) {
      const box = tileBox(scene, grid, row, col, open);
      context.drawImage(picture, col * sw, row * sh, sw, sh, box.x, box.y, box.w, box.h);
      const k = row * cols + col;
      const on = network.kind === "tokens" ? flight(t, k, rows * cols) : 0;
      if (on > 0 && on < 1) flying.push({ on, k, row, col, box });
    }
  }
  for (const { on, k, row, col, box } of flying) {
    const goal = lane(scene, lines, k + network.nPrefix);
    const mix = (a, b) => a + (b - a) * on;
    context.drawImage(
      picture, col * sw, row * sh, sw, sh,
      mix(box.x, goal.x), mix(box.y, goal.y), mix(box.w, goal.w), mix(box.h, goal.h),
    ); // biome-ignore format: two rectangles
  }
}

/** Where a token stands in the column of tokens and places; where that is not on screen, at the start of its thread. */
function lane({ column, vertical, loom, beside }, lines, index) {
  if (!column) {
    const thick = Math.max(1, 0.8 * lines.pitch);
    return vertical
      ? { x: lines.at(index) - thick / 2, y: loom.y, w: thick, h: 4 }
      : { x: loom.x, y: lines.at(index) - thick / 2, w: 4, h: thick };
  }
  if (vertical) {
    const pitch = column.w / lines.count;
    return { x: column.x + index * pitch, y: column.y, w: 0.8 * pitch, h: LANE * column.h };
  }
  const pitch = beside ? lines.pitch : column.h / lines.count;
  const at = beside ? lines.at(index) : column.y + (index + 0.5) * pitch;
  return { x: column.x, y: at - 0.4 * pitch, w: LANE * column.w, h: 0.8 * pitch };
}

function paintTokens(context, { scene, network, lines }, t) {
  for (let index = 0; index < network.n; index++) {
    const there =
      index < network.nPrefix ? t > TIMES.open : flight(t, index - network.nPrefix, network.n - network.nPrefix) >= 1;
    if (!there) continue;
    const { x, y, w, h } = lane(scene, lines, index);
    context.fillStyle = inkOfToken(network, index);
    context.fillRect(x, y, w, h);
  }
}

// ---- the marked token --------------------------------------------------------------------------------------------
/** Paint what depends on the marked token, at the moment `t`. */
export function paintMarks(context, ready, token, t) {
  const { scene, network, lines } = ready;
  const ink = inkOf("--vx-query");
  const patches = network.grid[0] * network.grid[1];
  const shown = token !== null && token < patches && -token <= network.nPrefix ? token : null;
  if (network.kind === "tokens" && network.pooled && t >= TIMES.first) {
    const queried = shown === null ? Math.floor(patches / 2) : shown;
    const [from, to] = ends(scene);
    const end = from + (to - from) * front(t);
    context.save();
    context.beginPath();
    context.rect(0, 0, scene.vertical ? scene.width : end, scene.vertical ? end : scene.height);
    context.clip();
    paintAttention(context, ready, queried);
    context.restore();
  }
  if (shown === null) return;
  if (shown >= 0) {
    const [rows, cols] = network.grid;
    const [row, col] = [Math.floor(shown / cols), shown % cols];
    for (const { x, y, w, h } of [scene.pixels, ...(scene.tiles && tilesOf(network) ? [scene.tiles] : [])])
      outline(context, x + (col * w) / cols, y + (row * h) / rows, w / cols, h / rows, ink, 2);
    if (network.kind === "maps" && front(t) >= 1)
      for (const { x, y, w, h } of squares(ready))
        outline(context, x + (col * w) / cols, y + (row * h) / rows, w / cols, h / rows, ink, 1.5);
  }
  if (network.kind === "maps") return;
  const index = tokenIndex(shown, network.nPrefix);
  if (scene.column && t > TIMES.place) paintPlaces(context, ready, shown, phase(t, TIMES.place, TIMES.placed));
  if (scene.column && t >= TIMES.open) {
    const { x, y, w, h } = lane(scene, lines, index);
    outline(context, x - 1, y - 1, w + 2, h + 2, ink, 1.5);
  }
  const [from, to] = ends(scene);
  const reached = from + (to - from) * front(t);
  context.fillStyle = ink;
  const runs = scene.vertical ? scene.holes.map(({ y, h }) => [y, y + h]) : [[from, to]]; // below words it is not drawn
  for (const [start, end] of runs) {
    const length = Math.min(end, reached) - start;
    if (length > 0) bar(context, scene.vertical, start, lines.at(index), length, clamp(0.75 * lines.pitch, 2, 4));
  }
}

/** How like each place is to that of the marked token. */
function paintPlaces(context, { scene, network, lines }, token, shown) {
  if (!network.places) return;
  const values = network.places(token);
  const end = network.placesLimit;
  context.globalAlpha = shown;
  for (let index = 0; index < network.n; index++) {
    const { x, y, w, h } = lane(scene, lines, index);
    context.fillStyle = colour(diverging, values[index], -end, end);
    if (scene.vertical) context.fillRect(x, y + h + 3, w, scene.column.h - h - 3);
    else context.fillRect(x + w + 6, y, scene.column.w - w - 6, h);
  }
  context.globalAlpha = 1;
}
