/* What the nearest pictures say, in words and marks. */
import * as format from "../core/format.js";

/** @typedef {{label: string, votes: number, neighbours: {picture: {truth: string | null}}[]}} Answer of the server */

/** How many have the commonest label, and whether it is the picture's own. @param {Answer} answer @param {string} source the dataset @param {string | null} own */
export function finding({ neighbours, label, votes }, source, own) {
  const said = `${format.outOf(votes, neighbours.length)} of the nearest test pictures of ${source} are labelled ${label}`;
  if (own === null) return said;
  return own === label ? `${said}, as this one is` : `${said}; this one is labelled ${own}`;
}

/** How many of them have each label, the commonest first. @param {Answer} answer @returns {[string, number][]} */
export function tally({ neighbours }) {
  const counts = new Map();
  for (const { picture } of neighbours) counts.set(picture.truth, (counts.get(picture.truth) ?? 0) + 1);
  return [...counts].sort((one, other) => other[1] - one[1]);
}

/** Whether a neighbour has the picture's label: "same", "other", or "" where the picture has none here. @param {string | null} own @param {string | null} truth */
export const sameness = (own, truth) => (own === null ? "" : own === truth ? "same" : "other");
