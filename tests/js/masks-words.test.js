/* What is said of a mask: who may meet, and why not. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "../../vit_explorer/ui/windows/masks-words.js";

// Two windows of two places; the second holds regions 0 and 1, so that a column came around the roll.
const BLOCK = { n: 2, regions: Int8Array.of(0, 0, 0, 1), shift: [0, 1], windows: [1, 2], masked: true };
const GIVEN = { head: 1, share: 0.25 };
const place = (window, apart = true) => ({ block: BLOCK, window, place: 0, apart });

test("two tokens meet in one window and one region, and without the mask in one window", () => {
  const same = words.ofPair(place(0), { window: 0, place: 1 }, GIVEN);
  assert.equal(same.style, "yes");
  assert.match(same.share, /Head 2 .* 25\.0 %/);
  const cut = words.ofPair(place(1), { window: 1, place: 1 }, GIVEN);
  assert.equal(cut.style, "no");
  assert.match(cut.reason, /A and B.*column 1 comes from the left edge/);
  const open = words.ofPair(place(1, false), { window: 1, place: 1 }, GIVEN);
  assert.equal(open.style, "yes");
  assert.match(open.share, /Head 2 .* 25\.0 % .*with the mask exactly 0/);
  assert.equal(words.ofPair(place(1, false), { window: 1, place: 1 }, { head: 1, share: null }).share, "");
  assert.equal(words.ofPair(place(0), { window: 1, place: 0 }, GIVEN).style, "");
});

test("a token alone meets those of its region", () => {
  assert.match(words.ofQuery(place(0), false).verdict, /2 of 2/);
  assert.match(words.ofQuery(place(1), false).verdict, /1 of 2/);
  assert.match(words.ofQuery(place(1, false), false).verdict, /2 of 2 without/);
  assert.match(words.ofQuery(place(0), true).share, /padded/);
  const padded = { ...place(0), block: { ...BLOCK, regions: Int8Array.of(0, -1, 0, 1) } };
  assert.match(words.ofQuery(padded, false).reason, /1 place is padding/);
});

test("a block without a mask says why", () => {
  assert.match(words.what(BLOCK), /filled/);
  assert.match(words.what({ ...BLOCK, masked: false }), /all of a window/);
  assert.match(words.what({ ...BLOCK, masked: false, windows: [1, 1] }), /one window/);
  assert.match(words.what({ ...BLOCK, shift: [0, 0] }), /padding/);
  assert.match(words.open(4, 1, true), /^1 of 4 has/);
  assert.match(words.open(1, 0, true), /a mask/);
  assert.match(words.open(4, 1, false), /off/);
});
