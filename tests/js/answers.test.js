/* The table of the Classify tab: what each model's answer is worth. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, csv, score } from "../../vit_explorer/ui/classify/answers.js";

const result = (/** @type {string} */ name, /** @type {number[]} */ probabilities) =>
  /** @type {any} */ ({ name, classes: ["bird", "cat", "dog"], probabilities });
const picture = (/** @type {string} */ title, /** @type {string[]} */ labels) => /** @type {any} */ ({ title, labels });

test("an answer is judged by the true answer, whose own probability is said", () => {
  const wrong = { answer: "dog", p: 0.7, state: "wrong", truth: "cat", truthP: 0.2 };
  assert.deepEqual(cell(result("a", [0.1, 0.2, 0.7]), ["tabby", "cat"]), wrong);
  assert.equal(cell(result("a", [0.1, 0.2, 0.7]), ["dog"]).state, "right");
  const none = cell(result("a", [0.1, 0.2, 0.7]), ["bus"]);
  assert.deepEqual([none.state, none.truthP], ["none", null]);
  assert.equal(cell(result("a", [0.1, 0.2, 0.7]), []).state, "unknown");
});

const rows = [
  { picture: picture("one, of two", ["cat"]), truth: null, results: [result("a", [0.1, 0.8, 0.1])] },
  { picture: picture("two", ["cat"]), truth: "dog", results: [result("a", [0.1, 0.8, 0.1])] },
  { picture: picture("three", []), truth: null, results: [result("a", [0.1, 0.8, 0.1])] },
];

test("a score counts the pictures whose true answer is known; what is typed goes before the label", () => {
  assert.deepEqual(score(rows, "a"), { right: 1, of: 2 });
  assert.deepEqual(score(rows, "b"), { right: 0, of: 0 });
});

test("the file has a line for each picture and model, with commas in quotes", () => {
  const lines = csv(rows).trimEnd().split("\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[1], '"one, of two",cat,a,cat,0.800000,0.800000,right');
  assert.equal(lines[2], "two,dog,a,cat,0.800000,0.100000,wrong");
  assert.equal(lines[3], "three,,a,cat,0.800000,,unknown");
});
