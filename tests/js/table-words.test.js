/* What is said of the networks above their table follows from their numbers. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { finding } from "../../vit_explorer/ui/compare/table-words.js";

const row = (/** @type {string} */ name, /** @type {number} */ test_accuracy, /** @type {number} */ multiply_adds) => ({
  name,
  short: name.split("-")[0],
  test_accuracy,
  multiply_adds,
});

test("the network that is right most often, and how near the cheapest comes", () => {
  const said = finding([row("vit-a", 0.87, 50e6), row("cnn-a", 0.934, 200e6), row("swin-a", 0.9, 80e6)]);
  assert.equal(said, "cnn is best, 93.4 %; vit is 6.4 points behind for 4.00 × fewer multiply-adds");
  assert.match(finding([row("vit-a", 0.95, 50e6), row("cnn-a", 0.934, 200e6)]), /^vit .* costs least, 50\.0 M/);
  assert.match(finding([row("vit-a", 0.87, 50e6), row("vit-b", 0.9, 60e6)]), /^vit-b .*; vit-a is 3\.0/);
  assert.match(finding([row("vit-a", 0.87, 50e6)]), /^vit is right on 87\.0 %/);
  assert.equal(finding([]), "");
});
