/* Questions of Attention. What is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ABLATION, EXPLAIN, HEADS, INSIDE, LAYERS, ROLLOUT } from "../../vit_explorer/ui/attention/questions.js";
import { answered, cnn, EVEN, LOOK, missing, packed, vit } from "./asking.js";

test("heads: the patch that CLS looks at most; where all get the same nothing is decided", async () => {
  const state = { ...vit(), attentionChosen: { layer: 0, head: 0 } };
  const found = await answered(HEADS[0], state);
  assert.deepEqual([found.right, found.posed.token], [[2], -1]);
  assert.match(found.sentence, /30\.0 % to patch 3/);
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

test("explain: the map with the best area, or none where random maps are as good", async () => {
  const scores = (/** @type {boolean} */ wins) => async () => ({
    methods: [
      { title: "Rollout", deletion: { area: 0.3, best: wins } },
      { title: "Grad-CAM", deletion: { area: 0.4, best: false } },
    ],
    yardstick: { deletion: { low: wins ? 0.35 : 0.25, high: 0.5 } },
  });
  const won = await answered(EXPLAIN[0], vit(), scores(true));
  assert.deepEqual(won.option, ["Rollout"]);
  assert.match(won.sentence, /Rollout: .* 0\.300; random maps have 0\.350 to 0\.500/);
  const none = await answered(EXPLAIN[0], vit(), scores(false));
  assert.match(String(none.option), /^none/);
  assert.match(none.sentence, /Rollout: .* 0\.300/);
});

test("rollout: the patch from which most has come, the marked one itself left out", async () => {
  const stack = packed([0.2, 0.2, 0.2, 0.2, 0.2, ...LOOK], [2, 5]);
  const rows = packed([...Array(40).fill(0.2), ...LOOK, ...Array(5).fill(0.2)], [2, 5, 5]); // LOOK is patch 3's in the last step
  const asked = [];
  const ask = async (/** @type {string} */ _, /** @type {any} */ { matrices }) => {
    asked.push(matrices);
    return { answer: stack, answer_alone: stack, steps: matrices ? rows : null, alone: matrices ? rows : null };
  };
  const state = vit();
  state.trace.attention.reading = packed([1, 0, 0, 0, 0], [5]);
  const found = await answered(ROLLOUT[0], state, ask);
  assert.deepEqual([found.right, found.posed.token], [[2], -1]);
  state.token = 2;
  state.attentionRollout = { row: "query" };
  state.trace = { ...state.trace, attention: { ...state.trace.attention, weights: null } };
  assert.deepEqual((await answered(ROLLOUT[0], state, ask)).right, [1]);
  assert.deepEqual(asked, [false, true]); // the rows of all tokens only where one of them is shown
});

test("layers: the layer of the head that looks farthest", async () => {
  const state = vit();
  state.trace.attention.shape = [2, 2, 5, 5];
  state.trace.attention.weights = null;
  state.trace.attention.distance = [
    [3, 12.5],
    [20.25, 8],
  ];
  const found = await answered(LAYERS[0], state);
  assert.deepEqual(found.option, ["layer 2"]);
  assert.match(found.sentence, /head 1 looks 20\.3 px.*3\.0 px, head 1 of layer 1/);
});

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
