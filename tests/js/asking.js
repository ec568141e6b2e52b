/* What tests of questions share: the state of a page with a small network, and asking a question of it. */
import assert from "node:assert/strict";
import { filled } from "../../vit_explorer/ui/core/guess.js";

export const packed = (/** @type {number[]} */ numbers, /** @type {number[]} */ shape) => ({
  data: Buffer.from(Float32Array.from(numbers).buffer).toString("base64"),
  dtype: "float32",
  scale: 1,
  shape,
});
export const GRID = [2, 2];
export const LOOK = [0.5, 0.05, 0.1, 0.3, 0.05]; // what CLS gives: itself, then four patches
export const EVEN = [0.2, 0.2, 0.2, 0.2, 0.2];

/** A ViT of one layer and two heads on four patches of 4 x 4 pixels. @returns {any} */
export const vit = () => ({
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
export const cnn = () => ({
  token: 0,
  trace: { ...vit().trace, model: "cnn", patches: null, attention: null, n_prefix: 0 },
  model: { name: "cnn", architecture: "cnn", d_model: null, positions: null },
});
/** @type {import("../../vit_explorer/ui/core/guess.js").Ask} */
export const nobody = () => assert.fail("the numbers on screen are enough");

/** Why a question is not asked. */
export const missing = (question, state, ask = nobody) => question.pose(state, ask).missing;

/** Ask, check, and see that nothing is left in braces. */
export async function answered(question, state, ask = nobody) {
  const posed = await question.pose(state, ask);
  assert.equal(posed.missing, undefined);
  const found = await question.check(state, ask, posed);
  const sentence = found.right.length ? filled(question.told, { ...posed.words, ...found.words }) : found.why;
  for (const text of [filled(question.ask, posed.words), sentence]) assert.doesNotMatch(text, /[{}]|undefined|NaN/);
  return { ...found, posed, sentence, option: posed.options && found.right.map((index) => posed.options[index]) };
}

/** A Swin of two blocks on a map of 4 x 4 tokens, in windows of 2 x 2. */
export const swin = () => {
  const block = (/** @type {number[]} */ shift, /** @type {number[]} */ reach) => ({
    stage: 0,
    grid: [4, 4],
    whole: [4, 4],
    shift,
    masked: true,
    order: packed(Array(16).fill(0), [16]),
    regions: packed(Array(16).fill(0), [16]),
    weights: null,
    bias: packed([0], [1, 1, 1]),
    reach_rows: packed(reach, [4, 4]),
    reach_cols: packed(reach, [4, 4]),
  });
  const three = Array(4).fill([1, 1, 1, 0]).flat();
  return {
    ...block([0, 0], three),
    answer: {
      model: "swin",
      window: 2,
      shift: 1,
      side: 4,
      pixels: packed(Array(48).fill(0), [4, 4, 3]),
      classes: [],
      stages: [{ d_model: 8, heads: 1, depth: 2, multiply_adds: 1 }],
      blocks: [block([0, 0], three), block([1, 1], three)],
      cnn: [],
      vit: { grid: GRID, d_model: 8, layers: 1, multiply_adds: 1 },
      windows: [2],
      sides: [4],
    },
  };
};

/** A canvas that draws nothing. */
export const canvas = () => ({
  getContext: () => ({ createImageData: () => ({ data: new Uint8ClampedArray(1e4) }), putImageData() {} }),
});
