/* What Explain says of the scores of maps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { outcome, range, verdict } from "../../vit_explorer/ui/attention/explain-words.js";

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

test("the outcome names the best map of each measure, or none", () => {
  const map = (/** @type {string} */ title, deletion = false, insertion = false) => ({
    title,
    deletion: { best: deletion },
    insertion: { best: insertion },
  });
  assert.equal(
    outcome("cat", [map("A", true), map("B", false, true)]),
    "For cat: best by deletion is A, by insertion B.",
  );
  assert.match(outcome("cat", [map("A", true, true), map("B")]), /A is best by deletion and by insertion/);
  assert.match(outcome("cat", [map("A"), map("B")]), /no map beats every random/);
  assert.match(outcome("cat", [map("A", true), map("B")]), /deletion is A, by insertion no map/);
});
