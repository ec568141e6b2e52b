/* The picture cut into tiles, their flight to their threads, and the column of tokens and places. */
import { colour, diverging } from "../core/colours.js";
import { flight, phase, TIMES } from "./arithmetic.js";
import { inkOfToken } from "./threads.js";

const LANE = 0.3; // of the column of places: the tokens themselves

export const tilesOf = (network) =>
  network.kind === "tokens" ? network.grid : network.blocks[0].window ? network.blocks[0].grid : null;

/** The place of tile (row, col) when the grid is open by `open`. */
function tileBox({ tiles }, [rows, cols], row, col, open) {
  const [w, h] = [tiles.w / cols, tiles.h / rows];
  const gap = Math.min(3, 0.17 * w) * open;
  return { x: tiles.x + col * w + gap / 2, y: tiles.y + row * h + gap / 2, w: w - gap, h: h - gap };
}

export function paintTiles(context, { scene, network, picture, lines }, t) {
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
      picture,
      col * sw,
      row * sh,
      sw,
      sh,
      mix(box.x, goal.x),
      mix(box.y, goal.y),
      mix(box.w, goal.w),
      mix(box.h, goal.h),
    );
  }
}

/** Where a token stands in the column of tokens and places; where that is not on screen, at the start of its thread. */
export function lane({ column, vertical, loom, beside }, lines, index) {
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

export function paintTokens(context, { scene, network, lines }, t) {
  for (let index = 0; index < network.n; index++) {
    const there =
      index < network.nPrefix ? t > TIMES.open : flight(t, index - network.nPrefix, network.n - network.nPrefix) >= 1;
    if (!there) continue;
    const { x, y, w, h } = lane(scene, lines, index);
    context.fillStyle = inkOfToken(network, index);
    context.fillRect(x, y, w, h);
  }
}

/** How like each place is to that of the marked token. */
export function paintPlaces(context, { scene, network, lines }, token, shown) {
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
