/* Home's canvas: one pass of the picture through the network, at any moment of it. */
import { outline, rgbImage } from "../core/draw.js";
import { inkOf } from "../core/theme.js";
import { tokenIndex } from "../core/tokens.js";
import { clamp, front, passed, phase, TIMES } from "./arithmetic.js";
import { threads } from "./layout.js";
import { paintMaps, squares } from "./stages.js";
import { bar, ends } from "./strokes.js";
import { paintAttention, paintReading, paintThreads } from "./threads.js";
import { lane, paintPlaces, paintTiles, paintTokens, tilesOf } from "./tiles.js";

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

// ---- a moment of the pass ----------------------------------------------------------------------------------------
/** Copy a part of the end. */
function copy(context, { whole, ratio }, x, y, w, h) {
  if (w <= 0 || h <= 0) return;
  context.drawImage(whole, x * ratio, y * ratio, w * ratio, h * ratio, x, y, w, h);
}

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
