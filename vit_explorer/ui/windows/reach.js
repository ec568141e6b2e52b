/* How far a token's knowledge reaches: after each block of a Swin, each layer of a plain ViT and a small CNN. */
import { clearCanvas, outline } from "../core/draw.js";
import * as format from "../core/format.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import * as paint from "./paint.js";

const MOST = 6; // pictures in a line
const NARROW = 440; // px, below it there are fewer
const LABEL = 74; // px for what a line is about
const [BELOW, ABOVE] = [19, 4]; // px for the words under a picture, and over it
const [LARGEST, CROWDED] = [54, 36]; // px, the side of a picture; on a stage, where a line does not hold all blocks
const AWAY = 0.8; // how much of the picture is covered where nothing is reached

/** Places and covers that hold until the picture, the cut or the width changes. */
export function prepare(canvas, seen, width, chosen) {
  const most = width < NARROW ? 3 : MOST; // in a line
  const column = Math.min(LARGEST + 26, Math.floor((width - LABEL) / most));
  const crowded = store.get("stage") && seen.blocks.length > most;
  const side = Math.min(crowded ? CROWDED : LARGEST, column - 9);
  const tiles = seen.blocks.map((block, k) => ({
    kind: "block",
    block,
    name: String(block.index + 1),
    x: LABEL + (k % most) * column,
    row: Math.floor(k / most),
  }));
  const vit = Math.ceil(seen.blocks.length / most);
  const cnn = most === MOST ? vit : vit + 1; // one line for both where there is room
  const from = most === MOST ? LABEL + (MOST - seen.cnn.length) * column : LABEL;
  tiles.push({ kind: "vit", name: "1", x: LABEL, row: vit });
  seen.cnn.forEach(({ pixels }, k) =>
    tiles.push({ kind: "cnn", pixels, name: String(k + 1), x: from + k * column, row: cnn }),
  );
  const line = ABOVE + side + BELOW;
  const labels = [
    [["Swin,", "after block"], 0, 0],
    [["Plain ViT,", "after layer"], 0, vit],
    [["CNN,", "after stage"], from - LABEL, cnn],
  ];
  const [high, wide] = seen.stages[0].grid;
  const cover = document.createElement("canvas");
  [cover.width, cover.height] = [wide, high];
  const context = cover.getContext("2d");
  const cells = context.createImageData(wide, high);
  const ink = rgb(inkOf("--vx-panel"));
  for (let k = 0; k < wide * high; k++) cells.data.set(ink, 4 * k);
  return {
    canvas,
    seen,
    width,
    height: line * (cnn + 1),
    column,
    side,
    tiles,
    labels,
    line,
    cover,
    cells,
    context,
    chosen,
  };
}

const rgb = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** What share of the picture each picture of the strip shows as reached, by what `tokenIn(grid)` marks. */
export function draw(strip, tokenIn) {
  const { canvas, seen, width, height, side, tiles, labels, line, chosen } = strip;
  const context = clearCanvas(canvas, width, height);
  const text = inkOf("--vx-text");
  context.fillStyle = text;
  context.textBaseline = "middle";
  context.textAlign = "left";
  context.font = "13px system-ui, sans-serif";
  for (const [words, x, row] of labels)
    words.forEach((word, k) => context.fillText(word, x, row * line + ABOVE + side / 2 + 16 * (k - 0.5), LABEL - 6));
  context.textAlign = "center";
  const shares = tiles.map((tile) => {
    const y = tile.row * line + ABOVE;
    context.drawImage(seen.image, tile.x, y, side, side);
    const share =
      tile.kind === "cnn"
        ? square(strip, context, tile, y, tokenIn)
        : tile.kind === "vit"
          ? 1
          : reached(strip, context, tile, y, tokenIn);
    const own = tile.kind === "block" && chosen.includes(tile.block.index);
    if (own) {
      context.strokeStyle = text;
      context.lineWidth = 2;
      context.strokeRect(tile.x - 2, y - 2, side + 4, side + 4);
    }
    context.fillStyle = text;
    context.font = `${own ? 650 : 400} 13px system-ui, sans-serif`;
    context.fillText(
      `${tile.name}: ${format.percent(share, share === 1 ? 0 : 1)}`,
      tile.x + side / 2,
      y + side + 11,
      strip.column,
    );
    const grid = tile.kind === "block" ? tile.block.grid : seen.stages[0].grid;
    const token = tokenIn(grid);
    const [h, w] = [side / grid[0], side / grid[1]];
    outline(context, tile.x + (token % grid[1]) * w, y + Math.floor(token / grid[1]) * h, w, h, strip.query, 1);
    return { name: `${{ block: "Swin block", vit: "ViT layer", cnn: "CNN stage" }[tile.kind]} ${tile.name}`, share };
  });
  return shares;
}

