/* Tokens of the page: their numbers, names, and the keys that move a mark. */
import { ARROWS } from "./pointer.js";
import * as store from "./store.js";

export const [CLS_TOKEN, DISTILLATION_TOKEN] = [-1, -2]; // below 0: the learned tokens in front of the patches, from the first on

/** The place in the sequence of a token of the page, with so many learned tokens in front of the patches; and back. */
export const tokenIndex = (token, nPrefix) => (token < 0 ? -token - 1 : token + nPrefix);
export const tokenOfIndex = (index, nPrefix) => (index < nPrefix ? -index - 1 : index - nPrefix);

/** What the shown model calls its tokens in front of the patches: "CLS", "distillation", "register 1". */
export const prefixNames = () => (store.get("model") || { prefix_names: [] }).prefix_names;

/** What a token in front of the patches is called, by its index in the sequence; in short where room is little. */
export function prefixName(index, short = false, names = prefixNames()) {
  const name = names[index] || patchName(index, "token");
  return short ? name.replace("distillation", "DIST").replace("register ", "R") : name;
}

/** Where something lies on a grid, from its indices: "row 2, column 5". People count from 1, scripts and links from 0. @param {number} row @param {number} column */
export const placeName = (row, column) => `row ${row + 1}, column ${column + 1}`;

/** A patch, or another token of a map, by its index: "patch 13". @param {number} index @param {string} noun */
export const patchName = (index, noun = "patch") => `${noun} ${index + 1}`;

/** The same with its place: "patch 13 (row 2, column 5)". @param {number} index @param {number[]} grid */
export const placedName = (index, [, cols], noun = "patch") =>
  `${patchName(index, noun)} (${placeName(Math.floor(index / cols), index % cols)})`;

/** What a token is called: "CLS" or "patch 13 (row 2, column 5)". @param {number | null} token @param {number[]} grid */
export function tokenName(token, grid, names = prefixNames()) {
  if (token === null) return "no patch";
  return token < 0 ? prefixName(-token - 1, false, names) : placedName(token, grid);
}

/** The patch in the middle of the picture, which is marked before anybody has marked another. @param {number[]} grid */
export const middleToken = ([rows, cols]) => Math.floor(rows / 2) * cols + Math.max(0, Math.floor(cols / 2) - 1);

/** Move a mark by a key: the page's token, or `marked` by `choose`. Returns whether the key means anything here. @param {string} key @param {number[]} grid */
export function moveToken(key, grid, marked = store.get("token"), choose = store.pin) {
  const [rows, cols] = grid;
  if (key === "Escape") choose(null);
  else if (!(key in ARROWS)) return false;
  else {
    const from = marked === null || marked < 0 ? 0 : marked;
    const row = Math.max(0, Math.min(rows - 1, Math.floor(from / cols) + ARROWS[key][0]));
    const col = Math.max(0, Math.min(cols - 1, (from % cols) + ARROWS[key][1]));
    choose(row * cols + col);
  }
  return true;
}
