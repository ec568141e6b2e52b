/* The table of the relative position bias: its entries as maps, which key an entry speaks of, and in words. */
/** @typedef {{head: number, down: number, along: number}} Entry `down` and `along`: rows and columns from the key to the query, as in the table */

const MAP = 70; // px of a map, at most
const LEAST = 3; // px of an entry
export const LABEL = 17; // px for the number of a head
const GAP = 10; // px between maps
export const ROOM = 4 * (MAP + GAP); // px for the maps beside each other

// ---- where things are --------------------------------------------------------------------------------------------
/** The maps of all heads in rows: the corner of each, and the entry under a point. Above the query is above. */
export function place(block, width, side = MAP) {
  const entries = 2 * block.window - 1;
  const cell = Math.max(LEAST, Math.floor(side / entries));
  const map = cell * entries;
  const across = Math.max(1, Math.min(block.heads, Math.floor((width + GAP) / (map + GAP))));
  const down = Math.ceil(block.heads / across);
  const corner = (head) => [(head % across) * (map + GAP) + 1, Math.floor(head / across) * (map + LABEL + 6) + LABEL];
  return {
    cell,
    map,
    corner,
    entries,
    width: across * (map + GAP) - GAP + 2,
    height: down * (map + LABEL + 6) - 4,
    at(x, y) {
      for (let head = 0; head < block.heads; head++) {
        const [row, col] = [y - corner(head)[1], x - corner(head)[0]].map((along) => Math.floor(along / cell));
        if (row >= 0 && row < entries && col >= 0 && col < entries)
          return { head, down: block.window - 1 - row, along: block.window - 1 - col };
      }
      return null;
    },
  };
}

export const value = (block, { head, down, along }) => {
  const entries = 2 * block.window - 1;
  return block.bias[(head * entries + down + block.window - 1) * entries + along + block.window - 1];
};

/** The same on a stage, where few maps are larger. */
export function onStage(block) {
  const times = block.heads <= 2 ? 2.4 : block.heads <= 4 ? 1.7 : 1;
  return place(block, ROOM * 1.5, MAP * times);
}

/** The place of the key of which an entry speaks, in the window of the query; null outside of it. */
export function keyPlace({ window }, query, { down, along }) {
  const [row, col] = [Math.floor(query / window) - down, (query % window) - along];
  return row >= 0 && row < window && col >= 0 && col < window ? row * window + col : null;
}

/** The entry for a pair of places. */
export const entryOf = ({ window }, head, query, key) => ({
  head,
  down: Math.floor(query / window) - Math.floor(key / window),
  along: (query % window) - (key % window),
});

// ---- words -----------------------------------------------------------------------------------------------------
const some = (n, one) => `${Math.abs(n)} ${one}${Math.abs(n) === 1 ? "" : "s"}`;

/** "2 rows below, 1 column left", of the key as seen from the query. */
export function direction({ down, along }) {
  const parts = [
    down && `${some(down, "row")} ${down < 0 ? "below" : "above"}`,
    along && `${some(along, "column")} ${along < 0 ? "right" : "left"}`,
  ];
  return parts.filter(Boolean).join(", ") || "where the query is";
}
