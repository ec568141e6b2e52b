/* Questions of Home, Patches, Positions and Features. What is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { QUESTIONS as FEATURES } from "../../vit_explorer/ui/features/questions.js";
import { QUESTIONS as HOME } from "../../vit_explorer/ui/home/questions.js";
import { QUESTIONS as PATCHES } from "../../vit_explorer/ui/patches/questions.js";
import { EXPERIMENT, MAPS } from "../../vit_explorer/ui/positions/questions.js";
import { answered, cnn, GRID, missing, packed, vit } from "./asking.js";

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
  assert.match(found.sentence, /patch 3 .*\+0\.70/);
});

test("positions: a shuffle is run on the server, and its numbers decide", async () => {
  const run =
    (/** @type {number[]} */ changed, several = [0.5, 0.7]) =>
    async (name, request) => {
      assert.equal(request.picture, "sample:cat");
      if (name === "shuffles") return { several: [0.5, 0.7] };
      assert.deepEqual([name, request.mode], ["experiment", "shuffled"]);
      return { classes: ["cat", "dog"], trained: [0.9, 0.1], changed, several };
    };
  assert.deepEqual((await answered(EXPERIMENT[0], vit(), run([0.88, 0.12]))).right, [0]);
  const turned = await answered(EXPERIMENT[0], vit(), run([0.3, 0.7], null)); // a large network's shuffles are asked for
  assert.deepEqual(turned.right, [2]);
  assert.match(turned.sentence, /dog, 70\.0 %.*60\.0 %.*50\.0 % to 70\.0 %/);
  assert.equal(await EXPERIMENT[0].check(vit(), async () => null, {}), null);
});

test("features: the other patch with the largest cosine, also on a map that is coarser than the patches", async () => {
  const state = { ...vit(), catalogue: { gallery: [{ name: "sample:lion", title: "Lion" }] } };
  state.featuresChosen = {};
  const { featuresOf } = await features(state);
  const cosines = [0, 0, 0, 0, 100, 20, -30, 60, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0].map((value) => value / 100);
  const found = await answered(FEATURES[0], featuresOf, async (name, request) => {
    assert.deepEqual([name, /** @type {any} */ (request).second], ["similarity", "sample:lion"]);
    return { grid: GRID, n_prefix: 1, here: packed(cosines, [5, 4]) };
  });
  assert.deepEqual(found.right, [3]);
  const coarse = await answered(
    FEATURES[0],
    { ...featuresOf, trace: { ...featuresOf.trace, grid: [4, 4] } },
    async () => ({
      grid: GRID,
      n_prefix: 1,
      here: packed(cosines, [5, 4]),
    }),
  );
  assert.deepEqual(coarse.right, [10, 11, 14, 15]); // the four patches of the lower right quarter
});

/** A state whose colours have come: the Features tab keeps them in the page's store. */
async function features(state) {
  const store = await import("../../vit_explorer/ui/core/store.js");
  const question = JSON.stringify({ picture: "sample:cat", model: "vit", fit: "crop", second: "sample:lion" });
  store.update(
    /** @type {any} */ ({ ...state, features: { question, maps: [{ name: "embedding" }, { name: "layer 1" }] } }),
  );
  return { featuresOf: state };
}

test("home: the layer from which on the answer stands", async () => {
  const state = vit();
  const settles = async (/** @type {number[]} */ ...cats) => {
    state.trace.attention.lens = cats.map((cat) => [cat, 1 - cat]);
    return (await answered(HOME[0], state)).option;
  };
  assert.deepEqual(await settles(0.2, 0.8, 0.3, 0.9), ["from layer 3 on"]);
  assert.deepEqual(await settles(0.2, 0.8, 0.9, 0.9), ["from layer 1 on"]);
  assert.deepEqual(await settles(0.7, 0.8), ["before the first layer"]);
  assert.match(missing(HOME[0], cnn()), /cnn/);
});
