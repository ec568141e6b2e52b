/* What the hierarchy shows, in a sentence. */
import * as format from "../core/format.js";

/** What merging makes of the first map. @param {import("./hierarchy.js").Hierarchy} hierarchy */
export function merged({ title, stages }) {
  const tokens = ({ grid }) => format.count(grid[0] * grid[1]);
  const [first, last] = [stages[0], stages[stages.length - 1]];
  const begins = `${title}: ${tokens(first)} tokens of ${format.count(first.dModel)} numbers`;
  return stages.length > 1 ? `${begins} become ${tokens(last)} of ${format.count(last.dModel)}` : begins;
}
