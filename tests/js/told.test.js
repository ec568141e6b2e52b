/* What a visitor tells of pictures goes before their labels, and is kept. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as storage from "../../vit_explorer/ui/core/storage.js";
import * as store from "../../vit_explorer/ui/core/store.js";
import * as told from "../../vit_explorer/ui/core/told.js";

const picture = (/** @type {string} */ name, /** @type {string[]} */ ...labels) =>
  /** @type {any} */ ({ name, title: name, labels, truth: labels[0] ?? null });

test("what is told takes the place of the labels, and once it is taken back they stand again", () => {
  const cat = picture("sample:cat", "cat", "tabby");
  assert.equal(told.labelled(cat), cat);
  told.tell("sample:cat", "dog");
  const dog = told.labelled(cat);
  assert.deepEqual([dog.truth, dog.labels, cat.truth], ["dog", ["dog"], "cat"]);
  assert.equal(told.labelled(dog), dog);
  assert.equal(told.given(dog), cat);
  told.tell("sample:cat", "horse");
  assert.deepEqual(told.labelled(dog).labels, ["horse"]);
  told.tell("sample:cat", "");
  assert.equal(told.labelled(dog), cat);
});

test("the browser keeps it, and who listens hears of each change once", () => {
  const heard = /** @type {any[]} */ ([]);
  store.follow((topics) => topics.includes("told") && heard.push(store.get("told")));
  told.tell("upload:1", "horse");
  told.tell("upload:1", "horse");
  assert.deepEqual(heard, [{ "upload:1": "horse" }]);
  assert.deepEqual(JSON.parse(storage.ofWindow.get("vx-told") ?? ""), { "upload:1": "horse" });
});
