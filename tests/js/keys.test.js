/* Arrow keys in a row of tabs, pictures or buttons. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { next } from "../../vit_explorer/ui/core/keys.js";

test("arrow keys go round a row, Home and End to its ends, and other keys nowhere", () => {
  assert.equal(next("ArrowRight", 4, 5), 0);
  assert.equal(next("ArrowUp", 0, 5), 4);
  assert.equal(next("Home", 3, 5), 0);
  assert.equal(next("End", 0, 5), 4);
  assert.equal(next("a", 0, 5), null);
});
