import assert from "node:assert/strict";
import { test } from "node:test";

import * as ablation from "../../vit_explorer/ui/attention/ablate-choices.js";
import { ranked, verdict } from "../../vit_explorer/ui/core/answers.js";
import * as plan from "../../vit_explorer/ui/train/plan.js";

/** A result of a model that chooses among three classes. */
const result = (/** @type {number[]} */ probabilities, classes = ["cat", "dog", "ship"], data = "cifar10") => ({
  classes,
  probabilities,
  data,
});
const [cat, dog, ship] = [
  [0.8, 0.1, 0.1],
  [0.1, 0.8, 0.1],
  [0.1, 0.1, 0.8],
];

test("the most likely class comes first", () => {
  assert.deepEqual(ranked(result([0.2, 0.5, 0.3])), [
    { name: "dog", p: 0.5 },
    { name: "ship", p: 0.3 },
    { name: "cat", p: 0.2 },
  ]);
});

test("who agrees with whom", () => {
  const of = (/** @type {number[][]} */ ...all) => verdict(all.map((one) => result(one)));
  assert.match(of(cat), /One model.*cat/);
  assert.match(of(cat, cat), /Both.*cat/);
  assert.match(of(cat, dog), /disagree: cat, dog/);
  assert.match(of(cat, cat, cat), /All 3.*cat/);
  assert.match(of(cat, dog, cat, ship), /2 of 4 .*cat; 1 says dog, 1 says ship/);
  assert.match(of(cat, dog, ship), /No two of the 3.*cat, dog, ship/);
});

test("models of other classes are counted apart, and a label judges those that know it", () => {
  const shapes = result([0.9, 0.1], ["ring", "star"], "shapes");
  const said = verdict([result(cat), result(dog), shapes], ["dog"]);
  assert.match(said, /CIFAR-10: .*cat, dog/);
  assert.match(said, /drawn shapes: one model.*ring/);
  assert.match(said, /label is dog: 1 of 2/);
  assert.match(verdict([shapes], ["dog"]), /no class of any model/);
  const tabby = result([0.9, 0.1], ["tabby", "sock"], "imagenet");
  assert.match(verdict([tabby], ["cat", "tabby"]), /label is cat: the one model that knows it is right/);
  assert.match(verdict([tabby, result(dog)], ["cat", "tabby"]), /label is cat: 1 of 2 are right/);
});

test("what is taken away, in words", () => {
  const nothing = { erased: [], shuffle: null, muted: [], positions: true };
  assert.equal(ablation.without(nothing), "");
  assert.equal(ablation.without({ ...nothing, muted: [[3, 0]] }), "Without layer 4, head 1");
  assert.equal(
    ablation.without({ ...nothing, erased: [1, 2], muted: [[0, 1]] }),
    "Without 2 patches and layer 1, head 2",
  );
  const three = [
    [0, 1],
    [1, 1],
    [2, 1],
  ];
  assert.equal(ablation.without({ ...nothing, muted: three, positions: false }), "Without 3 heads and positions");
  assert.equal(ablation.without({ ...nothing, shuffle: 7 }), "Patches shuffled (seed 7)");
  assert.equal(ablation.without({ ...nothing, erased: [1], shuffle: 7 }), "Without 1 patch, patches shuffled (seed 7)");
});

test("choices have a past, and a drag is one step of it", () => {
  let changes = 0;
  const choices = ablation.choices(
    () => changes++,
    () => "vit",
  );
  choices.change({ erased: [3] });
  choices.change({ erased: [3, 4] }, false);
  choices.change({ erased: [3, 4] });
  assert.equal(changes, 2);
  choices.undo();
  assert.deepEqual(choices.now().erased, []);
  assert.equal(choices.canUndo(), false);
  assert.equal(choices.isEmpty(), true);
});

test("muted heads belong to one network, erased patches to a cut of the picture", () => {
  let network = "";
  const choices = ablation.choices(
    () => {},
    () => network,
  );
  const all = { erased: [3], muted: [[0, 1]] };
  const left = () => [choices.now().erased, choices.now().muted];
  choices.begin(all); // by a link, before any network is there
  network = "vit";
  choices.forget(true);
  assert.deepEqual(left(), [[3], [[0, 1]]]);
  network = "deit"; // asked for, while the other is still drawn
  choices.forget(true);
  assert.deepEqual(left(), [[3], []]);
  choices.begin(all);
  choices.forget(true); // the network that a link has named comes
  assert.deepEqual(left(), [[3], [[0, 1]]]);
  network = "cnn";
  choices.forget(false);
  assert.deepEqual(left(), [[], []]);
});

test("a number that is typed is in its range and whole where it must be", () => {
  const lobby = {
    limits: { epochs: [1, 100], lr: [1e-6, 1] },
    counts: ["epochs", "subset"],
    datasets: [{ name: "shapes", n_train: 8000 }],
  };
  const wrong = (/** @type {string} */ field, /** @type {string} */ text) => plan.wrong(field, text, lobby, "shapes");
  assert.equal(wrong("epochs", "10"), null);
  assert.match(wrong("epochs", "2.5"), /whole number/);
  for (const text of ["0", "101", "ten", ""]) assert.match(wrong("epochs", text), /between 1 and 100/);
  assert.equal(wrong("lr", "3e-4"), null);
  assert.match(wrong("subset", "8,001"), /2 and 8,000/);
  assert.equal(wrong("subset", "8,000"), null);
  assert.equal(wrong("subset", " "), null, "all pictures");
  assert.deepEqual([plan.number("1,500"), plan.number(" ")], [1500, null]);
});
