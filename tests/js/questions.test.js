/* Each question: what is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ABLATION, HEADS } from "../../vit_explorer/ui/attention/questions.js";
import { filled } from "../../vit_explorer/ui/core/guess.js";
import { QUESTIONS as PATCHES } from "../../vit_explorer/ui/patches/questions.js";
import { EXPERIMENT, MAPS } from "../../vit_explorer/ui/positions/questions.js";

const packed = (/** @type {number[]} */ numbers, /** @type {number[]} */ shape) => ({
  data: Buffer.from(Float32Array.from(numbers).buffer).toString("base64"),
  dtype: "float32",
  scale: 1,
  shape,
});
const GRID = [2, 2];
const LOOK = [0.5, 0.05, 0.1, 0.3, 0.05]; // what CLS gives: itself, then four patches
const EVEN = [0.2, 0.2, 0.2, 0.2, 0.2];

/** A ViT of one layer and two heads on four patches of 4 x 4 pixels. @returns {any} */
const vit = () => ({
  token: 0,
  trace: {
    model: "vit",
    classes: ["cat", "dog"],
    probabilities: [0.9, 0.1],
    picture: { name: "sample:cat", title: "Cat", labels: ["cat"] },
    fit: "crop",
    size: 8,
    grid: GRID,
    n_prefix: 1,
    patches: { size: 4, values: 48 },
    attention: {
      shape: [1, 2, 5, 5],
      weights: packed([...LOOK, ...Array(20).fill(0.2), ...EVEN, ...Array(20).fill(0.2)], [1, 2, 5, 5]),
      reading: packed(EVEN, [5]),
      lens: [],
    },
  },
  model: {
    name: "vit",
    architecture: "vit",
    d_model: 128,
    positions: {
      grid: GRID,
      n_prefix: 1,
      epochs: [1],
      structure: [{ two_d: 0.5 }],
      similarity: packed(
        [
          [1, 0, 0, 0, 0],
          [0, 1, 0.2, 0.7, -0.4],
          [0, 0.2, 1, 0, 0],
          [0, 0.7, 0, 1, 0],
          [0, -0.4, 0, 0, 1],
        ].flat(),
        [1, 5, 5],
      ),
    },
  },
});
/** @returns {any} */
const cnn = () => ({
  token: 0,
  trace: { ...vit().trace, model: "cnn", patches: null, attention: null, n_prefix: 0 },
  model: { name: "cnn", architecture: "cnn", d_model: null, positions: null },
});
/** @type {import("../../vit_explorer/ui/core/guess.js").Ask} */
const nobody = () => assert.fail("the numbers on screen are enough");

/** Ask, check, and see that nothing is left in braces. */
async function answered(question, state, ask = nobody) {
  const posed = question.pose(state);
  assert.equal(posed.missing, undefined);
  const found = await question.check(state, ask, posed);
  const sentence = found.right.length ? filled(question.told, { ...posed.words, ...found.words }) : found.why;
  for (const text of [filled(question.ask, posed.words), sentence]) assert.doesNotMatch(text, /[{}]|undefined|NaN/);
  return { ...found, posed, sentence, option: posed.options && found.right.map((index) => posed.options[index]) };
}

test("questions have ids of their own, and say of a network without attention why they are not asked", () => {
  const all = [...PATCHES, ...MAPS, ...EXPERIMENT, ...HEADS];
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const question of all) assert.match(question.pose(cnn()).missing, /^(In )?cnn |cnn /);
});

test("patches: values of a patch, and pairs when its side is halved", async () => {
  const [values, pairs] = PATCHES;
  assert.deepEqual((await answered(values, vit())).option, ["48"]);
  const { option, sentence } = await answered(pairs, vit());
  assert.deepEqual(option, ["about 16 ×"]); // (17 / 5)² is 11.6, nearer to 16 than to 8
  assert.match(sentence, /25 pairs become 289/);
});

test("positions: the most similar other patch of the snapshot on screen", async () => {
  const found = await answered(MAPS[0], vit());
  assert.deepEqual([found.right, found.posed.token], [[2], 0]);
  assert.match(found.sentence, /patch 2 .*\+0\.70/);
});

test("positions: a shuffle is run on the server, and its numbers decide", async () => {
  const run = (/** @type {number[]} */ changed) => async (name, request) => {
    assert.deepEqual([name, request.mode, request.picture], ["experiment", "shuffled", "sample:cat"]);
    return { classes: ["cat", "dog"], trained: [0.9, 0.1], changed, several: [0.5, 0.7] };
  };
  assert.deepEqual((await answered(EXPERIMENT[0], vit(), run([0.88, 0.12]))).right, [0]);
  const turned = await answered(EXPERIMENT[0], vit(), run([0.3, 0.7]));
  assert.deepEqual(turned.right, [2]);
  assert.match(turned.sentence, /dog, 70\.0 %.*60\.0 %.*50\.0 % to 70\.0 %/);
  assert.equal(await EXPERIMENT[0].check(vit(), async () => null, EXPERIMENT[0].pose(vit())), null);
});

test("heads: the patch that CLS looks at most; where all get the same nothing is decided", async () => {
  const state = { ...vit(), attentionChosen: { layer: 0, head: 0 } };
  const found = await answered(HEADS[0], state);
  assert.deepEqual([found.right, found.posed.token], [[2], -1]);
  assert.match(found.sentence, /30\.0 % to patch 2/);
  const flat = await answered(HEADS[0], { ...state, attentionChosen: { layer: 0, head: 1 } });
  assert.deepEqual(flat.right, []);
  assert.match(flat.why, /4 of 4 patches/);
});

test("heads: rows that are too many for one answer are asked for", async () => {
  const state = { ...vit(), attentionChosen: { layer: 0, head: 1 } };
  state.trace.attention.weights = null;
  const found = await answered(HEADS[0], state, async (name, /** @type {any} */ request) => {
    assert.deepEqual([name, request.token], ["attention_rows", -1]);
    return { rows: packed([...EVEN, ...LOOK], [1, 2, 5]), columns: packed(Array(10).fill(0), [1, 2, 5]) };
  });
  assert.deepEqual(found.right, [2]);
});

test("test it: the first patches of the last map are erased, and the answers are compared", async () => {
  const asked = [];
  const found = await answered(
    ABLATION[0],
    { ...vit(), trace: { ...vit().trace, grid: [4, 4] } },
    async (_, /** @type {any} */ request) => {
      asked.push(request.erased);
      return {
        before: [0.9, 0.1],
        after: request.erased.length ? [0.2, 0.8] : [0.9, 0.1],
        maps: [{ title: "Rollout", order: [5, 3, 1] }],
      };
    },
  );
  assert.deepEqual(asked, [[], [3, 5]]);
  assert.deepEqual(found.right, [2]);
  assert.match(found.link, /erased=3\.5/);
});
