/* A patch guessed on the picture: how far it was from the right one, and in what place it ranks. */
import * as format from "../core/format.js";
import { tokenName } from "../core/tokens.js";

const REACH = 1 / 8; // of a side: how far off a guess may be

/** Patches by which a guess may be off, in each direction. @param {number[]} grid */
export const allowance = ([rows, cols]) => Math.max(1, Math.round(REACH * Math.min(rows, cols)));

/** The allowance in words. @param {number[]} grid */
export function allowed(grid) {
  const patches = allowance(grid);
  return patches === 1 ? "A neighbour of the right patch counts too." : `Up to ${patches} patches off counts too.`;
}

/**
 * @param {number} guessed
 * @param {number[]} right patches, all as good
 * @param {number[]} grid
 * @param {ArrayLike<number>} [values] one a patch
 */
export function judge(guessed, right, grid, values) {
  const cols = grid[1];
  const away = (patch) => [Math.floor(patch / cols) - Math.floor(guessed / cols), (patch % cols) - (guessed % cols)];
  const nearest = right.reduce((a, b) => (Math.hypot(...away(b)) < Math.hypot(...away(a)) ? b : a));
  const off = Math.hypot(...away(nearest));
  const place = values && 1 + Array.from(values).filter((value) => value > values[guessed]).length;
  const rank = values ? ` It ranks ${format.outOf(place, values.length)}.` : "";
  return {
    nearest,
    right: Math.max(...away(nearest).map(Math.abs)) <= allowance(grid),
    words:
      off === 0
        ? ""
        : `Your ${tokenName(guessed, grid)} is ${off === 1 ? "1 patch" : `${Number(off.toFixed(1))} patches`} away.${rank}`,
  };
}
