/* What the Classify tab says of its models. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { knowledge, tested, testedOn, trust } from "../../vit_explorer/ui/classify/classify-words.js";

const model = (/** @type {string[]} */ classes, short = "ViT", test_accuracy = 0.874) => ({
  short,
  data: "cifar10",
  classes,
  test_accuracy,
});
const TEN = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];
const MANY = Array.from({ length: 1000 }, (_, k) => `thing ${k}`);

test("what the models can say is counted and named, for each list of classes", () => {
  assert.match(knowledge([model(TEN), model(TEN)]), /^These models know ten things: airplane, .*, ship and truck\. /);
  assert.match(knowledge([model(["cat", "dog"])]), /^This model knows 2 things: cat and dog\. /);
  const mixed = knowledge([model(TEN), model(TEN), model(MANY, "DeiT-Tiny")]);
  assert.match(mixed, /^2 of these models know ten things: .* and truck; DeiT-Tiny knows 1,000 things\. /);
  assert.ok(!mixed.includes("thing 0"));
});

test("a model's accuracy is said where its card states one", () => {
  assert.equal(tested(model(TEN)), "87.4 %");
  assert.equal(testedOn(model(TEN)), "87.4 % right in tests on CIFAR-10");
  assert.equal(tested({ ...model(TEN), test_accuracy: null }), "");
  assert.equal(testedOn({ ...model(TEN), test_accuracy: null }), "");
});

test("which answers to trust is said of all pictures of one fate together, the best first", () => {
  const of =
    (/** @type {any} */ fate, n = 6) =>
    (/** @type {string} */ title) => ({ title, fate, n });
  const said = trust([...["Coffee", "Rocket"].map(of("none")), of("right")("Cat")]);
  assert.match(said, /^All 6 are right about Cat; on Coffee and Rocket every answer is wrong, .*\.$/);
  assert.match(
    trust([of("wrong", 2)("Cat"), of("some", 2)("Dog")]),
    /^On Dog they disagree.*; both are wrong about Cat\.$/,
  );
  assert.match(trust(["a", "b", "c", "d"].map(of("split"))), /^On a, b and 2 more they disagree/);
  assert.match(trust([of("agree", 1)("mine.jpg")]), /^The network names mine\.jpg/);
  assert.equal(trust([]), "");
});
