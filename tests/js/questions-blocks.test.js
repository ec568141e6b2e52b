/* Questions whose answer the server computes: inside a block, and of a Swin without its mask. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { INSIDE } from "../../vit_explorer/ui/attention/questions.js";
import { MASKS } from "../../vit_explorer/ui/windows/questions.js";
import { answered, canvas, cnn, missing, packed, swin, vit } from "./asking.js";

test("inside a head: whether attention or the MLP adds the longer vector to CLS", async () => {
  const none = packed([], [0, 0]);
  const added = (/** @type {number} */ attended, /** @type {number} */ transformed) => async (name, request) => {
    assert.deepEqual([name, request.layer, request.head], ["inside", 0, 0]);
    const lengths = packed(
      [8, attended, transformed, 9].flatMap((length) => [length, 0, 0, 0, 0]),
      [4, 5],
    );
    return {
      ...Object.fromEntries(["query", "key", "value", "added", "units", "activations"].map((key) => [key, none])),
      lengths,
    };
  };
  const { option, sentence, posed } = await answered(INSIDE[0], vit(), added(2, 6.5));
  assert.deepEqual(option, ["That of the MLP"]);
  assert.equal(posed.token, -1);
  assert.match(sentence, /adds 2.*6\.5.*8/);
  assert.match((await answered(INSIDE[0], vit(), added(3, 2))).option[0], /attention/);
  assert.match((await answered(INSIDE[0], vit(), added(3, 2.9))).option[0], /Neither/);
  assert.match(missing(INSIDE[0], cnn()), /\bcnn /);
});

test("masks: what becomes of the answer without them", async () => {
  globalThis.document = /** @type {any} */ ({ createElement: canvas });
  const { answer } = swin();
  const own = { window: 2, shift: 1, side: 4 };
  const told = { ...answer, own, classes: ["cat", "dog"], probabilities: [0.9, 0.1] };
  const state = { ...vit(), windows: { answer: told, pair: 0, head: 0 } };
  const without = (/** @type {number[]} */ after) => async (name, request) => {
    assert.deepEqual([name, request.model, request.window], ["unmasked", "swin", null]); // cut as it was trained
    return { classes: told.classes, with_mask: told.probabilities, without: after };
  };
  assert.match((await answered(MASKS[0], state, without([0.88, 0.12]))).option[0], /within/);
  assert.match((await answered(MASKS[0], state, without([0.6, 0.4]))).option[0], /more than/);
  const { option, sentence } = await answered(MASKS[0], state, without([0.3, 0.7]));
  assert.match(option[0], /another class/);
  assert.match(sentence, /from 90\.0 % to 30\.0 %; the answer becomes dog/);
  const unmasked = { ...told, blocks: told.blocks.map((block) => ({ ...block, masked: false })) };
  assert.match(missing(MASKS[0], { ...state, windows: { ...state.windows, answer: unmasked } }), /needs a mask/);
});
