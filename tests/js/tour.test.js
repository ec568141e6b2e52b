import assert from "node:assert/strict";
import { test } from "node:test";
import { changed, goesOn, over, stepAt } from "../../vit_explorer/ui/tour/acts.js";
import { around, meet, scrollTo } from "../../vit_explorer/ui/tour/place.js";

test("several elements are lit as one, and hidden ones not at all", () => {
  const hidden = { left: 0, top: 0, right: 0, bottom: 0 };
  const boxes = [hidden, { left: 10, top: 40, right: 90, bottom: 60 }, { left: 30, top: 20, right: 50, bottom: 50 }];
  assert.deepEqual(around(boxes, 5), { left: 5, top: 15, right: 95, bottom: 65 });
  assert.equal(around([hidden]), null);
});

test("what is lit comes to the middle of the free part, or begins at its upper end", () => {
  assert.equal(scrollTo({ left: 0, top: 900, right: 10, bottom: 1000 }, 0, 500), 700);
  assert.equal(scrollTo({ left: 0, top: 900, right: 10, bottom: 1900 }, 80, 500), 820);
});

test("a setting is done when it changes, or gets the value that is asked for", () => {
  assert.equal(changed({ setting: ["layer", "head"] }, { head: "2" }, { head: "2" }), false);
  assert.equal(changed({ setting: ["layer", "head"] }, { head: "2" }, { head: "2", layer: "1" }), true);
  assert.equal(changed({ setting: ["step"], is: "7" }, {}, { step: "6" }), false);
  assert.equal(changed({ setting: ["step"], is: "7" }, {}, { step: "7" }), true);
  assert.equal(changed({ setting: ["block"], is: "" }, { block: "0" }, {}), true);
  assert.equal(changed({ setting: ["block"], is: "" }, {}, {}), false);
});

test("the tour goes on where somebody has gone, with the nearest step there", () => {
  const steps = [
    "tab=home",
    "tab=patches",
    "tab=patches",
    "tab=attention&sub=heads",
    "tab=attention&sub=layers",
    "tab=home",
  ];
  const at = (number, place) =>
    stepAt(
      steps.map((link) => ({ link })),
      number,
      place,
    );
  assert.equal(at(3, { tab: "patches" }), 3); // it is about this place itself
  assert.equal(at(2, { tab: "attention", sub: "layers" }), 5);
  assert.equal(at(5, { tab: "patches", sub: undefined }), 3);
  assert.equal(at(3, { tab: "home" }), 1);
  assert.equal(at(5, { tab: "home" }), 6);
  assert.equal(at(4, { tab: "attention", sub: "rollout" }), 0);
  assert.equal(at(4, { tab: "features" }), 0);
});

const race = (/** @type {string} */ name, /** @type {string} */ state, finished = [false, false]) =>
  /** @type {any} */ ({
    name,
    state,
    contenders: finished.map((one) => ({ finished: one ? {} : null, failed: null })),
  });

test("a race is over when one that was begun or went on has come to its end", () => {
  const before = (/** @type {string} */ name, /** @type {boolean} */ open) => ({ name, open });
  assert.equal(over(before("old", false), race("old", "finished")), false);
  assert.equal(over(before("old", false), race("new", "waiting")), false);
  assert.equal(over(before("old", false), race("new", "training")), false);
  assert.equal(over(before("old", false), race("new", "finished")), true);
  assert.equal(over(before("new", true), race("new", "failed")), true);
  assert.equal(over(before("new", true), race("new", "paused")), false);
  assert.equal(over({ name: undefined, open: false }, null), false);
});

test("a race goes on while some contender has not finished", () => {
  assert.equal(goesOn(race("a", "training", [true, false])), true);
  assert.equal(goesOn(race("a", "waiting")), true);
  assert.equal(goesOn(race("a", "training", [true, true])), false);
  assert.equal(goesOn(race("a", "finished")), false);
  assert.equal(goesOn(race("a", "paused")), false);
});

test("boxes meet where they share a part, not where they touch", () => {
  const box = { left: 0, top: 0, right: 10, bottom: 10 };
  assert.equal(meet(box, { left: 9, top: 9, right: 20, bottom: 20 }), true);
  assert.equal(meet(box, { left: 10, top: 0, right: 20, bottom: 10 }), false);
  assert.equal(meet(box, { left: 0, top: 12, right: 20, bottom: 20 }), false);
});
