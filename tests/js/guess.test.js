import assert from "node:assert/strict";
import { test } from "node:test";
import * as guess from "../../vit_explorer/ui/core/guess.js";
import { allowance, judge } from "../../vit_explorer/ui/guess/patch.js";
import { score, subjectOf } from "../../vit_explorer/ui/guess/score.js";

test("words take the place of what stands in braces, and what has none stays", () => {
  assert.equal(guess.filled("{a} of {b}, {c}", { a: 3, b: "five" }), "3 of five, {c}");
});

test("the largest numbers lead, several where three digits cannot tell them apart", () => {
  assert.deepEqual(guess.leaders([0.1, 0.3, 0.2]), [1]);
  assert.deepEqual(guess.leaders(Float32Array.of(0.3, 0.1, 0.2995)), [0, 2]);
  assert.deepEqual(guess.leaders([-0.5, -0.3, -0.2]), [2]);
  assert.deepEqual(guess.ascending([4, 1024, 16, 4]), ["4", "16", "1,024"]);
});

test("what became of an answer follows from the numbers as they are printed", () => {
  const before = [0.9, 0.1, 0];
  assert.equal(guess.outcomeOf(before, [0.85, 0.1, 0.05]), 0);
  assert.equal(guess.outcomeOf(before, [0.84, 0.1, 0.06]), 1);
  assert.equal(guess.outcomeOf([0.9, 0.1], [0.96, 0.04]), 1);
  assert.equal(guess.outcomeOf(before, [0.4, 0.5, 0.1]), 2);
  assert.equal(guess.outcomes("cat").length, 3);
  const words = guess.outcomeWords(["cat", "dog"], [0.9, 0.1], [0.4, 0.6]);
  assert.deepEqual([words.answer, words.before, words.after], ["cat", "90.0 %", "40.0 %"]);
  assert.match(words.turned, /dog, 60\.0 %/);
  assert.equal(guess.outcomeWords(["cat", "dog"], [0.9, 0.1], [0.8, 0.2]).turned, "");
});

test("a guessed patch is right up to an eighth of the picture away, from the nearest of the right ones", () => {
  assert.deepEqual([allowance([8, 8]), allowance([14, 14]), allowance([37, 37]), allowance([2, 2])], [1, 2, 5, 1]);
  const grid = [8, 8];
  assert.deepEqual(judge(9, [9], grid), { nearest: 9, right: true, words: "" });
  assert.equal(judge(0, [9], grid).right, true);
  assert.equal(judge(7, [8], grid).right, false); // the end of a row is not beside the start of the next
  const values = Float32Array.from({ length: 64 }, (_, k) => k);
  const off = judge(60, [63, 0], grid, values);
  assert.deepEqual([off.nearest, off.right], [63, false]);
  assert.match(off.words, /patch 61 .* 3 patches away.* 4 of 64/);
});

test("the first answer to a question about a picture in a model counts", () => {
  const state = /** @type {any} */ ({ model: { name: "vit" }, trace: { picture: { name: "cat" }, fit: "crop" } });
  const other = { ...state, model: { name: "deit" } };
  const [a, b] = /** @type {any[]} */ ([{ id: "a" }, { id: "b", subject: () => "race" }]);
  const marks = score();
  assert.equal(marks.words(), "");
  marks.add(subjectOf(a, state), true);
  marks.add(subjectOf(a, state), false);
  marks.add(subjectOf(a, other), false);
  assert.equal(marks.words(), "1 of 2 right");
  assert.equal(subjectOf(b, state), subjectOf(b, other));
  assert.deepEqual([marks.has(subjectOf(a, state)), marks.has(subjectOf(b, state))], [true, false]);
});
