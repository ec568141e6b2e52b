/* What Explain says of the scores of maps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { range, verdict } from "../../vit_explorer/ui/attention/explain-words.js";

test("every verdict has a word of its own, and a map better than random is said to be so", () => {
  const texts = ["better", "like", "worse", "none"].map(
    (one) => verdict({ area: 0.4, verdict: one, best: false }).text,
  );
  assert.equal(new Set(texts).size, 4);
  assert.ok(texts.every(Boolean));
  assert.match(texts[0], /better than random/);
  assert.match(verdict({ area: 0.3, verdict: "better", best: true }).text, /best/);
});

test("a range says of how many random maps it is", () => {
  assert.equal(range({ mean: 0.5, low: 0.394, high: 0.6, n: 20 }).text, "20 maps: 0.39 to 0.60");
});
