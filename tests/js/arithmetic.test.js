import assert from "node:assert/strict";
import { test } from "node:test";

import { decode } from "../../vit_explorer/ui/core/arrays.js";
import { colour, inkOn, sequential } from "../../vit_explorer/ui/core/colours.js";
import * as store from "../../vit_explorer/ui/core/store.js";
import {
  CLS_TOKEN,
  DISTILLATION_TOKEN,
  moveToken,
  patchName,
  placedName,
  placeName,
  prefixName,
  tokenIndex,
  tokenName,
  tokenOfIndex,
} from "../../vit_explorer/ui/core/tokens.js";
import { saving, sidesOf, whole, windowed } from "../../vit_explorer/ui/windows/cost-counts.js";
import { across } from "../../vit_explorer/ui/windows/data.js";

/** As arrays.pack packs on the server. */
const packed = (
  /** @type {ArrayBufferView} */ numbers,
  /** @type {string} */ dtype,
  /** @type {number} */ scale,
  /** @type {number[]} */ shape,
) => ({ data: Buffer.from(numbers.buffer).toString("base64"), dtype, scale, shape });

test("packed arrays: integers with a scale, and shares as logarithms", () => {
  const whole = decode(packed(new Int8Array([-2, 0, 4, 6, 8, 10]), "int8", 0.5, [2, 3]));
  assert.equal(whole.at(0, 0), -1);
  assert.equal(whole.at(1, 2), 5);
  const step = 32 / 65534;
  const shares = decode(packed(new Uint16Array([0, Math.round(1 / step), 65535]), "log2", step, [3]));
  assert.equal(shares.at(0), 1);
  assert.ok(Math.abs(shares.at(1) - 0.5) < 0.5 * 0.00017);
  assert.equal(shares.at(2), 0, "the last code is none at all");
});

test("tokens and their places in the sequence", () => {
  for (const nPrefix of [0, 1, 2]) {
    for (let index = 0; index < 6; index++) assert.equal(tokenIndex(tokenOfIndex(index, nPrefix), nPrefix), index);
  }
  assert.deepEqual([tokenOfIndex(0, 2), tokenOfIndex(1, 2), tokenOfIndex(2, 2)], [CLS_TOKEN, DISTILLATION_TOKEN, 0]);
  assert.equal(tokenName(12, [8, 8]), "patch 13 (row 2, column 5)");
  store.set("model", /** @type {any} */ ({ prefix_names: ["CLS", "register 1"] }));
  assert.deepEqual([tokenName(CLS_TOKEN, [8, 8]), tokenName(-2, [8, 8])], ["CLS", "register 1"]);
  assert.deepEqual([prefixName(0, true), prefixName(1, true)], ["CLS", "R1"]);
  assert.equal(
    tokenName(DISTILLATION_TOKEN, [8, 8], ["CLS", "distillation"]),
    "distillation",
    "of another model than the one on screen",
  );
});

test("people count from 1: patches, rows and columns by their indices", () => {
  assert.deepEqual([patchName(0), patchName(63), patchName(0, "token")], ["patch 1", "patch 64", "token 1"]);
  assert.deepEqual([placeName(0, 0), placeName(7, 2)], ["row 1, column 1", "row 8, column 3"]);
  assert.equal(placedName(0, [2, 3]), "patch 1 (row 1, column 1)");
  assert.equal(placedName(5, [2, 3], "token"), "token 6 (row 2, column 3)", "the last of two rows of three");
  assert.equal(tokenName(null, [8, 8]), "no patch");
  assert.equal(prefixName(3, false, ["CLS"]), "token 4", "one without a name");
});

test("arrow keys move a mark and stay in the grid", () => {
  const moved = (/** @type {string} */ key, /** @type {number | null} */ from) => {
    let to = from;
    const known = moveToken(key, [3, 4], from, (next) => (to = next));
    return known ? to : "unknown";
  };
  assert.deepEqual(
    ["ArrowRight", "ArrowLeft", "ArrowUp", "ArrowDown"].map((key) => moved(key, 5)),
    [6, 4, 1, 9],
  );
  assert.deepEqual([moved("ArrowRight", 3), moved("ArrowDown", 11), moved("ArrowLeft", null)], [3, 11, 0]);
  assert.deepEqual([moved("Escape", 5), moved("a", 5)], [null, "unknown"]);
});

test("a pinned token comes back when the pointer leaves; followers hear of several topics at once", () => {
  /** @type {string[][]} */
  const heard = [];
  const following = store.follow((topics) => heard.push(topics));
  store.pin(7);
  store.point(3);
  assert.equal(store.get("token"), 3);
  store.point(null);
  assert.equal(store.get("token"), 7);
  store.update({ run: "a", raceAxis: "epochs" });
  following.stop();
  store.pin(null);
  assert.deepEqual(heard, [["token"], ["token"], ["token"], ["run", "raceAxis"]]);
});

test("colours end where the scale ends, and ink can be read on them", () => {
  assert.equal(colour(sequential, 0, 0, 1), "rgb(68,1,84)");
  assert.equal(colour(sequential, 2, 0, 1), colour(sequential, 1, 0, 1));
  assert.deepEqual([inkOn(sequential, 0, 0, 1), inkOn(sequential, 1, 0, 1)], ["#fff", "#000"]);
});

test("windowed attention costs as much as whole attention where one window holds the map, and less beyond", () => {
  const sizes = { d_model: 96, n_heads: 3, window: 7 };
  assert.equal(windowed(7, sizes).module, whole(7, sizes).module);
  assert.ok(windowed(14, sizes).module < whole(14, sizes).module);
  assert.equal(whole(14, sizes).attention, 2 * 196 ** 2 * 96);
  assert.equal(windowed(15, sizes).padded, 21 ** 2 - 15 ** 2);
});

test("what windows save is said of the whole layer, also where it is nothing or less", () => {
  const sizes = { d_model: 96, n_heads: 3, window: 7 };
  assert.match(saving(56, sizes), /7 × 7 .* 13\.8 × fewer/);
  assert.match(saving(7, sizes), /saves nothing/);
  const ratio = windowed(5, sizes).module / whole(5, sizes).module;
  assert.ok(ratio > 1 && saving(5, sizes).includes(`${ratio.toPrecision(3)} × more`));
});

test("the sides on which windows were slower", () => {
  const point = (/** @type {number} */ side, /** @type {number} */ a, /** @type {number} */ b, way = "fused") => ({
    way,
    side,
    whole: { median: a },
    windowed: { median: b },
  });
  const points = [point(28, 9, 2), point(7, 1, 2), point(14, 3, 2), point(56, 1, 9, "materialised")];
  assert.deepEqual(sidesOf(points, "fused"), { slower: [7], quicker: [14, 28] });
});

test("the cell of another grid in which the middle of a cell lies", () => {
  assert.equal(across(0, [8, 8], [16, 16]), 17);
  assert.equal(across(17, [16, 16], [8, 8]), 0);
  for (let token = 0; token < 64; token++)
    assert.equal(across(across(token, [8, 8], [16, 16]), [16, 16], [8, 8]), token);
});
