/* What a person types into the set-up of a race is the number that was meant, or is refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as plan from "../../vit_explorer/ui/train/plan.js";
import { terms } from "../../vit_explorer/ui/train/own-words.js";
import { mirrored } from "../../vit_explorer/ui/train/words.js";

const LOBBY = {
  limits: { lr: [1e-7, 10], epochs: [1, 10_000] },
  counts: ["epochs", "subset"],
  datasets: [{ name: "shapes", n_train: 10_000, starts: { vit: ["", "mine"] } }],
};
const wrong = (field, text) => plan.wrong(field, text, LOBBY, "shapes");

test("a decimal comma is refused and the number with a point is shown", () => {
  for (const [typed, meant] of [
    ["0,0005", "0.0005"],
    [" 1,5 ", "1.5"],
    ["1,500", "1.500"],
  ])
    assert.match(wrong("lr", typed), new RegExp(`point.*: ${meant.replace(".", "\\.")}$`));
  assert.notEqual(wrong("epochs", "1,5"), null);
  assert.notEqual(wrong("subset", "0,0005"), null);
});

test("commas and spaces group whole numbers", () => {
  for (const typed of ["1500", "1,500", "1 500", " 1,500 "]) {
    assert.equal(wrong("subset", typed), null);
    assert.equal(plan.number(typed), 1500);
  }
  assert.equal(wrong("lr", "5e-4"), null);
  assert.equal(plan.number("5e-4"), 0.0005);
  assert.equal(plan.number(""), null);
});

test("what is no number is refused with the range", () => {
  for (const typed of ["", "fast", "1,2,3", "--1"]) assert.match(wrong("lr", typed), /between 1e-7 and 10/);
});

test("a contender that goes on from another is called so once", () => {
  assert.equal(plan.continued("ViT"), "ViT continued");
  assert.equal(plan.continued("ViT continued"), "ViT continued");
  assert.ok(plan.LABEL.test(plan.continued("A name of forty characters that is full")));
});

test("only models of its kind are a contender's start", () => {
  const entry = (model) => ({ label: "", base: { model }, edits: {} });
  assert.deepEqual(plan.starts(entry("vit"), LOBBY, "shapes"), ["", "mine"]);
  assert.deepEqual(plan.starts(entry("cnn"), LOBBY, "shapes"), [""]);
});

test("what becomes of a kept model is told where models can be kept", () => {
  const limits = { megabytes: 64, files: 5000, each: 1, hours: 6 };
  assert.match(terms(limits, true), /64 MB and 5,000 files, 1 set at a time.*6 hours.*seen by all visitors/);
  assert.doesNotMatch(terms(limits, false), /keep/);
});

test("Play says how many updates it will do and who comes first", () => {
  const entry = (epochs) => ({ label: "", base: { model: "vit", subset: 500, batch_size: 128, epochs }, edits: {} });
  const lobby = (...states) => ({ ...LOBBY, at_once: 1, races: states.map((state) => ({ state })) });
  const says = (entries, ...states) => plan.promise(entries, lobby(...states), "shapes");
  assert.match(says([entry(2)]), /^One contender, 8 updates each\.$/);
  assert.match(says([entry(2), entry(2)], "finished"), /^2 contenders in turns, 8 updates each\.$/);
  assert.match(says([entry(2), entry(300)], "training"), /8 \/ 1,200 updates\. Another race .* wait for it\.$/);
  assert.match(says([entry(2)], "training", "waiting"), /2 races are before it/);
});

test("whoever mirrors pictures is told, and told of shifts alone", () => {
  assert.match(mirrored([{ augment: "crop" }, { augment: "crop-flip" }]), /mirrored.*left and right.*crop alone/);
  assert.equal(mirrored([{ augment: "crop" }, { augment: "none" }]), "");
});
