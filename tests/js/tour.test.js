import assert from "node:assert/strict";
import { test } from "node:test";
import { changed } from "../../vit_explorer/ui/tour/acts.js";
import { corner } from "../../vit_explorer/ui/tour/place.js";

const ROOM = { width: 1280, height: 720 };
const CARD = { width: 360, height: 300 };

test("the card stands beside what is lit, inside the window", () => {
  assert.deepEqual(corner({ left: 300, top: 200, right: 700, bottom: 500 }, CARD, ROOM), [716, 200]);
  assert.deepEqual(corner({ left: 800, top: 100, right: 1200, bottom: 600 }, CARD, ROOM), [424, 100]);
  assert.deepEqual(corner({ left: 20, top: 10, right: 1260, bottom: 300 }, CARD, ROOM), [20, 316]);
  assert.deepEqual(corner({ left: 20, top: 400, right: 1260, bottom: 710 }, CARD, ROOM), [20, 84]);
});

test("where nothing is lit, or it fills the window, the card stands in the corner", () => {
  for (const lit of [null, { left: 10, top: 10, right: 1270, bottom: 900 }])
    assert.deepEqual(corner(lit, CARD, ROOM), [908, 408]);
});

test("a setting is done when it changes, or gets the value that is asked for", () => {
  assert.equal(changed({ setting: ["layer", "head"] }, { head: "2" }, { head: "2" }), false);
  assert.equal(changed({ setting: ["layer", "head"] }, { head: "2" }, { head: "2", layer: "1" }), true);
  assert.equal(changed({ setting: ["step"], is: "7" }, {}, { step: "6" }), false);
  assert.equal(changed({ setting: ["step"], is: "7" }, {}, { step: "7" }), true);
  assert.equal(changed({ setting: ["block"], is: "" }, { block: "0" }, {}), true);
  assert.equal(changed({ setting: ["block"], is: "" }, {}, {}), false);
});
