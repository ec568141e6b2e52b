import assert from "node:assert/strict";
import { test } from "node:test";
import { found } from "../../vit_explorer/ui/frame/words.js";

const term = (name, text) => ({ section: "One", names: name.split(", "), text });
const TERMS = [
  term("Attention weight", "The softmax of the scores."),
  term("Softmax", "Numbers that sum to 1."),
  term("Query, key, value", "Three projections."),
  term("Log-softmax", "Its logarithm."),
];

test("names that begin with what is looked up come first, then names that hold it, then texts", () => {
  const names = (text) => found(TERMS, text).map((one) => one.names[0]);
  assert.deepEqual(names(" SOFT "), ["Softmax", "Log-softmax", "Attention weight"]);
  assert.deepEqual(names("value"), ["Query"]);
  assert.deepEqual(names("nothing of this"), []);
  assert.deepEqual(names(""), ["Attention weight", "Softmax", "Query", "Log-softmax"]);
});
