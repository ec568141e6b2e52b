/* What the Train tab says of times. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { hint } from "../../vit_explorer/ui/train/hint.js";
import { told } from "../../vit_explorer/ui/train/plot.js";
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
  assert.equal(words.about(parts), "About 2 min 0 s.");
  assert.notEqual(said("measured"), said("other"));
});

const contender = (
  /** @type {string} */ label,
  /** @type {string} */ model,
  /** @type {number} */ accuracy,
  more = {},
) =>
  /** @type {any} */ ({
    label,
    recipe: { model, start: "", epochs: 2 },
    info: { n_train: 2_000, n_test: 10_000, n_measured: 1_000 },
    steps: [
      { step: 1, images: 100, seconds: 1, loss: 2.4, accuracy: 0.1 },
      { step: 40, images: 4_000, seconds: 9, loss: 2.2, accuracy: 0.12 },
    ],
    tests: [{ step: 40, images: 4_000, seconds: 9, accuracy }],
    finished: null,
    failed: null,
    ...more,
  });
const ended = { step: 40, images: 4_000, seconds: 9, test_accuracy: 0.114 };
const classes = Array.from({ length: 10 }, (_, k) => String(k));

test("a plain ViT that still guesses early is told to need more pictures, by its own numbers", () => {
  const vit = contender("ViT", "vit", 0.12);
  const said = String(hint({ contenders: [vit, contender("CNN", "cnn", 0.31)], classes }));
  for (const number of ["12.0 %", "2,000 pictures", "10 %", "CNN 31.0 %"]) assert.ok(said.includes(number), said);
  assert.match(String(hint({ contenders: [{ ...vit, finished: ended }], classes })), /11.4 %/);
  const falls = { ...vit, steps: vit.steps.map((/** @type {any} */ one) => ({ ...one, loss: 2.3 })) };
  const long = { ...vit, steps: vit.steps.map((/** @type {any} */ one) => ({ ...one, images: 1e6 })) };
  const begun = { ...vit, steps: vit.steps.map((/** @type {any} */ one) => ({ ...one, images: one.images / 4 })) };
  for (const other of [contender("ViT", "vit", 0.25), contender("C", "cnn", 0.12), falls, long, begun])
    assert.equal(hint({ contenders: [other], classes }), null);
  assert.equal(hint({ contenders: [vit], classes: null }), null);
});

test("a curve ends with the accuracy of all test pictures, and the words say of how many", () => {
  const shown = /** @type {any} */ ({ what: "accuracy" });
  const vit = contender("ViT", "vit", 0.12, { finished: ended });
  assert.deepEqual(
    told(shown, vit).map(({ accuracy }) => accuracy),
    [0.114],
  );
  assert.equal(told(shown, contender("ViT", "vit", 0.12)).at(-1).accuracy, 0.12);
  assert.match(words.rings([vit], "accuracy"), /all 10,000 test pictures.* 1,000 /);
  assert.equal(words.rings([vit], "loss") + words.rings([contender("ViT", "vit", 0.12)], "accuracy"), "");
});

test("behind the last step of all, the test that is left is named, with its time", () => {
  const steps = 40;
  const at = (/** @type {number} */ step) =>
    contender("ViT", "vit", 0.3, { info: { n_test: 10_000, total_steps: steps }, now: { step, seconds_left: 27 } });
  assert.match(words.testing([at(steps)]), /testing on all 10,000 test pictures, about 27 s /);
  assert.match(words.testing([at(steps), at(steps)]), / 54 s /);
  assert.match(words.testing([at(steps), contender("CNN", "cnn", 0.3, { finished: ended })]), / 27 s /);
  const heard = (/** @type {number} */ moment) => ({ ...at(steps), heard: moment });
  assert.match(words.testing([heard(4_000)], 11_000), /, about 20 s left$/); // counted down: the test sends no news
  assert.match(words.testing([heard(4_000), heard(9_000)], 11_000), /, about 52 s left$/);
  assert.match(words.testing([heard(4_000)], 40_000), /longer than estimated$/);
  assert.equal(words.testing([at(steps), at(steps - 1)]), "");
  const race = { state: "training", place: null, reason: null, activity: null, contenders: [at(steps - 1)] };
  assert.equal(words.state(race), "Training");
  assert.equal(words.state({ ...race, activity: "ViT: testing on 1,000 pictures" }), "ViT: testing on 1,000 pictures");
  assert.equal(words.state({ ...race, activity: "pausing" }), "Pausing");
  assert.match(words.state({ ...race, contenders: [at(steps)] }), /^Trained; testing on all 10,000 /);
  assert.equal(words.testing([at(steps), contender("CNN", "cnn", 0.3, { info: null, now: null })]), "");
  assert.match(words.remaining(at(steps - 1), [at(steps - 1)]), /^about 27 s left/);
  const [first, second] = [heard(4_000), heard(3_000)]; // tested one after the other: the second waits
  assert.match(words.remaining(first, [first, second], 11_000), /^testing on all 10,000 .* 20 s left$/);
  assert.equal(words.remaining(second, [first, second], 90_000), "trained; its test comes after the others");
  assert.equal(words.remaining(first, [first, at(steps - 1)]), "trained; its test comes after the others");
});

