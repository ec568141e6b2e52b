/* What the masks and the position bias share: places in a window, why two tokens may not meet, and the key pointed at. */
import { integer, setting } from "../core/setting.js";
import * as store from "../core/store.js";
import { inkOf } from "../core/theme.js";
import { placeName } from "../core/tokens.js";
import * as windows from "./data.js";
import * as paint from "./paint.js";

export const NAMES = ["A not moved", "B from the left", "C from the top", "D from top and left"]; // regions of a rolled map
const EDGES = [
  { one: "row", all: "rows", edge: "top" },
  { one: "column", all: "columns", edge: "left" },
];
const followers = []; // of the key
let key = null; // {token, query, grid}: the other token of the pair that is pointed at
let kept = null; // the one that was clicked
let linked = null; // the key of a link, until it is known of which query
const patterns = new Map(); // "kind size ink" -> pattern

// ---- places --------------------------------------------------------------------------------------------------
export const placeOf = (block, token) => ({
  window: Math.floor(block.inverse[token] / block.n),
  place: block.inverse[token] % block.n,
});
export const tokenOf = (block, window, place) => block.order[window * block.n + place];
export const regionOf = (block, window, place) => block.regions[window * block.n + place];

/** Whether two places of a window hold tokens of one region: of a query and a key that may meet. */
export function meet(block, window, one, other, masked = true) {
  const [region, its] = [one, other].map((place) => regionOf(block, window, place));
  return region >= 0 && its >= 0 && (region === its || !masked);
}

/** Where a token lies on a map: "row 4, column 13". */
export const where = (token, [, cols]) => placeName(Math.floor(token / cols), token % cols);

// ---- words ---------------------------------------------------------------------------------------------------
/** What the roll carried: bit 1 of a region is rolled rows, bit 0 rolled columns. */
export function carried(block, bits) {
  const parts = EDGES.filter((_, axis) => (bits >> (1 - axis)) & 1).map(({ one, all, edge }) => {
    const by = block.shift[one === "row" ? 0 : 1];
    return `${by === 1 ? `${one} 1 comes` : `${all} 1–${by} come`} from the ${edge} edge`;
  });
  return `${parts.join(" and ")}; only the wrap-around put them here.`;
}

/** Why tokens of these two regions may not meet, as a sentence. */
export function reason(block, one, other) {
  return `They lie in different regions, ${NAMES[one][0]} and ${NAMES[other][0]}: ${carried(block, one ^ other)}`;
}

/** How many kinds of windows a block has by their masks, and how many windows have no mask. */
export function kinds(block) {
  const patterns = new Set(); // regions, numbered as they first occur
  let open = 0;
  for (let window = 0; window < block.regions.length / block.n; window++) {
    const regions = block.regions.subarray(window * block.n, (window + 1) * block.n);
    const met = [...new Set(regions)];
    patterns.add(
      Array.from(regions, (region) => (region < 0 ? "p" : met.filter((one) => one >= 0).indexOf(region))).join(),
    );
    if (met.length === 1 && met[0] >= 0) open++;
  }
  return { kinds: patterns.size, open };
}

// ---- colours -------------------------------------------------------------------------------------------------
export const tint = (region) => paint.tint(region);

/** [red, green, blue] of a colour of the palette, "#rrggbb". */
export const rgb = (hex) => [1, 3, 5].map((from) => parseInt(hex.slice(from, from + 2), 16));

/** Small crosses, one for each square of `size` px: what may not meet, as in the steps. */
export function crosses(context, size) {
  return pattern(context, "crosses", size, "--vx-bad", "--vx-apart", [
    [0.3, 0.3, 0.7, 0.7],
    [0.7, 0.3, 0.3, 0.7],
  ]);
}

/** Strokes: padding, as in the steps. */
export function strokes(context, size) {
  return pattern(context, "strokes", size, "--vx-soft", "--vx-faint", [
    [0, 0.5, 0.5, 0],
    [0, 1, 1, 0],
    [0.5, 1, 1, 0.5],
  ]);
}

function pattern(context, kind, size, ink, ground, lines) {
  const key = `${kind} ${size} ${inkOf(ink)}`;
  if (!patterns.has(key)) {
    const tile = Object.assign(document.createElement("canvas"), { width: 4 * size, height: 4 * size }); // sharp on any screen
    const drawing = tile.getContext("2d");
    drawing.scale(4 * size, 4 * size);
    drawing.fillStyle = inkOf(ground);
    drawing.fillRect(0, 0, 1, 1);
    drawing.strokeStyle = inkOf(ink);
    drawing.lineWidth = 1.1 / size;
    for (const [x1, y1, x2, y2] of lines) {
      drawing.beginPath();
      drawing.moveTo(x1, y1);
      drawing.lineTo(x2, y2);
      drawing.stroke();
    }
    const made = context.createPattern(tile, "repeat");
    made.setTransform(new DOMMatrix().scale(0.25));
    patterns.set(key, made);
  }
  return patterns.get(key);
}

// ---- the key -------------------------------------------------------------------------------------------------
/** Call `mark()` when another key is pointed at while the query stays. */
export const follow = (mark) => followers.push(mark);

/** The key that is pointed at together with the marked query in a map of this grid, or null. */
export function keyOf(/** @type {import("../state").State} */ state, grid) {
  if (linked !== null && linked < grid[0] * grid[1])
    key = kept = { token: linked, query: windows.token(state, grid), grid };
  linked = null;
  if (!key || key.grid.join() !== grid.join() || key.query !== windows.token(state, grid)) return null;
  return key.token;
}

/** Point at a pair of tokens of a map, `other` null for the query alone; with `keep` until another pair is kept. */
export function point(query, other, grid, keep = false) {
  const before = windows.token(store.state, grid);
  key = other === null ? null : { token: other, query, grid };
  if (keep) {
    kept = key;
    windows.pin(query, grid);
  } else if (query !== before)
    windows.point(query, grid); // all views are marked, with the new key
  else for (const mark of followers) mark();
}

/** Go back to what was kept. */
export function leave() {
  key = kept;
  windows.point(null);
  for (const mark of followers) mark();
}

/** The key that is kept, in a link. */
export const linkedKey = setting(
  integer(0),
  () => (kept && kept.query === windows.token(store.state, kept.grid) ? kept.token : null),
  (token) => {
    linked = token;
    if (token === null) key = kept = null;
    for (const mark of followers) mark(); // a view that was drawn before the link was read
  },
);

/** Keep nothing any more. */
export function letGo() {
  key = kept = null;
  windows.pin(null);
}
