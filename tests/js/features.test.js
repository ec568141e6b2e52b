import assert from "node:assert/strict";
import { test } from "node:test";

import { cellThere, correlation, lowEnd, pairs } from "../../vit_explorer/ui/features/places.js";

const view = (/** @type {number} */ side, seen = 1) => ({ grid: [side, side], seen });

test("a cell is found in a finer and in a coarser grid of the same square", () => {
  assert.equal(cellThere(0, view(2), view(4)), 5); // its middle is a corner of four cells: the last of them
  assert.equal(cellThere(15, view(4), view(2)), 3);
  assert.equal(cellThere(6, view(4), view(4)), 6);
});

test("a network that crops more does not see the border, and what it sees lies further inside", () => {
  assert.equal(cellThere(0, view(8), view(8, 0.75)), null);
  assert.equal(cellThere(9, view(8), view(8, 0.75)), 0);
  assert.equal(cellThere(0, view(8, 0.75), view(8)), 9);
  assert.equal(cellThere(63, view(8, 0.75), view(8)), 54);
});

test("two maps are paired at the patches of the coarser one, both in the order in which they were given", () => {
  const [fine, coarse] = [Array.from({ length: 16 }, (_, k) => k), [100, 101, 102, 103]];
  assert.deepEqual(pairs(fine, view(4), coarse, view(2)), [
    [5, 100],
    [7, 101],
    [13, 102],
    [15, 103],
  ]);
  assert.deepEqual(pairs(coarse, view(2), fine, view(4), 1)[1], [102, 13]);
  assert.equal(pairs(fine, view(4), fine, view(4, 0.5)).length, 4);
});

test("correlation is Pearson's", () => {
  const numbers = /** @type {[number, number][]} */ ([
    [1, 2],
    [2, 1],
    [3, 4],
    [4, 3],
  ]);
  assert.ok(Math.abs(/** @type {number} */ (correlation(numbers)) - 0.6) < 1e-12);
  assert.equal(correlation(numbers.map(([a]) => [a, -2 * a])), -1);
  assert.equal(correlation(numbers.map(([a]) => [a, 3])), null);
});

test("one in a hundred numbers lies below the scale", () => {
  const many = new Int8Array(200).fill(50);
  many.set([-128, -100]);
  assert.equal(lowEnd(many), -100);
  assert.equal(lowEnd(many, new Int8Array(200).fill(20)), 20);
  assert.equal(lowEnd(new Int8Array(3).fill(127)), 126);
});
