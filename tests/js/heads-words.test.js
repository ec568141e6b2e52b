/* The words of the heads, and the mean over those of a layer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as data from "../../vit_explorer/ui/attention/data.js";
import * as words from "../../vit_explorer/ui/attention/heads-words.js";

const SEEN = {
  n: 4,
  heads: 2,
  grid: [2, 2],
  patchSize: 4,
  distance: [[2, 6]],
  entropy: [[1, 2]],
  means: new Map(),
  matrix: (/** @type {number} */ _, /** @type {number} */ head) =>
    [
      [0, 1],
      [1, 0.5],
    ][head],
};
/** @type {data.Chosen} */
const MEAN = { layer: 0, head: 1, mean: true, direction: "row", scale: "shared", beside: null };

test("numbers of the mean are the means of the heads' numbers", () => {
  assert.match(words.far(SEEN, MEAN), /^4\.0 px /);
  assert.match(words.far(SEEN, { ...MEAN, mean: false }), /^6\.0 px /);
  assert.match(words.bits(SEEN, MEAN), /average, 1\.50 of at most 2\.00 bits/);
  assert.equal(words.which(MEAN), "Layer 1, mean");
});

test("the farthest head is set against attention that prefers nothing", () => {
  assert.match(words.beyond(16.7, 16.5), /evenly reaches 16\.5 px too.* neither near nor far/);
  assert.match(words.beyond(20, 16.5), /prefers far/);
  assert.match(words.beyond(12, 16.5), /prefers near/);
});

test("the mean is one more column, where there are several heads", () => {
  assert.equal(data.columns(SEEN), 3);
  assert.equal(data.columns({ ...SEEN, heads: 1 }), 1);
  assert.equal(data.columnOf(SEEN, MEAN), 2);
  const shares = data.withMean(SEEN, (layer, head) => [layer + head, 3]);
  assert.deepEqual([...shares(0, 2)], [0.5, 3]);
  assert.deepEqual(shares(0, 1), [1, 3]);
});

test("the mean of matrices waits for all of them", () => {
  assert.deepEqual([...data.matrix(SEEN, MEAN)], [0.5, 0.75]);
  assert.equal(data.matrix({ ...SEEN, matrix: (_, head) => [[1], undefined][head] }, MEAN), undefined);
  assert.equal(data.matrix({ ...SEEN, matrix: (_, head) => [[1], null][head] }, MEAN), null);
});

test("a clipped scale says so at its end", () => {
  assert.match(words.scaleEnd("shared", 0.0892), /^8.92\s% or more$/);
  assert.match(words.scaleKind("shared"), /Clipped/);
});

test("what two heads have in common is the part of their attention that falls on the same tokens", () => {
  assert.equal(words.overlap([0.5, 0.25, 0.25, 0], [0.25, 0.5, 0, 0.25]), 0.5);
  assert.equal(words.overlap([1, 0], [0, 1]), 0);
  assert.equal(words.overlap([0.75, 0.25], [0.75, 0.25]), 1);
});
