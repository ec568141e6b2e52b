/* The words of a card's scores. */
import { make } from "../core/elements.js";

/** @typedef {{area: number, low: number, high: number}} Area of a map's curve, and the range of random maps */

const number = (/** @type {number} */ value) => value.toFixed(3);

/** How an area compares with random maps, by its printed digits. @param {Area} found @param {boolean} lowerIsBetter */
export function verdictOf({ area, low, high }, lowerIsBetter) {
  const [own, least, most] = [area, low, high].map((one) => Number(number(one)));
  if (own >= least && own <= most) return "≈ random";
  return own < least === lowerIsBetter ? "better" : "worse";
}

/** @param {string} name @param {Area} found @param {boolean} lowerIsBetter */
function scoreLine(name, found, lowerIsBetter) {
  const said = verdictOf(found, lowerIsBetter);
  const range = [found.low, found.high].map(number);
  const line = make("p", `line ${said === "better" ? "good" : said === "worse" ? "bad" : ""}`);
  line.textContent = `${name} ${number(found.area)} ${said} (${range.join("–")})`;
  line.title = `The area under the ${name} curve, ${lowerIsBetter ? "lower" : "higher"} is better; random maps reach ${range.join(" to ")}`;
  return line;
}

/** Two lines of a card. @param {{deletion: Area, insertion: Area}} scores */
export const scoreLines = ({ deletion, insertion }) => [
  scoreLine("deletion", deletion, true),
  scoreLine("insertion", insertion, false),
];
