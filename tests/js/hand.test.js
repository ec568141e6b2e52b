/* Words for who has a finger and no pointer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { byHand } from "../../vit_explorer/ui/core/hand.js";

test("a finger taps where a pointer points or clicks", () => {
  assert.equal(byHand("Point at a map, then point at a patch.", true), "Tap a map, then tap a patch.");
  assert.equal(byHand("Click or drag: erase, or restore.", true), "Tap or drag: erase, or restore.");
  assert.equal(byHand("Point at a map.", false), "Point at a map.");
});
