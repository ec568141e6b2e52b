/* How far attention looks that prefers nothing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { uniform } from "../../vit_explorer/ui/attention/layers-reach.js";

test("the distance of even attention is the mean over all pairs of patches, the patch itself among them", () => {
  assert.equal(uniform([1, 2], 4), 2);
  assert.equal(uniform([2, 2], 1), (2 + Math.SQRT2) / 4);
  for (const [rows, cols] of [
    [8, 8],
    [3, 5],
  ]) {
    const n = rows * cols;
    let sum = 0;
    for (let a = 0; a < n; a++)
      for (let b = 0; b < n; b++)
        sum += Math.hypot(Math.floor(a / cols) - Math.floor(b / cols), (a % cols) - (b % cols));
    assert.ok(Math.abs(uniform([rows, cols], 4) - (4 * sum) / n ** 2) < 1e-9);
  }
});