test("a race that waits says how long the one before it takes, where that is known", () => {
  const waiting = { state: "waiting", place: 1, reason: null, activity: null };
  assert.equal(words.state(waiting), "Waiting: it is next, when the training before it ends.");
  assert.match(words.state({ ...waiting, seconds_before: 200 }), /ends, in about 3 min 20 s\.$/);
  assert.equal(words.state({ ...waiting, reason: "Another trains." }), "Waiting. Another trains.");
  assert.match(words.state({ ...waiting, seconds_before: 0.2 }), /ends, in a moment\.$/);
  assert.equal(words.state({ ...waiting, place: 2 }), "Waiting: number 2 in the queue.");
  assert.match(words.state({ ...waiting, place: 2, seconds_before: 30 }), /number 2 .* in about 30 s\.$/);
});

test("pictures of different epochs are named with their networks", () => {
  const looks = (/** @type {number[]} */ ...epochs) =>
    epochs.map((epoch, i) => ({ label: ["ViT", "CNN", "Swin"][i], epoch }));
  assert.equal(words.moment(looks(0, 0), "untrained"), "untrained");
  assert.equal(words.moment(looks(3, 3), "untrained"), "epoch 3.00");
  assert.equal(words.moment(looks(20, 14.3), "untrained"), "ViT: epoch 20.0, CNN: epoch 14.3");
  assert.equal(words.moment(looks(1, 0), "untrained"), "ViT: epoch 1.00, CNN: untrained");
  assert.equal(words.moment(looks(1, 0, 1), "untrained"), null);
});

test("an accuracy is said in pictures out of ten beside guessing, and never as none or all of them", () => {
  const said = (/** @type {number[]} */ ...shares) =>
    words.plainly(
      shares.map((share) => contender("ViT", "vit", share)),
      classes,
    );
  assert.equal(said(0.346), "It names 3 of 10 pictures right; guessing gets 1 of 10.");
  assert.equal(said(0.2, 0.71), "The best names 7 of 10 pictures right; guessing gets 1 of 10.");
  assert.match(said(0.997), / 99 of 100 pictures/);
  assert.match(said(0.03), / 3 of 100 pictures/);
  assert.match(words.plainly([contender("ViT", "vit", 0.3, { finished: ended })], classes), / 1 of 10 pictures/);
  assert.equal(words.plainly([contender("ViT", "vit", 0.3, { tests: [] })], classes), "");
  assert.equal(said(), "");
});

test("a recipe is said in words, and so is whose race it is", () => {
  const fast = { optimizer: "muon", lr: 0.003, schedule: "linear", batch_size: 64, augment: "crop-flip", ema: 0.98 };
  assert.equal(
    words.recipe(/** @type {any} */ (fast)),
    "Muon, learning rate 0.003, falling to 0 · batches of 64 · shifted, mirrored pictures · average of the weights 0.98",
  );
  assert.match(words.whose({ mine: false, state: "finished" }, false), /^Not yours/);
  assert.match(words.whose({ mine: false, state: "training" }, true), /you watch/);
  for (const race of [
    { mine: true, state: "finished" },
    { mine: false, state: "elsewhere" },
  ])
    assert.equal(words.whose(race, false), "");
});

test("a model's name takes spaces and capitals", () => {
  assert.equal(words.modelName(" My hobby  net "), "my-hobby-net");
  assert.equal(words.modelName("vit_2"), "vit-2");
});
