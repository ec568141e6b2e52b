/* What a Swin answers without its mask, in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "../../vit_explorer/ui/windows/unmasked.js";

const BOTH = {
  classes: ["ant", "bee", "cat", "dog"],
  with_mask: [0.1, 0.2, 0.65, 0.05],
  without: [0.5, 0.1, 0.3, 0.1],
};

test("both answers are named, the one without the mask first", () => {
  assert.match(words.answer(BOTH.classes, BOTH.with_mask), /cat, 65\.0 %/);
  assert.match(words.unmasked(BOTH), /ant, 50\.0 %.*cat, 65\.0 %/);
  const same = words.unmasked({ ...BOTH, without: BOTH.with_mask });
  assert.match(same, /cat, 65\.0 %.*the same, 65\.0 %/);
});

test("bars are of the classes that lead either way", () => {
  assert.deepEqual(words.leading(BOTH), [2, 0, 1]);
});
