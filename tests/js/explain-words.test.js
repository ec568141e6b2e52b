/* What Explain says of the scores of maps. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { where } from "../../vit_explorer/ui/attention/explain-place.js";
import { because, outcome, range, verdict } from "../../vit_explorer/ui/attention/explain-words.js";

test("every verdict has a word of its own, and a map better than random is said to be so", () => {
  const texts = ["better", "like", "worse", "none"].map(
    (one) => verdict({ area: 0.4, verdict: one, best: false }).text,
  );
  assert.equal(new Set(texts).size, 4);
  assert.ok(texts.every(Boolean));
  assert.match(texts[0], /beats random/);
  assert.match(verdict({ area: 0.3, verdict: "better", best: true }).text, /best/);
});

test("a range says how far random maps reach", () => {
  assert.equal(range({ mean: 0.5, low: 0.394, high: 0.6, n: 20 }).text, "from 0.39 to 0.60");
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
  assert.match(outcome("cat", [map("A", true), map("B")], 3), /is A \(outlined: its first 3 patches\), by/);
  assert.match(outcome("cat", [map("A", true, true), map("B")]), /A is best by deletion and by insertion/);
  assert.match(outcome("cat", [map("A"), map("B")]), /no map beats every random/);
  assert.match(outcome("cat", [map("A", true), map("B")]), /deletion is A, by insertion no map/);
});

test("patches lie in places of nine, in a half, or all over the picture", () => {
  const grid = [8, 8];
  assert.equal(where([0, 1, 8], grid), "the top left");
  assert.equal(where([56, 57, 48, 24], grid), "the bottom left");
  assert.equal(where([0, 1, 24, 25, 56, 57], grid), "the left side");
  assert.equal(where([0, 3, 7], grid), "the top");
  assert.equal(where([27, 28, 0, 1], grid), "the top left and the centre");
  assert.equal(where([34, 36, 38], grid), "the middle from left to right");
  assert.equal(where([36, 51, 12, 21, 35, 20], grid), "the middle from top to bottom");
  assert.equal(where([0, 7, 56], grid), "the top left, the top right and the bottom left");
  assert.equal(where([13, 1, 21, 12, 42, 26, 22, 36], grid), "the upper half");
  assert.equal(where([0, 7, 27, 56, 63], grid), null);
  assert.equal(where([3], [2, 2]), "the bottom right");
});

test("an answer comes from the fewest first patches of the best map without which half of it is gone", () => {
  const map = (/** @type {string} */ title, /** @type {boolean} */ best, /** @type {number[]} */ probabilities) => ({
    title,
    name: title.toLowerCase(),
    order: [0, 1, 8, 63],
    deletion: { best, probabilities },
  });
  const of = { className: "cat", answered: true, fractions: [0, 0.25, 0.5, 0.75, 1], grid: [8, 8], erased: "blurred" };
  const falls = map("A", true, [0.8, 0.7, 0.5, 0.39, 0.1]);
  const found = because({ ...of, methods: [map("B", false, [0.8, 0.1, 0.1, 0.1, 0.1]), falls] });
  assert.equal(found.says, "It says cat mostly because of the top left.");
  assert.equal(found.told.replaceAll("\u00a0", " "), "3 of 64 blurred: 80.0 % → 39.0 %");
  assert.deepEqual([found.patches, found.name, found.step], [[0, 1, 8], "a", 3]);
  const spread = because({ ...of, methods: [{ ...map("A", true, [0.8, 0.7, 0.6, 0.5, 0.1]), order: [0, 7, 56, 63] }] });
  assert.equal(spread.says, "No one place decides: cat rests on 4 patches spread over the picture.");
  const other = because({ ...of, answered: false, methods: [falls] });
  assert.equal(other.says, "Cat has its 80.0 % mostly from the top left.");
  const holds = because({ ...of, methods: [map("A", true, [0.8, 0.7, 0.6, 0.6, 0.69])] });
  assert.match(holds.says, /^No part decides: .* blurred, cat still has 69\.0 %/);
  assert.deepEqual([holds.patches, holds.name], [[], "a"]);
  const blind = because({ ...of, methods: [map("A", false, [0.8, 0.1, 0.1, 0.1, 0.1])] });
  assert.match(blind.says, /None of these maps/);
  assert.deepEqual([blind.patches, blind.name, blind.told], [[], null, ""]);
});
