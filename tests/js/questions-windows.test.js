/* Questions of Windows. What is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { costs, MASKS, STAGES, STEPS } from "../../vit_explorer/ui/windows/questions.js";
import { answered, canvas, missing, swin, vit } from "./asking.js";

test("windows: the part of the pairs that is left, and how far two blocks reach", async () => {
  globalThis.document = /** @type {any} */ ({ createElement: canvas });
  const state = { ...vit(), token: null, windows: { answer: swin().answer, pair: 0, head: 0 } };
  assert.deepEqual((await answered(STEPS[0], state)).option, ["about 1 in 4"]); // 256 pairs, 4 windows of 4 x 4
  const { option, sentence } = await answered(STEPS[1], state);
  assert.deepEqual(option, ["more than half, not all"]);
  assert.match(sentence, /9 of 16/);
});

test("windows: multiply-adds of the whole module, of 56 x 56 tokens in windows of 7 x 7", async () => {
  const [cost] = costs(() => ({ side: 56, d_model: 96, n_heads: 3, window: 7 }));
  const { option, posed } = await answered(cost, vit());
  assert.deepEqual(option, ["14 ×"]);
  assert.deepEqual(posed.options, ["2 ×", "7 ×", "14 ×", "49 ×", "64 ×"]);
  for (const sizes of [null, { side: 7, d_model: 96, n_heads: 3, window: 7 }])
    assert.ok(missing(costs(() => sizes)[0], vit()));
});

test("windows: the tokens that merging leaves", async () => {
  const { answer } = swin();
  answer.stages.push({ d_model: 16, heads: 2, depth: 2, multiply_adds: 1 });
  const merged = answer.blocks.map((block) => ({ ...block, stage: 1, grid: [2, 2], whole: [2, 2] }));
  const state = {
    ...vit(),
    windows: { answer: { ...answer, blocks: [...answer.blocks, ...merged] }, pair: 0, head: 0 },
  };
  const found = await answered(STAGES[0], state);
  assert.deepEqual(found.option, ["4"]);
  assert.match(found.sentence, /4 × 4, then 2 × 2/);
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
