/* Where the tokens of a map lie in each of the eight steps, and how they travel from one to the next. */
/** @typedef {{xs: Float32Array, ys: Float32Array, sizes: Float32Array, shown: number}} Places left, top and side of every cell, px; `shown`: how much of the padding is seen */
/** @typedef {{kind: string, rolled: boolean, open: boolean, tokens: "bright" | "dim", tint: "none" | "carried" | "all", attend: boolean}} Step */

const GAP = 0.6; // between windows, in cells
const EDGE = 4; // px around everything, for outlines
const MERGED = 1.4; // side of a token that four have merged into, in cells; its four have room of 2
const MEAN = 0.3; // side of the map when it goes to the head, in sides of the scene

/** @type {Step[]} */
export const STEPS = [
  { kind: "home", rolled: false, open: false, tokens: "bright", tint: "none", attend: false },
  { kind: "windows", rolled: false, open: true, tokens: "bright", tint: "none", attend: false },
  { kind: "windows", rolled: false, open: true, tokens: "dim", tint: "none", attend: true },
  { kind: "closed", rolled: true, open: false, tokens: "bright", tint: "carried", attend: false },
  { kind: "windows", rolled: true, open: true, tokens: "bright", tint: "all", attend: false },
  { kind: "windows", rolled: true, open: true, tokens: "dim", tint: "none", attend: true },
  { kind: "home", rolled: false, open: false, tokens: "bright", tint: "none", attend: false },
  { kind: "after", rolled: false, open: false, tokens: "bright", tint: "none", attend: false },
];

/** Row and column of a place of a block's windows in the map that it cuts. */
export function cellOf(block, place) {
  const [window, inside] = [Math.floor(place / block.n), place % block.n];
  const across = block.windows[1];
  const row = Math.floor(window / across) * block.window + Math.floor(inside / block.window);
  return [row, (window % across) * block.window + (inside % block.window)];
}

/**
 * All that does not change while a pair of blocks is looked at. Cells are the tokens of the map and, behind them,
 * its padding.
 */
export function make(seen, side) {
  const pair = seen.pairs[seen.pair];
  const [plain, shifted] = pair.blocks.map((index) => seen.blocks[index]);
  const n = plain.inverse.length;
  const padding = Array.from(plain.order.keys())
    .filter((place) => plain.order[place] < 0)
    .map((place) => cellOf(plain, place));
  const room = side - 2 * EDGE;
  const cell = Math.min(...plain.whole.map((cells, axis) => room / (cells + GAP * (plain.windows[axis] - 1))));
  const scene = {
    seen,
    pair,
    plain,
    shifted,
    side,
    n,
    count: n + padding.length,
    padding,
    cell,
    stage: seen.stages[pair.stage],
    layouts: new Map(),
  };
  scene.regions = Int8Array.from({ length: scene.count }, (_, k) => (k < n ? shifted.regions[shifted.inverse[k]] : -1));
  scene.carried = [...Array(scene.count).keys()].sort((a, b) => Number(moves(scene, a)) - Number(moves(scene, b))); // drawn last, over the others
  scene.pieces = pieces(seen, scene.stage, plain.grid);
  return scene;
}

/** Whether the roll takes a cell around an edge of the map. */
function moves({ plain, shifted, n, padding }, k) {
  const [row, col] = k < n ? cellOf(plain, plain.inverse[k]) : padding[k - n];
  return row < shifted.shift[0] || col < shifted.shift[1];
}

/** The piece of the picture that each token stands for: left, top, width, height and how much of a whole one that is. */
function pieces(seen, { scale }, [rows, cols]) {
  const [high, wide] = seen.stages[0].grid.map(
    (tokens, axis) => (scale * (axis ? seen.image.width : seen.image.height)) / tokens,
  );
  return Array.from({ length: rows * cols }, (_, k) => {
    const [x, y] = [(k % cols) * wide, Math.floor(k / cols) * high];
    const [w, h] = [Math.min(wide, seen.image.width - x), Math.min(high, seen.image.height - y)];
    return [x, y, w, h, w / wide, h / high];
  });
}

// ---- places --------------------------------------------------------------------------------------------------
/** Row and column of a cell in the padded map, before or after the roll. */
function at({ plain, shifted, n, padding }, k, rolled) {
  const block = rolled ? shifted : plain;
  if (k < n) return cellOf(block, block.inverse[k]);
  const [row, col] = padding[k - n]; // padding has no number in the order: it rolls with the map
  return [row, col].map((place, axis) => (place - block.shift[axis] + block.whole[axis]) % block.whole[axis]);
}

