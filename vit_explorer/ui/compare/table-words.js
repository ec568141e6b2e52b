/* What the table of networks shows, in a sentence. */
import * as format from "../core/format.js";

/** @typedef {{name: string, short: string, test_accuracy: number, multiply_adds: number}} Row of networks that were tested on the same pictures */

/** Which network is right most often, and how near the cheapest comes; "" where there is none. @param {Row[]} rows */
export function finding(rows) {
  if (!rows.length) return "";
  const named = ({ name, short }) => (rows.filter((row) => row.short === short).length > 1 ? name : short);
  const best = rows.reduce((one, other) => (other.test_accuracy > one.test_accuracy ? other : one));
  const least = rows.reduce((one, other) => (other.multiply_adds < one.multiply_adds ? other : one));
  const first = `${named(best)} is best, ${format.percent(best.test_accuracy)}`;
  if (rows.length === 1) return `${named(best)} is right on ${format.percent(best.test_accuracy)} of its test pictures`;
  if (best === least) return `${first}, and costs least, ${format.short(best.multiply_adds)} multiply-adds`;
  const behind = format.pointsBetween(least.test_accuracy, best.test_accuracy).toFixed(1);
  const fewer = format.times(best.multiply_adds / least.multiply_adds);
  return `${first}; ${named(least)} is ${behind} points behind for ${fewer} fewer multiply-adds`;
}
