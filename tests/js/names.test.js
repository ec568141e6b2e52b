/* Which names mean the same thing. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { among, meant, same } from "../../vit_explorer/ui/core/names.js";

const TEN = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"];

test("case, spaces and a simple plural make no difference", () => {
  for (const typed of ["Horse", " horse ", "HORSES", "horse"]) assert.equal(among(TEN, [typed]), "horse");
  for (const [one, other] of [
    ["Egyptian cat", "egyptian_cat"],
    ["school  bus", "School-Bus"],
    ["school buses", "school bus"],
    ["box", "boxes"],
    ["puppy", "puppies"],
    ["boys", "boy"],
    ["Größe", "größe"],
  ])
    assert.ok(same(one, other) && same(other, one), `${one} and ${other}`);
});

test("other names stay apart", () => {
  for (const [one, other] of [
    ["glass", "glas"],
    ["cat", "catfish"],
    ["hors", "horse"],
  ])
    assert.ok(!same(one, other), `${one} and ${other}`);
  assert.equal(among(TEN, []), null);
  assert.equal(among(TEN, ["rocket"]), null);
});

test("of several labels the first that is in the list counts, and a name goes before the plural of another", () => {
  assert.equal(among(TEN, ["tabby", "Dogs", "cat"]), "dog");
  assert.equal(among(["glass", "glasses"], ["glasses"]), "glasses");
});

test("a name that is none of the list leads to the one that was meant, where one is near", () => {
  assert.equal(meant(TEN, "none ocatf these"), "cat");
  assert.equal(meant(TEN, "hosre"), "horse");
  assert.equal(meant(TEN, "car"), "automobile");
  assert.equal(meant(TEN, "Trukc"), "truck");
  assert.equal(meant(TEN, "rocket"), null);
  assert.equal(meant(["tabby"], "car"), null);
});
