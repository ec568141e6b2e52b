/* What the browser keeps, and what happens where it forbids that. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { safe } from "../../vit_explorer/ui/core/storage.js";

test("where storage is forbidden a word is kept as long as the page is open", () => {
  const storage = safe(() => {
    throw new Error("The operation is insecure.");
  });
  assert.equal(storage.get("key"), null);
  storage.set("key", "word");
  assert.equal(storage.get("key"), "word");
});

test("where it is allowed the word is there for another page", () => {
  const kept = new Map();
  const open = () =>
    /** @type {any} */ ({ getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) });
  safe(open).set("key", "word");
  assert.equal(safe(open).get("key"), "word");
});

test("what the visitor has cleared is gone, and what did not fit is kept as long as the page is open", () => {
  const kept = new Map();
  let full = false;
  const setItem = (key, value) => {
    if (full) throw new Error("The quota has been exceeded.");
    kept.set(key, value);
  };
  const storage = safe(() => /** @type {any} */ ({ getItem: (key) => kept.get(key) ?? null, setItem }));
  storage.set("key", "word");
  kept.clear();
  assert.equal(storage.get("key"), null);
  storage.set("key", "word");
  full = true;
  storage.set("key", "newer");
  assert.equal(storage.get("key"), "newer");
});
