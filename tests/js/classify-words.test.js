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
  const voice = (/** @type {string} */ name, test_accuracy = 0.9) => ({ name, test_accuracy });
  const others = ["a", "b", "c", "d", "e"].map((name) => voice(name));
  const of =
    (/** @type {any} */ fate, more = {}) =>
    (/** @type {string} */ title) => ({ title, fate, n: 6, right: [], wrong: [], but: null, most: "", ...more });
  const said = trust([...["Coffee", "Rocket"].map(of("none")), of("right")("Cat")]);
  assert.match(said, /^All 6 are right about Cat; on Coffee and Rocket no answer can be right, .*\.$/);
  assert.match(trust(["a", "b", "c", "d"].map(of("split"))), /^On a, b and 2 more they disagree/);
  assert.match(trust([of("agree", { n: 1 })("mine.jpg")]), /^The network names mine\.jpg/);
  assert.match(trust([of("wrong", { n: 2 })("Cat")]), /^Both are wrong about Cat\.$/);
  assert.equal(trust([]), "");

  const hobby = voice("hobby", 0.383);
  const spoilt = of("some", { right: others, wrong: [hobby] });
  assert.equal(
    trust([spoilt("One"), spoilt("Two")]),
    "On One and Two 5 of 6 are right, all but hobby (38.3\u00a0% right in tests).",
  );
  assert.match(
    trust([of("some", { right: [hobby], wrong: others })("One")]),
    /^On One only hobby \(38\.3.*\) is right, of 6\.$/,
  );
  assert.match(
    trust([of("some", { right: others.slice(0, 3), wrong: others.slice(0, 3) })("One")]),
    /^On One 3 of 6 are right\.$/,
  );
  assert.match(
    trust([of("split", { but: hobby, most: "cat" })("One")]),
    /^On One 5 of 6 say cat, all but hobby \(38\.3.*\): say what it shows\.$/,
  );
});
