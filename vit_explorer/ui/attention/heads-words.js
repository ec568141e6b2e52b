/* The words of the heads: who gives how much to whom, how far a head looks, what the scale of the maps means. */
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { prefixName, tokenName } from "../core/tokens.js";
import { uniform } from "./layers-reach.js";

/**
 * Who gives how much to whom, as parts of a paragraph.
 * @param {any} seen
 * @param {{direction: string, token: number, other: number, share: number, most: boolean}} what `most`: no share is larger
 */
export function pair(seen, { direction, token, other, share, most }) {
  const name = (which, style) => make("span", style, tokenName(which, seen.grid));
  const [query, key, value] = [name(token, "query"), name(other, "key"), make("strong", "", format.attention(share))];
  const alike = format.attention(1 / seen.n); // of a giver that prefers no token
  if (direction === "row") {
    const largest = most ? ", the largest share of all" : "";
    return [query, " gives ", value, " to ", key, `${largest}; ${alike} each if it looked everywhere alike.`];
  }
  const largest = most ? ", more than any other token" : "";
  return [key, " gives ", value, " to ", query, `${largest}; ${alike} if it looked everywhere alike.`];
}

/** Which head this is, and its share of the first token in front of the patches. */
export function head(seen, { layer, head, direction }, values) {
  const gets = direction === "row" ? "gets" : "gives";
  const cls = seen.nPrefix ? `: ${prefixName(0)} ${gets} ${format.attention(values[0])}` : "";
  return `Layer ${layer + 1}, head ${head + 1}${cls}.`;
}

export const far = (seen, { layer, head }) =>
  `${format.pixels(seen.distance[layer][head])} (${format.pixels(uniform(seen.grid, seen.patchSize))} if all looked everywhere alike)`;

export const bits = (seen, { layer, head }) =>
  `${seen.entropy[layer][head].toFixed(2)} of at most ${Math.log2(seen.n).toFixed(2)} bits`;

/** What is drawn beside a map, of the tokens in front of the patches. @param {string[]} names */
export const beside = (names) =>
  names.length > 1 ? `; the cells beside it, from above: ${names.join(", ")}` : `; the bar beside it is ${names[0]}`;

/** Where the scale of the maps ends, and what may be compared. @param {string} scale @param {number} limit */
export const scaleEnd = (scale, limit) => (scale === "shared" ? format.attention(limit) : "its largest share");

export const scaleKind = (/** @type {string} */ scale) =>
  scale === "shared"
    ? "One scale for all maps and queries of this picture; the largest 1 % of all shares are clipped."
    : "Each map has a scale of its own: do not compare the maps with each other.";
