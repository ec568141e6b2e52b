import assert from "node:assert/strict";
import { test } from "node:test";

import { judge } from "../../vit_explorer/ui/core/verdict.js";

const CLASSES = ["bird", "cat", "dog"];
const CAT = [0.04, 0.9, 0.06];

test("a prediction is right by any name of the thing", () => {
  assert.equal(judge(CLASSES, CAT, ["tabby", "cat"]).state, "right");
  assert.equal(judge(CLASSES, CAT, ["Cat"]).state, "right");
  assert.equal(judge(CLASSES, CAT, ["Dogs"]).state, "wrong");
  assert.match(judge(CLASSES, CAT, ["cat"]).text, /^Right\. 90\.0 % .*\b3 classes/);
});

test("a wrong prediction names the label that the model knows", () => {
  const { state, text } = judge(CLASSES, CAT, ["puppy", "dog"]);
  assert.equal(state, "wrong");
  assert.match(text, /labelled dog/);
});

test("a thing that is none of the classes is said to be none", () => {
  const { state, text } = judge(CLASSES, CAT, ["cheetah"]);
  assert.equal(state, "none");
  assert.match(text, /None of its 3 classes/);
});

test("nothing is said of a picture whose content is unknown", () => {
  const { state, text } = judge(CLASSES, CAT, []);
  assert.equal(state, "unknown");
  assert.doesNotMatch(text, /right|wrong|fits/i);
});