/** Cover what a block's token knows nothing of. */
function reached({ cells, context: own, cover, side }, context, { x, block }, y, tokenIn) {
  const bits = block.reach(tokenIn(block.grid));
  let count = 0;
  for (let k = 0; k < bits.length; k++) {
    count += bits[k];
    cells.data[4 * k + 3] = bits[k] ? 0 : 255 * AWAY;
  }
  own.putImageData(cells, 0, 0);
  context.drawImage(cover, x, y, side, side);
  return count / bits.length;
}

/** Cover what lies outside of a CNN's field, a square around the token that ends at the edges of the picture. */
function square({ seen, side }, context, { x, pixels }, y, tokenIn) {
  const box = field(seen, pixels, tokenIn(seen.stages[0].grid));
  const [left, top, right, bottom] = box.map((place) => (place / seen.size) * side);
  context.globalAlpha = AWAY;
  context.fillStyle = inkOf("--vx-panel");
  for (const [a, b, c, d] of [
    [0, 0, side, top],
    [0, bottom, side, side],
    [0, top, left, bottom],
    [right, top, side, bottom],
  ])
    context.fillRect(x + a, y + b, c - a, d - b);
  context.globalAlpha = 1;
  return ((box[2] - box[0]) * (box[3] - box[1])) / seen.size ** 2;
}

/** Left, top, right and bottom of the receptive field around the middle of a first token, in pixels of the picture. */
export function field({ size, stages }, pixels, token) {
  const [rows, cols] = stages[0].grid;
  const [y, x] = [(Math.floor(token / cols) + 0.5) / rows, ((token % cols) + 0.5) / cols].map(
    (middle) => middle * size,
  );
  const edge = (place) => Math.max(0, Math.min(size, place));
  return [x - pixels / 2, y - pixels / 2, x + pixels / 2, y + pixels / 2].map(edge);
}

// ---- the picture as it is --------------------------------------------------------------------------------------
/** Where the tokens of the marked token's window come from: their places in the picture, coloured by region. */
export function origins(canvas, side, { seen, plain, shifted, stage }, index, token, within) {
  const context = clearCanvas(canvas, side, side);
  context.globalAlpha = index === 0 || index === 7 ? 1 : 0.25;
  context.drawImage(seen.image, 0, 0, side, side);
  context.globalAlpha = 1;
  const [h, w] = plain.grid.map((_, axis) => (stage.scale * side) / seen.stages[0].grid[axis]);
  const cell = (one) => [(one % plain.grid[1]) * w, Math.floor(one / plain.grid[1]) * h];
  if (index > 0 && index < 7) {
    const [fx, fy] = [seen.image.width / side, seen.image.height / side];
    within.tokens.forEach((one) => {
      if (one < 0) return;
      const [x, y] = cell(one);
      context.drawImage(seen.image, x * fx, y * fy, w * fx, h * fy, x, y, w, h);
      const region = shifted.regions[shifted.inverse[one]];
      if (index < 3 || index > 5 || region <= 0) return;
      context.globalAlpha = 0.6;
      context.fillStyle = paint.tint(region);
      context.fillRect(x, y, w, h);
      context.globalAlpha = 1;
    });
  }
  const [x, y] = cell(token);
  outline(context, x, y, w, h, inkOf("--vx-query"), 2);
}
