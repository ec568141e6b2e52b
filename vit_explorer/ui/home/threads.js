/* A network with attention among all tokens: a thread for each, and in each block what arrives at those that are read. */
import { colour, sequential } from "../core/colours.js";
import { matrixImage } from "../core/draw.js";
import { inkOf } from "../core/theme.js";
import { tokenIndex } from "../core/tokens.js";
import { clamp, curve, strongest } from "./arithmetic.js";
import { span } from "./layout.js";
import { arriving } from "./network.js";
import { bar, ends, goalOf, stroke } from "./strokes.js";

const ARCS = 10; // of a block, from the tokens to which most is given
const WIDTH = 60; // px of an arc that carries everything
const WIDEST = 14; // px

export const inkOfToken = (network, index) =>
  index < network.nPrefix
    ? inkOf(network.readers.includes(index) ? "--vx-key" : "--vx-soft")
    : `rgb(${network.colours[index - network.nPrefix]})`;

export function paintThreads(context, { scene, network, lines }) {
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

export function paintAttention(context, ready, token) {
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
export function paintReading(context, { scene, network, lines }) {
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
