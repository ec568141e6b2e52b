/* What the views of the Windows tab share: a Swin on the picture on screen, decoded once, and the marked token in it. */
import { decode } from "../core/arrays.js";
import { rgbImage } from "../core/draw.js";
import { cellAt } from "../core/pointer.js";
import { integers, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { middleToken, moveToken } from "../core/tokens.js";

/** @typedef {{index: number, grid: number[], dModel: number, heads: number, blocks: number[], multiplyAdds: number, scale: number}} WindowStage */
/** @typedef {{stage: number, blocks: number[], after: "pair" | "merge" | "head"}} WindowPair */
/** @typedef {{tokens: Int16Array, shares: Float32Array, allowed: Uint8Array, window: number, place: number}} Within */

const FIRST = [1, 1]; // row and column of the token that is looked at while none is marked: its shifted window has all regions
const decoded = new WeakMap(); // answer of the server -> what is in it
let kept = null; // the exact token that was pinned
let exact = null; // {page, token, grid}: the token that was pointed at, finer than the page's own

// ---- the answer ----------------------------------------------------------------------------------------------
/** What is on screen, with the chosen pair of blocks and head; null while nothing is. */
export function view(/** @type {import("../state").State} */ { windows }) {
  if (!windows || !windows.answer) return null;
  if (!decoded.has(windows.answer)) decoded.set(windows.answer, build(windows.answer));
  const seen = decoded.get(windows.answer);
  const pair = Math.min(windows.pair, seen.pairs.length - 1);
  const head = Math.min(windows.head, seen.stages[seen.pairs[pair].stage].heads - 1);
  return Object.assign(seen, { pair, head });
}

/** @param {import("../core/payloads").WindowsPayload} answer */
function build(answer) {
  const pixels = decode(answer.pixels);
  const size = pixels.shape[0];
  const blocks = answer.blocks.map((block, index) => buildBlock(block, index, answer));
  const stages = answer.stages.map((stage, index) => {
    const own = blocks.filter((block) => block.stage === index);
    return {
      index,
      grid: own[0].grid,
      dModel: stage.d_model,
      heads: stage.heads,
      multiplyAdds: stage.multiply_adds,
      blocks: own.map((block) => block.index),
      scale: 2 ** index,
    };
  });
  const pairs = stages.flatMap(({ index, blocks: inside }) => {
    const twos = [];
    for (let k = 0; k < inside.length; k += 2) {
      const last = k + 2 >= inside.length;
      const after = !last ? "pair" : index + 1 < stages.length ? "merge" : "head";
      twos.push({ stage: index, blocks: [inside[k], inside[Math.min(k + 1, inside.length - 1)]], after });
    }
    return twos;
  });
  return {
    model: answer.model,
    window: answer.window,
    shift: answer.shift,
    side: answer.side,
    own: answer.own,
    choices: { windows: answer.windows, sides: answer.sides },
    size,
    image: rgbImage(pixels.data, size, size),
    pixels: pixels.data,
    classes: answer.classes,
    probabilities: answer.probabilities,
    ownProbabilities: answer.own_probabilities,
    stages,
    blocks,
    pairs,
    cnn: answer.cnn.map(({ pixels: field, step }, stage) => ({ name: `stage ${stage + 1}`, pixels: field, step })),
    vit: {
      grid: answer.vit.grid,
      dModel: answer.vit.d_model,
      layers: answer.vit.layers,
      multiplyAdds: answer.vit.multiply_adds,
    },
    pair: 0,
    head: 0,
  };
}

/** @param {import("../core/payloads").BlockPayload} block @param {number} index @param {import("../core/payloads").WindowsPayload} answer */
function buildBlock(block, index, answer) {
  const { grid, whole, stage } = block;
  const order = decode(block.order).data;
  const inverse = new Int16Array(grid[0] * grid[1]);
  order.forEach((token, place) => token >= 0 && (inverse[token] = place));
  const [rows, cols] = [decode(block.reach_rows), decode(block.reach_cols)];
  const [height, across] = answer.blocks[0].grid;
  return {
    index,
    stage,
    grid,
    whole,
    window: answer.window,
    windows: whole.map((side) => side / answer.window),
    n: answer.window ** 2,
    shift: block.shift,
    masked: block.masked,
    heads: answer.stages[stage].heads,
    order,
    inverse,
    regions: decode(block.regions).data,
    weights: block.weights && decode(block.weights).data,
    bias: decode(block.bias).data,
    limits: new Map(),
    /** Which tokens of the first map can influence a token of this block: 1 or 0 for each. */
    reach(token) {
      const [row, col] = [Math.floor(token / grid[1]), token % grid[1]];
      const found = new Uint8Array(height * across);
      const columns = Uint8Array.from({ length: across }, (_, x) => cols.at(col, x));
      for (let y = 0; y < height; y++) if (rows.at(row, y)) found.set(columns, y * across);
      return found;
    },
  };
}

/** The blocks of a pair whose weights have not come: large networks send them on demand. @returns {number[]} */
export function missing(/** @type {import("../state").State["windows"]} */ shown) {
  const seen = view(/** @type {any} */ ({ windows: shown }));
  return [...new Set(seen.pairs[seen.pair].blocks)].filter((index) => !seen.blocks[index].weights);
}

/** Put weights that have come into their blocks. @param {import("../core/payloads").Packed[]} weights */
export function supply(/** @type {import("../state").State["windows"]} */ shown, blocks, weights) {
  const seen = view(/** @type {any} */ ({ windows: shown }));
  blocks.forEach((index, k) => (seen.blocks[index].weights = decode(weights[k]).data));
}

/** A block without its mask: all of a window is one region, and padding stays out. @param {import("../core/payloads").Packed} weights without the mask */
export const bare = (block, weights) => ({
  ...block,
  weights: decode(weights).data,
  regions: block.regions.map((region) => Math.min(region, 0)),
  masked: block.regions.some((region) => region < 0),
  limits: new Map(),
});

/** Whom a token attends to in a block's head: all places of its window, padding (-1) among them. @returns {Within} */
export function within(block, head, token) {
  const { n, heads, order, regions, weights } = block;
  const window = Math.floor(block.inverse[token] / n);
  const place = block.inverse[token] % n;
  const start = ((window * heads + head) * n + place) * n;
  const own = regions[window * n + place];
  return {
    window,
    place,
    tokens: order.subarray(window * n, (window + 1) * n),
    shares: weights.subarray(start, start + n),
    allowed: Uint8Array.from({ length: n }, (_, k) => Number(regions[window * n + k] === own)),
  };
}

/** The tokens of a window that one of them must not attend to. @param {Within} within @returns {number[]} */
export const forbidden = ({ tokens, allowed }) =>
  Array.from(tokens).filter((token, place) => token >= 0 && !allowed[place]);

/** The largest share that a token gives in a block's head: where the colour scale of that head ends. */
export function limit(block, head) {
  if (!block.limits.has(head)) {
    const { n, heads, order, weights } = block;
    let most = 0;
    for (let place = 0; place < order.length; place++) {
      if (order[place] < 0) continue; // padding attends to padding: nobody looks at that
      const start = ((Math.floor(place / n) * heads + head) * n + (place % n)) * n;
      for (let k = start; k < start + n; k++) most = Math.max(most, weights[k]);
    }
    block.limits.set(head, most);
  }
  return block.limits.get(head);
}

// ---- the marked token ----------------------------------------------------------------------------------------
/** The cell of one grid in which the middle of a cell of another lies. */
export function across(token, from, to) {
  const [row, col] = [Math.floor(token / from[1]), token % from[1]];
  return Math.floor(((row + 0.5) / from[0]) * to[0]) * to[1] + Math.floor(((col + 0.5) / from[1]) * to[1]);
}

/** A token near the upper left corner of a map. @param {number[]} grid */
export const cornerOf = (grid) => Math.min(FIRST[0], grid[0] - 1) * grid[1] + Math.min(FIRST[1], grid[1] - 1);

/** The marked token in a map of this grid; while none is marked, one near the upper left corner. */
export function token(/** @type {import("../state").State} */ state, grid) {
  const { token: page, trace } = state;
  if (page === null || page === undefined || page < 0 || !trace) return cornerOf(grid);
  if (!exact || exact.page !== page || exact.trace !== trace)
    return across(Math.min(page, trace.grid[0] * trace.grid[1] - 1), trace.grid, grid);
  return exact.grid.join() === grid.join() ? exact.token : across(exact.token, exact.grid, grid);
}

/** Whether the middle of the picture is marked, as the page does by itself: nobody has chosen a token. @param {import("../state").State} state */
export const unchosen = ({ trace, token }) => token === store.pinned && token === middleToken(trace.grid);

/** The page's token for one of a map of this grid; what was meant exactly is kept for the views of this tab. */
function remember(marked, grid) {
  const trace = store.get("trace");
  const page = across(marked, grid, trace.grid);
  exact = { page, token: marked, grid, trace };
  return page;
}

/** Mark a token while the pointer is on it; null goes back to the pinned one. */
export function point(marked, grid) {
  if (marked === null) {
    const moved = exact !== kept;
    exact = kept;
    if (moved && store.get("token") === store.pinned)
      store.set("token", store.pinned); // the page's token stays, the exact one goes back
    else store.point(null);
  } else if (exact && exact.token === marked && exact.grid.join() === grid.join() && exact.page === store.get("token"))
    return;
  else store.set("token", remember(marked, grid)); // also where the page's token stays: the exact one has moved
}

export function pin(marked, grid) {
  const page = marked === null ? null : remember(marked, grid);
  kept = marked === null ? null : exact;
  store.pin(page);
}

/** Whether this token of a map is the one that stays marked. @param {number[]} grid */
export const isPinned = (marked, grid) =>
  kept !== null && kept.page === store.pinned && kept.token === marked && kept.grid.join() === grid.join();

/** The exact token in a link, where it is not that which the page's token means here: [token, rows, cols]. */
export const linkedCell = setting(
  integers(),
  () => {
    if (!kept || kept.page !== store.pinned || kept.trace !== store.get("trace")) return null;
    const usual = across(kept.page, kept.trace.grid, kept.grid);
    return kept.token === usual ? null : [kept.token, ...kept.grid];
  },
  (cell) => {
    if (!cell || cell.length !== 3 || cell.includes(0, 1) || cell[0] >= cell[1] * cell[2]) return;
    const keep = () => pin(cell[0], cell.slice(1));
    if (store.get("trace")) keep();
    else store.once("trace", keep);
  },
);

/**
 * Make a canvas of tokens answer to pointer and keys, as patchInput does for patches of the page.
 * @param {() => number[] | null} gridOf of the map on it
 * @param {(event: PointerEvent) => number | null} [tokenAt] where cells are not spread evenly over it
 */
export function input(element, gridOf, tokenAt) {
  element.tabIndex = 0;
  const at = (event) => {
    const grid = gridOf();
    if (!grid) return null;
    if (tokenAt) return tokenAt(event);
    const cell = cellAt(event, element, ...grid);
    return cell ? cell[0] * grid[1] + cell[1] : null;
  };
  element.addEventListener("pointermove", (event) => point(at(event), gridOf()));
  element.addEventListener("pointerleave", () => point(null));
  element.addEventListener("click", (event) => {
    const marked = at(event);
    if (marked !== null) pin(marked, gridOf());
  });
  element.addEventListener("keydown", (event) => {
    const grid = gridOf();
    if (grid && moveToken(event.key, grid, token(store.state, grid), (marked) => pin(marked, grid)))
      event.preventDefault();
  });
}

/** What the server is asked about the Swin on screen, cut as it is, and its chosen blocks. @param {import("../state").State} state */
export function request(state) {
  const { trace } = state;
  const { answer } = state.windows;
  const { model, window, shift, side, own } = answer;
  const usual = own.window === window && own.shift === shift && own.side === side;
  const cut = usual ? { window: null, shift: null, side: null } : { window, shift, side };
  const { pairs, pair } = view(state);
  return { picture: trace.picture.name, model, fit: trace.fit, ...cut, blocks: pairs[pair].blocks };
}
