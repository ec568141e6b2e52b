import assert from "node:assert/strict";
import { test } from "node:test";
import { about, found } from "../../vit_explorer/ui/frame/words.js";

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

test("a topic of the help is found by the beginning of one of its words, from three letters on", () => {
  const topic = "start over reset defaults";
  for (const text of ["start over", " Start ov", "reset", "Def", "over"]) assert.ok(about(topic, text), text);
  for (const text of ["", "st", "restart", "default picture", "set"]) assert.ok(!about(topic, text), text);
});
