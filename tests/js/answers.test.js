/* The table of the Classify tab: what each model's answer is worth. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cell, columns, csv, fates, probabilities, score } from "../../vit_explorer/ui/classify/answers.js";
import { inShort, NONE, verdict } from "../../vit_explorer/ui/core/answers.js";

const result = (/** @type {string} */ name, /** @type {number[]} */ probabilities) =>
  /** @type {any} */ ({ name, classes: ["bird", "cat", "dog"], probabilities });
const picture = (/** @type {string} */ title, /** @type {string[]} */ labels) => /** @type {any} */ ({ title, labels });

test("an answer is judged by the true answer, whose own probability is said", () => {
  const wrong = { answer: "dog", p: 0.7, state: "wrong", truth: "cat", truthP: 0.2 };
  assert.deepEqual(cell(result("a", [0.1, 0.2, 0.7]), ["tabby", "cat"]), wrong);
  assert.equal(cell(result("a", [0.1, 0.2, 0.7]), ["dog"]).state, "right");
  assert.deepEqual(cell(result("a", [0.1, 0.2, 0.7]), ["Cats "]), wrong);
  const none = cell(result("a", [0.1, 0.2, 0.7]), ["bus"]);
  assert.deepEqual([none.state, none.truthP], ["none", null]);
  assert.equal(cell(result("a", [0.1, 0.2, 0.7]), []).state, "unknown");
});

const rows = [
  { picture: picture("one, of two", ["cat"]), results: [result("a", [0.1, 0.8, 0.1])] },
  { picture: picture("two", ["dog"]), results: [result("a", [0.1, 0.8, 0.1])] },
  { picture: picture("three", []), results: [result("a", [0.1, 0.8, 0.1])] },
];

test("a score counts the pictures whose true answer is one of the classes", () => {
  assert.deepEqual(score(rows, "a"), { right: 1, of: 2, none: 0 });
  assert.deepEqual(score(rows, "b"), { right: 0, of: 0, none: 0 });
  const outside = { picture: picture("four", [NONE]), results: [result("a", [0.1, 0.8, 0.1])] };
  assert.deepEqual(score([...rows, outside], "a"), { right: 1, of: 2, none: 1 });
  assert.match(verdict(outside.results, [NONE]), /no answer can be right/);
});

test("who agrees is said before a true answer is known, for models of the same classes", () => {
  const [bird, cat, dog] = [
    [0.8, 0.1, 0.1],
    [0.1, 0.8, 0.1],
    [0.1, 0.1, 0.8],
  ].map((one) => result("a", one));
  assert.deepEqual(inShort([cat, dog, cat]), ["2 of 3 say cat"]);
  assert.deepEqual(inShort([cat, cat]), ["both say cat"]);
  assert.deepEqual(inShort([cat, dog, bird]), ["no two of 3 agree"]);
  assert.deepEqual(inShort([cat, dog, dog, cat]), ["2 of 4 say cat, as many dog"]);
  assert.deepEqual(inShort([cat, dog]), ["the two disagree"]);
  assert.deepEqual(inShort([cat]), []);
  const shapes = /** @type {any} */ ({
    name: "s",
    data: "shapes",
    classes: ["star", "ring"],
    probabilities: [0.9, 0.1],
  });
  assert.deepEqual(inShort([cat, cat, shapes, shapes]).length, 2);
  assert.match(inShort([cat, cat, shapes, shapes])[1], /shapes: both say star/);
});

test("the file has a line for each picture and model, with commas in quotes", () => {
  const lines = csv(rows).trimEnd().split("\n");
  assert.equal(lines.length, 4);
  assert.equal(lines[1], '"one, of two",cat,a,cat,0.800000,0.800000,right,1,1');
  assert.equal(lines[2], "two,dog,a,cat,0.800000,0.100000,wrong,1,1");
  assert.equal(lines[3], "three,,a,cat,0.800000,,unknown,1,1");
});

test("files say so where a picture shows none of the classes, and how many models give the same answer", () => {
  const results = [result("a", [0.1, 0.8, 0.1]), result("b", [0.2, 0.7, 0.1]), result("c", [0.1, 0.1, 0.8])];
  const row = { picture: picture("four", [NONE]), results };
  const lines = csv([row]).trimEnd().split("\n");
  assert.equal(lines[1], "four,none of these,a,cat,0.800000,,none of its classes,2,3");
  assert.equal(lines[3], "four,none of these,c,dog,0.800000,,none of its classes,1,3");
  assert.equal(probabilities([row])[0]["true answer"], NONE);
});

test("networks of drawn shapes have a column only beside drawn shapes, or where there are no others", () => {
  const one = (/** @type {string} */ data, classes = ["a", "b"]) =>
    /** @type {any} */ ({ name: data, data, classes, probabilities: [0.6, 0.4] });
  const row = (/** @type {string} */ name, /** @type {any[]} */ results) =>
    /** @type {any} */ ({ picture: { name, title: name, labels: [] }, results });
  const names = (/** @type {any[]} */ rows) => columns(rows).map(({ name }) => name);
  const all = [one("cifar10"), one("shapes"), one("no-head", [])];
  assert.deepEqual(names([row("sample:cat", all)]), ["cifar10"]);
  assert.deepEqual(names([row("sample:cat", all), row("shapes:3", all)]), ["cifar10", "shapes"]);
  assert.deepEqual(names([row("sample:cat", [one("shapes")])]), ["shapes"]);
  assert.deepEqual(names([{ ...row("sample:cat", all), results: null }]), []);
});

test("a picture's fate: how many are right of those that can be, or else whether they agree", () => {
  const [cat, dog] = [result("a", [0.1, 0.8, 0.1]), { ...result("b", [0.1, 0.1, 0.8]) }];
  const fate = (/** @type {any[]} */ results, /** @type {string[]} */ labels) =>
    fates([{ picture: { ...picture("x", labels), name: "sample:x" }, results }])[0]?.fate;
  assert.equal(fate([cat, { ...cat, name: "b" }], ["cat"]), "right");
  assert.equal(fate([cat, dog], ["cat"]), "some");
  assert.equal(fate([cat, dog], ["bird"]), "wrong");
  assert.equal(fate([cat, dog], ["bus"]), "none");
  assert.equal(fate([cat, dog], []), "split");
  assert.equal(fate([cat, { ...cat, name: "b" }], []), "agree");
  assert.equal(fate([], ["cat"]), undefined);
});

test("a picture's fate names who is right, and the one model that says something else than all the others", () => {
  const [cat, dog] = [
    [0.1, 0.8, 0.1],
    [0.1, 0.1, 0.8],
  ].map((one) => (/** @type {string} */ name) => ({ ...result(name, one), short: name, test_accuracy: 0.9 }));
  const of = (/** @type {any[]} */ results, /** @type {string[]} */ labels) =>
    fates([{ picture: { ...picture("x", labels), name: "sample:x" }, results }])[0];
  const told = of([cat("a"), cat("b"), dog("c")], ["cat"]);
  assert.deepEqual([told.right.map(({ name }) => name), told.wrong.map(({ name }) => name)], [["a", "b"], ["c"]]);
  const untold = of([cat("a"), dog("b"), cat("c")], []);
  assert.deepEqual([untold.but?.name, untold.most, untold.n], ["b", "cat", 3]);
  assert.equal(of([cat("a"), dog("b")], []).but, null);
  assert.equal(of([cat("a"), dog("b"), cat("c"), dog("d")], []).but, null);
});
