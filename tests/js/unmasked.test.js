/* What a Swin answers without its mask, in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "../../vit_explorer/ui/windows/unmasked.js";

const BOTH = {
  classes: ["ant", "bee", "cat", "dog"],
  with_mask: [0.1, 0.2, 0.65, 0.05],
  without: [0.5, 0.1, 0.3, 0.1],
};

test("the answer with the mask is named with its network, and that without as soon as it is known", () => {
  const seen = { model: "swin", classes: BOTH.classes, probabilities: BOTH.with_mask };
  assert.match(words.answers(seen, null), /swin says cat, 65\.0 %\.$/);
  assert.match(words.answers(seen, null, true), /swin says cat, 65\.0 %.*Without it: …$/);
  assert.match(words.answers(seen, BOTH), /swin says cat, 65\.0 %.*Without it: ant, 50\.0 %/);
});

test("bars are of the classes that lead either way", () => {
  assert.deepEqual(words.leaders(BOTH), [2, 0, 1]);
});
