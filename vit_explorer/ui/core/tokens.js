/* Tokens of the page: their numbers, names, and the keys that move a mark. */
import * as store from "./store.js";

export const [CLS_TOKEN, DISTILLATION_TOKEN] = [-1, -2]; // below 0: the learned tokens in front of the patches, from the first on

/** The place in the sequence of a token of the page, with so many learned tokens in front of the patches; and back. */
export const tokenIndex = (token, nPrefix) => (token < 0 ? -token - 1 : token + nPrefix);
export const tokenOfIndex = (index, nPrefix) => (index < nPrefix ? -index - 1 : index - nPrefix);

/** What the shown model calls its tokens in front of the patches: "CLS", "distillation", "register 1". */
export const prefixNames = () => (store.get("model") || { prefix_names: [] }).prefix_names;

/** What a token in front of the patches is called, by its place in the sequence; in short where room is little. */
export function prefixName(index, short = false, names = prefixNames()) {
  const name = names[index] || `token ${index}`;
  return short ? name.replace("distillation", "DIST").replace("register ", "R") : name;
}

/** What a token is called: "CLS" or "patch 12 (row 1, column 4)". Rows and columns count from 0, as indices do. */
export function tokenName(token, grid, names = prefixNames()) {
  if (token === null) return "no patch";
  return token < 0
    ? prefixName(-token - 1, false, names)
    : `patch ${token} (row ${Math.floor(token / grid[1])}, column ${token % grid[1]})`;
}

/** The patch in the middle of the picture, which is marked before anybody has marked another. @param {number[]} grid */
export const middleToken = ([rows, cols]) => Math.floor(rows / 2) * cols + Math.max(0, Math.floor(cols / 2) - 1);

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/** Move a mark by a key: the page's token, or `marked` by `choose`. Returns whether the key means anything here. @param {string} key @param {number[]} grid */
export function moveToken(key, grid, marked = store.get("token"), choose = store.pin) {
  const [rows, cols] = grid;
  if (key === "Escape") choose(null);
  else if (!(key in MOVES)) return false;
  else {
    const from = marked === null || marked < 0 ? 0 : marked;
    const row = Math.max(0, Math.min(rows - 1, Math.floor(from / cols) + MOVES[key][0]));
    const col = Math.max(0, Math.min(cols - 1, (from % cols) + MOVES[key][1]));
    choose(row * cols + col);
  }
  return true;
}
