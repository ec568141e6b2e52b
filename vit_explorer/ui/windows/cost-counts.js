/* What attention costs, counted in the browser as cost/attention.py counts it; and results as the Cost view reads them. */
import { times } from "../core/format.js";

/** @typedef {{d_model: number, n_heads: number, window: number}} Setting */

/** Multiply-adds and entries of the attention matrix of one head, on a map of side × side tokens. */
export function whole(side, { d_model: d }) {
  const n = side ** 2;
  return cost(4 * n * d ** 2, 2 * n ** 2 * d, n ** 2);
}

/** The same in windows. The map is padded to whole windows; only the output projection leaves padding out. */
export function windowed(side, { d_model: d, window: w }) {
  const [n, places] = [side ** 2, (Math.ceil(side / w) * w) ** 2];
  return { ...cost((3 * places + n) * d ** 2, 2 * places * w ** 2 * d, places * w ** 2), padded: places - n };
}

const cost = (projections, attention, entries) => ({
  projections,
  attention,
  entries,
  module: projections + attention,
});

/** What windows save on a map of side × side tokens, in a sentence. @param {number} side @param {Setting} setting */
export function saving(side, setting) {
  const w = `${setting.window} × ${setting.window}`;
  if (setting.window === side) return `One window of ${w} holds the whole map: it saves nothing`;
  const ratio = whole(side, setting).module / windowed(side, setting).module;
  if (ratio < 1) return `Windows of ${w} cost ${times(1 / ratio)} more here: the map is padded to whole windows`;
  return `In windows of ${w} a layer makes ${times(ratio)} fewer multiply-adds`;
}

export const sameSetting = (a, b) => a.d_model === b.d_model && a.n_heads === b.n_heads && a.window === b.window;

/** On which measured sides, of a result's points in one way, windows were slower, and on which they were not. */
export function sidesOf(points, way) {
  const row = points.filter((point) => point.way === way && point.whole).sort((a, b) => a.side - b.side);
  const sides = (test) => row.filter(test).map(({ side }) => side);
  return {
    slower: sides((point) => point.whole.median < point.windowed.median),
    quicker: sides((point) => point.whole.median >= point.windowed.median),
  };
}
