import assert from "node:assert/strict";
import { test } from "node:test";
import { found, seeksStart } from "../../vit_explorer/ui/frame/words.js";

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

test("who looks for the way back to the start is sent to it, and nobody else", () => {
  for (const text of ["start over", " Start ov", "reset", "default", "start again"]) assert.ok(seeksStart(text), text);
  for (const text of ["", "start", "restart", "stage", "default picture"]) assert.ok(!seeksStart(text), text);
});
