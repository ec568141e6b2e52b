/* How the score of a map in Compare is worded. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "../../vit_explorer/ui/compare/score-words.js";

test("a map is judged by the range of random maps, by the digits that are printed", () => {
  const random = { low: 0.3, high: 0.4 };
  assert.equal(verdictOf({ area: 0.2, ...random }, true), "better");
  assert.equal(verdictOf({ area: 0.2, ...random }, false), "worse");
  assert.equal(verdictOf({ area: 0.5, ...random }, true), "worse");
  assert.equal(verdictOf({ area: 0.5, ...random }, false), "better");
  for (const area of [0.3, 0.35, 0.4, 0.2996, 0.4004]) assert.equal(verdictOf({ area, ...random }, true), "≈ random");
});
