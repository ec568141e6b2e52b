/* What the hierarchy shows, in a sentence. */
import * as format from "../core/format.js";

/** How many tokens merging makes of those of the first map. @param {import("./hierarchy.js").Hierarchy} hierarchy */
export function merged({ title, stages }) {
  const [first, ...others] = stages.map(({ grid }) => format.count(grid[0] * grid[1]));
  return others.length
    ? `${title}: ${first} tokens become ${others.join(", then ")}`
    : `${title}: ${first} tokens, never merged`;
}
