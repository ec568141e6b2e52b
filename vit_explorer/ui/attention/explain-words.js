/* What Explain says of an answer and of the scores of its maps. Pure functions. */
import * as format from "../core/format.js";
import { leading, part, where } from "./explain-place.js";

/** @typedef {"deletion" | "insertion"} Measure */
/** @typedef {{area: number, verdict: string, best: boolean}} Score */
/** @typedef {{mean: number, low: number, high: number, n: number}} Yardstick of random maps */
/** @typedef {{style: string, text: string, title: string}} Word */

export const NAMES = {
  deletion: { name: "Deletion", title: "patches are erased, the strongest first: lower is better" },
  insertion: { name: "Insertion", title: "patches are put back, the strongest first: higher is better" },
};

/** @type {Record<string, Word>} */
const VERDICTS = {
  better: { style: "best", text: "✓ beats random", title: "better than every random map" },
  like: { style: "like", text: "≈ random", title: "no better than random maps" },
  worse: { style: "worse", text: "✗ loses to random", title: "worse than every random map" },
  none: { style: "like", text: "flat", title: "the map is the same everywhere: it puts no patch before another" },
};

/** What a map's score means: every verdict has a word. @param {Score} score @returns {Word} */
export function verdict({ verdict: found, best }) {
  return best ? { ...VERDICTS.better, text: "✓ best of these" } : VERDICTS[found];
}

/**
 * Which part of the picture an answer comes from, by the map that finds it best; `patches` are those that it hangs on.
 * @param {{className: string, answered: boolean, methods: import("./explain-place.js").Scored[], fractions: number[], grid: number[], erased: string}} of
 *   `answered`: whether the class is the answer; `erased`: what an erased patch is, such as "blurred"
 * @returns {{says: string, told: string, patches: number[], name: string | null, step: number | null}} `told`: what is measured, at that `step`; `name` of the map
 */
export function because({ className, answered, methods, fractions, grid, erased }) {
  const method = leading(methods);
  const none = { told: "", patches: [], name: method?.name ?? null, step: null };
  if (!method)
    return {
      ...none,
      says: `Which part of the picture says ${className}? None of these maps finds it better than chance.`,
    };
  const found = part(method, fractions);
  const [before] = method.deletion.probabilities;
  if (!found) {
    const rest = format.probability(method.deletion.probabilities.at(-1) ?? before);
    return { ...none, says: `No part decides: with the whole picture ${erased}, ${className} still has ${rest}.` };
  }
  const { step, patches, after } = found;
  const [n, place] = [patches.length, where(patches, grid)];
  const says = !place
    ? `No one place decides: ${className} rests on ${format.plural(n, "patch", "patches")} spread over the picture.`
    : answered
      ? `It says ${className} mostly because of ${place}.`
      : `${format.capital(className)} has its ${format.probability(before)} mostly from ${place}.`;
  const change = `${format.probability(before)} → ${format.probability(after)}`.replaceAll(" ", "\u00a0"); // in one line
  const told = `${format.outOf(n, grid[0] * grid[1])} ${erased}: ${change}`;
  return { says, told, patches, name: method.name, step };
}

/**
 * Which map each measure speaks for, or that it speaks for none; whose first patches are outlined, and how many.
 * @param {string} className @param {{title: string, deletion: {best: boolean}, insertion: {best: boolean}}[]} methods
 * @param {number} outlined
 */
export function outcome(className, methods, outlined = 0) {
  const [deletion, insertion] = /** @type {Measure[]} */ (["deletion", "insertion"]).map((measure) =>
    methods
      .filter((method) => method[measure].best)
      .map(({ title }) => title)
      .join(" and "),
  );
  if (!deletion && !insertion) return `For ${className}: no map beats every random map.`;
  const drawn = outlined ? ` (outlined: its first ${format.plural(outlined, "patch", "patches")})` : "";
  if (deletion === insertion) return `For ${className}: ${deletion}${drawn} is best by deletion and by insertion.`;
  const none = "no map (none beats every random one)";
  return `For ${className}: best by deletion is ${deletion ? deletion + drawn : none}, by insertion ${insertion || none}.`;
}

/** How far the scores of random maps reach. @param {Yardstick} random @returns {Word} */
export const range = ({ mean, low, high, n }) => ({
  style: "like",
  text: `from ${low.toFixed(2)} to ${high.toFixed(2)}`,
  title: `mean of ${n} random maps ${mean.toFixed(3)}; the lowest ${low.toFixed(3)}, the highest ${high.toFixed(3)}`,
});
