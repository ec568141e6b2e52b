/* The words of the heads: who gives how much to whom, how far a head looks, what the scale of the maps means. */
import { make } from "../core/elements.js";
import * as format from "../core/format.js";
import { prefixName, tokenName } from "../core/tokens.js";
import { strongest } from "./data.js";
import { uniform } from "./layers-reach.js";

/**
 * Who gives how much to whom, as parts of a paragraph.
 * @param {any} seen
 * @param {{direction: string, token: number, other: number, share: number, most: boolean, of: string}} what `most`: no share is
 *   larger; `of`: the map, where nothing else near the words names it
 */
export function pair(seen, { direction, token, other, share, most, of }) {
  const row = direction === "row";
  const [giver, getter] = row ? [token, other] : [other, token];
  const [from, to] = row ? ["query", "key"] : ["key", "query"];
  const largest = row ? ", more than to any other" : ", more than any other does";
  const name = tokenName(giver, seen.grid);
  return [
    of && `${of}: `,
    make("span", from, of ? name : format.capital(name)),
    " gives ",
    make("strong", "", format.attention(share)),
    " to ",
    make("span", to, tokenName(getter, seen.grid)),
    `${most ? largest : ""}; spread evenly it would be ${format.attention(1 / seen.n)}.`,
  ];
}

/**
 * What the query gives to, or gets from, one token in two heads, or the strongest of each: as parts of a paragraph.
 * @param {any} seen @param {import("./data.js").Chosen} chosen @param {number} token the query @param {number | null} pointed the other token, null for the strongest
 * @param {ArrayLike<number>[]} both shares of the chosen head and of the one beside it, (n,) each
 */
export function two(seen, chosen, token, pointed, both) {
  const row = chosen.direction === "row";
  const [query, key, to] = row ? ["query", "key", "to"] : ["key", "query", "from"];
  const most = pointed === null ? "most " : "";
  const parts = [chosen, chosen.beside].flatMap((one, k) => {
    const other = pointed ?? strongest(seen, both[k]);
    const head = which(one).toLowerCase();
    const subject = k
      ? [`; in ${head}, ${to} `]
      : [`In ${head}, `, make("span", query, shortName(token)), ` ${row ? "gives" : "gets"} ${most}${to} `];
    const share = make("strong", "", format.attention(both[k][seen.indexOf(other)]));
    return [...subject, make("span", key, shortName(other)), ": ", share];
  });
  if (!row) return [...parts, "."];
  return [...parts, `. In common: ${format.percent(overlap(both[0], both[1]), 0)} of their attention.`];
}

const shortName = (/** @type {number} */ token) => (token < 0 ? prefixName(-token - 1) : `patch ${token + 1}`);

/** What two distributions have in common, from 0 to 1. @param {ArrayLike<number>} one @param {ArrayLike<number>} other */
export const overlap = (one, other) =>
  Array.from(one).reduce((sum, share, index) => sum + Math.min(share, other[index]), 0);

/** Which map is enlarged: a head's, or the mean of a layer. @param {{layer: number, head: number, mean: boolean}} chosen */
export const which = ({ layer, head, mean }) => `Layer ${layer + 1}, ${mean ? "mean" : `head ${head + 1}`}`;

/** What a small map holds, and what a query is. @param {string} direction */
export const gives = (direction) =>
  direction === "row"
    ? "the query (the token that looks) gives to each patch"
    : "each patch gives to the query (the token looked at)";

/** Which map this is, and its share of the first token in front of the patches. */
export function head(seen, chosen, values) {
  const gets = chosen.direction === "row" ? "gets" : "gives";
  const cls = seen.nPrefix ? `: ${prefixName(0)} ${gets} ${format.attention(values[0])}` : "";
  return `${which(chosen)}${cls}.`;
}

/** A number of the chosen head; of the mean the mean of its heads' numbers. @param {number[][]} numbers */
const numberOf = (numbers, { layer, head, mean }) =>
  mean ? numbers[layer].reduce((sum, one) => sum + one, 0) / numbers[layer].length : numbers[layer][head];

export const far = (seen, chosen) =>
  `${format.pixels(numberOf(seen.distance, chosen))} (${format.pixels(uniform(seen.grid, seen.patchSize))} if all looked everywhere alike)`;

const ALIKE = 0.05; // of the even distance: a difference below it is hardly one

/** What the farthest head's distance means beside that of attention to all patches alike. @param {number} pixels @param {number} even */
export function beyond(pixels, even) {
  const alike = `attention spread evenly reaches ${format.pixels(even)}`;
  if (pixels > (1 + ALIKE) * even) return `; ${alike}, so it prefers far patches.`;
  if (pixels < (1 - ALIKE) * even) return `; ${alike}, so even this head prefers near patches.`;
  return `; ${alike} too, so it prefers neither near nor far.`;
}

/** How widely attention is spread, with what the ends of the scale mean. */
export const bits = (seen, chosen) =>
  `${chosen.mean ? "of its heads, on average, " : ""}${numberOf(seen.entropy, chosen).toFixed(2)} of at most ${Math.log2(seen.n).toFixed(2)} bits (0: all on one token; the most: spread evenly)`;

/** What is drawn beside a map, of the tokens in front of the patches. @param {string[]} names */
export const beside = (names) =>
  names.length > 1 ? `; the cells beside it, from above: ${names.join(", ")}` : `; the bar is ${names[0]}`;

/** Where the scale of the maps ends, and what may be compared. @param {string} scale @param {number} limit */
export const scaleEnd = (scale, limit) =>
  scale === "shared" ? `${format.attention(limit)} or more` : "its largest share";

export const scaleKind = (/** @type {string} */ scale) =>
  scale === "shared"
    ? "Clipped: the largest 1 % of all shares look alike."
    : "A scale for each map: do not compare the maps.";
