/* The ladder's words: the finding is the first sentence of what the server says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { parted } from "../../vit_explorer/ui/recipe/ladder-words.js";

test("a text is parted after its first sentence, not at a decimal point", () => {
  assert.deepEqual(parted("Largest gain: crop, +3.5 points. From 48.3 % to 46.4 %. Less."), [
    "Largest gain: crop, +3.5 points",
    "From 48.3 % to 46.4 %. Less.",
  ]);
  assert.deepEqual(parted("One sentence."), ["One sentence", ""]);
  assert.deepEqual(parted(""), ["", ""]);
});
