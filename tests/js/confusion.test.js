import assert from "node:assert/strict";
import { test } from "node:test";

import * as words from "../../vit_explorer/ui/compare/confusion-words.js";

const MATRIX = words.matrixOf([0, 0, 8, 0, 1, 2, 1, 0, 1, 1, 1, 9], 3);

test("cells that are not told are 0", () => {
  assert.deepEqual(MATRIX, [
    [8, 2, 0],
    [1, 9, 0],
    [0, 0, 0],
  ]); // prettier-ignore
});

test("colours of mistakes end at the largest share of a row off the diagonal", () => {
  assert.equal(words.largestMistake(MATRIX), 0.2);
  assert.equal(words.largestMistake([[3]]), 0);
});

test("a cell in words", () => {
  const names = ["cat", "dog", "fox"];
  assert.equal(words.cell(names, MATRIX, 0, 1), "2 of 10 pictures of cat are called dog");
  assert.equal(words.cell(names, MATRIX, 1, 0), "1 of 10 pictures of dog is called cat");
  assert.equal(words.cell(names, MATRIX, 0, 0), "8 of 10 pictures of cat are called so");
});

test("of many classes those with the most mistakes are shown, in their order", () => {
  assert.deepEqual(words.shownClasses(MATRIX), [0, 1, 2]);
  const n = words.MOST_CLASSES + 10;
  const many = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => (i === j ? 5 : i >= 10 && j === i - 1 ? 1 : 0)),
  );
  const shown = words.shownClasses(many);
  assert.equal(shown.length, words.MOST_CLASSES);
  assert.ok(shown.every((one, k) => one >= 9 && (k === 0 || one > shown[k - 1])));
});

test("the accuracy is the card's; other pictures or other answers are said", () => {
  const ready = { state: "ready", model: "mine", data: "pets", done: 200, total: 200, accuracy: 0.7 };
  const told = (/** @type {object} */ more) => words.standing(/** @type {any} */ ({ ...ready, ...more }));
  assert.match(told({ stated: null }), /^mine: 70\.0 % right on 200 test pictures of pets\.$/);
  assert.match(
    told({ stated: { accuracy: 0.7, n_test: 200 } }),
    /^mine: 70\.0 % right on 200 test pictures of pets\.$/,
  );
  const other = told({ stated: { accuracy: 0.705, n_test: 200 } });
  assert.deepEqual(other.match(/[\d.]+ %/g), ["70.5 %", "70.0 %"], other);
  const fewer = told({ stated: { accuracy: 0.8515, n_test: 10000 } });
  assert.deepEqual(
    fewer.match(/[\d.,]+( %)?(?= right| test| of 10| on)/g),
    ["70.0 %", "200", "85.2 %", "10,000"],
    fewer,
  );
});
