/* What the Train tab says of times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "../../vit_explorer/ui/train/words.js";

test("how long a race takes: the whole, its parts, and by what it is known", () => {
  const parts = { start: 2, training: 100, looks: 18, at: 5 };
  const when = (/** @type {number} */ at) => `moment ${at}`;
  const said = (/** @type {string} */ basis) => words.takes({ ...parts, basis }, when);
  for (const basis of ["measured", "other", "rough"]) {
    assert.deepEqual(said(basis).match(/\d+ (min|s)( \d+ s)?/g), ["2 min 0 s", "1 min 40 s", "18 s", "2 s"]);
    assert.equal(said(basis).includes("moment 5"), basis !== "rough");
  }
  assert.match(said("rough"), /rough/);
  assert.notEqual(said("measured"), said("other"));
});
