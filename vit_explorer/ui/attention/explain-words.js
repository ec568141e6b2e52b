/* What Explain says of a map's scores. Pure functions. */

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
  better: { style: "best", text: "✓ better than random", title: "better than every random map" },
  like: { style: "like", text: "≈ random", title: "no better than random maps" },
  worse: { style: "worse", text: "✗ worse than random", title: "worse than every random map" },
  none: { style: "like", text: "flat", title: "the map is the same everywhere: it puts no patch before another" },
};

/** What a map's score means: every verdict has a word. @param {Score} score @returns {Word} */
export function verdict({ verdict: found, best }) {
  return best ? { ...VERDICTS.better, text: "✓ best of these maps" } : VERDICTS[found];
}

/**
 * Which map each measure speaks for, or that it speaks for none.
 * @param {string} className @param {{title: string, deletion: {best: boolean}, insertion: {best: boolean}}[]} methods
 */
export function outcome(className, methods) {
  const [deletion, insertion] = /** @type {Measure[]} */ (["deletion", "insertion"]).map((measure) =>
    methods
      .filter((method) => method[measure].best)
      .map(({ title }) => title)
      .join(" and "),
  );
  if (!deletion && !insertion) return `For ${className}: no map beats every random map.`;
  if (deletion === insertion) return `For ${className}: ${deletion} is best by deletion and by insertion.`;
  const none = "no map (none beats every random one)";
  return `For ${className}: best by deletion is ${deletion || none}, by insertion ${insertion || none}.`;
}

/** How far the scores of random maps reach. @param {Yardstick} random @returns {Word} */
export const range = ({ mean, low, high, n }) => ({
  style: "like",
  text: `${n} maps: ${low.toFixed(2)} to ${high.toFixed(2)}`,
  title: `mean of ${n} random maps ${mean.toFixed(3)}; the lowest ${low.toFixed(3)}, the highest ${high.toFixed(3)}`,
});