/** @returns {Places} */
function spread(scene, rolled, open) {
  const { plain, side, cell, count } = scene;
  const gap = open ? GAP * cell : 0;
  const start = plain.whole.map((cells, axis) => (side - cells * cell - gap * (plain.windows[axis] - 1)) / 2);
  return fill(count, 1, (k) => {
    const [row, col] = at(scene, k, rolled);
    const [y, x] = [row, col].map((place, axis) => start[axis] + place * cell + gap * Math.floor(place / plain.window));
    return [x, y, cell];
  });
}

/** The map by itself, without padding, in the middle. */
function home(scene) {
  const { plain, side, cell, count } = scene;
  const start = plain.grid.map((cells) => (side - cells * cell) / 2);
  return fill(count, 0, (k) => {
    const [row, col] = at(scene, k, false);
    return [start[1] + col * cell, start[0] + row * cell, cell];
  });
}

/** What follows on the pair: the next one, or four tokens that become one, or all that become one. */
function after(scene) {
  const { pair, plain, side, cell, count } = scene;
  if (pair.after === "pair") return spread(scene, false, true);
  const small = pair.after === "head" ? (MEAN * side) / Math.max(...plain.grid) : (MERGED * cell) / 2;
  const start = plain.grid.map((cells) => (side - cells * cell) / 2);
  return fill(count, 0, (k) => {
    const [row, col] = at(scene, k, false);
    if (pair.after === "head") return [side * 0.5 * (1 - MEAN) + col * small, EDGE + 20 + row * small, small];
    const [y, x] = [row, col].map(
      (place, axis) => start[axis] + (place - (place % 2)) * cell + cell + ((place % 2) - 1) * small,
    );
    return [x, y, small];
  });
}

function fill(count, shown, place) {
  const places = { xs: new Float32Array(count), ys: new Float32Array(count), sizes: new Float32Array(count), shown };
  for (let k = 0; k < count; k++) [places.xs[k], places.ys[k], places.sizes[k]] = place(k);
  return places;
}

/** Where everything lies in a step; made once. @returns {Places} */
export function layout(scene, step) {
  const { kind, rolled, open } = STEPS[step];
  const key = kind === "home" || kind === "after" ? kind : `${rolled} ${open}`;
  if (!scene.layouts.has(key))
    scene.layouts.set(
      key,
      kind === "home" ? home(scene) : kind === "after" ? after(scene) : spread(scene, rolled, open),
    );
  return scene.layouts.get(key);
}

/** The padded map before the roll, without gaps. */
export const unrolled = (scene) => spread(scene, false, false);

// ---- travel --------------------------------------------------------------------------------------------------
/**
 * The places between two steps: gaps close before the map rolls, and open after. From where everything lies now, so
 * that a travel can be turned around on its way.
 * @param {Places} from
 * @returns {{legs: Places[], time: number}}
 */
export function path(scene, from, before, next) {
  const rolls = STEPS[before].rolled !== STEPS[next].rolled && scene.shifted.shift.some(Boolean);
  const legs = [from];
  if (rolls && STEPS[before].open) legs.push(spread(scene, STEPS[before].rolled, false));
  if (rolls && (STEPS[next].open || STEPS[next].kind !== "closed")) legs.push(spread(scene, STEPS[next].rolled, false));
  legs.push(layout(scene, next));
  return { legs, time: legs.length > 2 ? 800 : 600 };
}

const ease = (t) => (t < 0.5 ? 4 * t ** 3 : 1 - (2 - 2 * t) ** 3 / 2);

/** Where everything lies when a share (0 to 1) of a travel's time is over. @returns {Places} */
export function between({ legs }, share) {
  const leg = Math.min(legs.length - 2, Math.floor(share * (legs.length - 1)));
  const t = ease(Math.min(1, share * (legs.length - 1) - leg));
  const [a, b] = [legs[leg], legs[leg + 1]];
  const mixed = (one, two) => Float32Array.from(one, (value, k) => value + t * (two[k] - value));
  return {
    xs: mixed(a.xs, b.xs),
    ys: mixed(a.ys, b.ys),
    sizes: mixed(a.sizes, b.sizes),
    shown: a.shown + t * (b.shown - a.shown),
  };
}

/** The token under a point of the scene; null between tokens and on padding. */
export function tokenAt({ n }, { xs, ys, sizes }, x, y) {
  for (let k = 0; k < n; k++) if (x >= xs[k] && x < xs[k] + sizes[k] && y >= ys[k] && y < ys[k] + sizes[k]) return k;
  return null;
}
