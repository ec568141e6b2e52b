/* Each question: what is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ABLATION, EXPLAIN, HEADS, LAYERS, ROLLOUT } from "../../vit_explorer/ui/attention/questions.js";
import { QUESTIONS as CLASSIFY } from "../../vit_explorer/ui/classify/questions.js";
import { CONFUSION, GUIDE, PICTURE, TABLE } from "../../vit_explorer/ui/compare/questions.js";
import { QUESTIONS as FEATURES } from "../../vit_explorer/ui/features/questions.js";
import { QUESTIONS as HOME } from "../../vit_explorer/ui/home/questions.js";
import { QUESTIONS as PATCHES } from "../../vit_explorer/ui/patches/questions.js";
import { EXPERIMENT, MAPS } from "../../vit_explorer/ui/positions/questions.js";
import { DISTILLATION, ingredients, LADDER } from "../../vit_explorer/ui/recipe/questions.js";
import { beams, CACHE, letters } from "../../vit_explorer/ui/text/questions.js";
import { HUNGER, RACE } from "../../vit_explorer/ui/train/questions.js";
import { costs, STAGES, STEPS } from "../../vit_explorer/ui/windows/questions.js";
import { answered, canvas, cnn, EVEN, GRID, LOOK, missing, packed, swin, vit } from "./asking.js";

test("questions have ids of their own, and say of a network without attention why they are not asked", () => {
  const views = [PATCHES, MAPS, EXPERIMENT, HEADS, ROLLOUT, ABLATION, FEATURES, STEPS, costs(() => null), RACE, HUNGER];
  const all = [
    ...views,
    ingredients(() => null),
    LADDER,
    CLASSIFY,
    PICTURE,
    TABLE,
    letters(() => 0),
    CACHE,
    HOME,
    LAYERS,
    STAGES,
    EXPLAIN,
    DISTILLATION,
    CONFUSION,
    GUIDE,
  ].flat();
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const question of [PATCHES, MAPS, EXPERIMENT, HEADS, ROLLOUT, LAYERS].flat())
    assert.match(missing(question, cnn()), /\bcnn /);
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

test("distillation: what both heads and the teacher say", async () => {
  const said = (/** @type {Record<string, number>} */ cats) => async () => ({
    model: "deit",
    teacher: "teacher" in cats ? "cnn" : null,
    classes: ["cat", "dog"],
    answers: Object.entries(cats).map(([name, p]) => ({ name, probabilities: [p, 1 - p] })),
  });
  const option = async (/** @type {Record<string, number>} */ cats) =>
    (await answered(DISTILLATION[0], vit(), said(cats))).option[0];
  assert.match(await option({ cls: 0.9, distillation: 0.8, teacher: 0.7 }), /All/);
  assert.match(await option({ cls: 0.9, distillation: 0.8, teacher: 0.2 }), /teacher says something else/);
  assert.match(await option({ cls: 0.9, distillation: 0.3, teacher: 0.2 }), /two heads/);
  assert.match(await option({ cls: 0.9, distillation: 0.3 }), /two heads/);
});

test("confusions: the class with the lowest recall, once all test pictures are counted", async () => {
  const counts = {
    state: "ready",
    data: "CIFAR-10",
    classes: ["cat", "dog", "ship"],
    recall: [0.7, 0.6, 0.95],
    accuracy: 0.75,
    total: 300,
    pairs: [{ truth: 1, answer: 0, count: 30 }],
  };
  const found = await answered(CONFUSION[0], vit(), async () => counts);
  assert.deepEqual([found.option, found.posed.options], [["dog"], ["cat", "dog", "ship"]]);
  assert.match(found.sentence, /dog: 60\.0 %.*ship with 95\.0 %.*dog called cat, 30 pictures/);
  const counting = async () => ({ ...counts, state: "counting", reason: null });
  assert.match(String((await CONFUSION[0].pose(vit(), counting)).missing), /still being shown/);
});

test("which one: where the first answer leads, with a reason that was found here", async () => {
  const ask = async (/** @type {string} */ name, /** @type {any} */ { data }) =>
    name === "questions"
      ? { questions: [{ key: "data", options: ["small", "large"].map((key) => ({ key, title: key, note: "" })) }] }
      : {
          advice: data === "small" ? "A CNN" : "A Swin",
          reasons: [
            { kind: "paper", text: "as they say" },
            { kind: "here", text: "11 points ahead" },
          ],
        };
  const found = await answered(GUIDE[0], vit(), ask);
  assert.deepEqual([found.option, found.posed.options], [["A CNN"], ["A CNN", "A Swin"]]);
  assert.match(found.sentence, /A CNN\. 11 points ahead/);
  assert.equal(found.link, "answers=small.no.gpu");
});

test("rollout: the patch from which most has come, the marked one itself left out", async () => {
  const stack = packed([0.2, 0.2, 0.2, 0.2, 0.2, ...LOOK], [2, 5]);
  const ask = async () => ({ answer: stack, answer_alone: stack, steps: null, row: stack, row_alone: stack });
  const state = vit();
  state.trace.attention.reading = packed([1, 0, 0, 0, 0], [5]);
  const found = await answered(ROLLOUT[0], state, ask);
  assert.deepEqual([found.right, found.posed.token], [[2], -1]);
  state.token = 2;
  state.attentionRollout = { row: "query" };
  state.trace.attention.weights = null;
  assert.deepEqual((await answered(ROLLOUT[0], state, ask)).right, [1]);
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
    /** @type {any} */ ({ ...state, features: { question, maps: [{ name: "embedding" }, { name: "block 1" }] } }),
  );
  return { featuresOf: state };
}

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

const contender = (/** @type {string} */ label, /** @type {number[]} */ ...accuracies) => ({
  label,
  tests: accuracies.map((accuracy) => ({ accuracy })),
});

test("train: a race is decided at its end, not before", async () => {
  const state = (/** @type {string} */ state, ...contenders) => ({
    ...vit(),
    race: { name: "a", title: "Race", state, contenders },
  });
  assert.ok(missing(RACE[0], vit()));
  const over = await answered(RACE[0], state("finished", contender("ViT", 0.5, 0.4), contender("CNN", 0.3, 0.6)));
  assert.deepEqual(over.option, ["CNN"]);
  const whole = { ...contender("ViT", 0.5), finished: { test_accuracy: 0.7 } }; // of all test pictures, not of some
  assert.deepEqual((await answered(RACE[0], state("finished", whole, contender("CNN", 0.6)))).option, ["ViT"]);
  const level = await answered(RACE[0], state("finished", contender("ViT", 0.5), contender("CNN", 0.5)));
  assert.deepEqual(level.right, [0, 1]);
  const going = await answered(RACE[0], state("training", contender("ViT", 0.5), contender("CNN")));
  assert.deepEqual([going.right, going.waits], [[], "race"]);
  assert.match(going.why, /ViT leads with 50\.0 %/);
});

test("train: the best with fewest pictures, where it is further ahead than seeds differ", async () => {
  const curves =
    (/** @type {number} */ cnn, spread = null) =>
    async () => ({
      curves: [
        {
          label: "ViT",
          points: [
            { size: 500, mean: 0.3, spread },
            { size: 1000, mean: 0.9, spread },
          ],
        },
        { label: "CNN", points: [{ size: 500, mean: cnn, spread }] },
        { label: "DeiT", points: [{ size: 1000, mean: 0.99, spread }] },
      ],
    });
  const found = await answered(HUNGER[0], vit(), curves(0.41));
  assert.deepEqual([found.option, found.posed.words.size], [["CNN"], "500"]);
  assert.deepEqual((await answered(HUNGER[0], vit(), curves(0.305))).right, []);
  assert.deepEqual((await answered(HUNGER[0], vit(), curves(0.35, 0.08))).right, []);
});

test("recipe: an ingredient is applied to the picture, and the ladder's largest gain is found", async () => {
  const wanted = () => ({ ingredient: "cutmix", seed: 1 });
  const effect = {
    ingredient: "cutmix",
    kind: "mix",
    before: [0.9, 0.1],
    after: [0.2, 0.8],
    ingredients: { cutmix: { title: "CutMix" } },
  };
  assert.deepEqual((await answered(ingredients(wanted)[0], vit(), async () => effect)).right, [2]);
  const smooth = await ingredients(wanted)[0].pose(vit(), async () => ({ ...effect, kind: "smoothing" }));
  assert.match(smooth.missing, /CutMix/);
  const rung = (name, gain, spread = null) => ({
    name,
    title: name.toUpperCase(),
    result: gain === undefined ? null : { gain, gain_spread: spread },
  });
  const rungs = [rung("plain", null), rung("crop", 0.035), rung("mix", -0.02), rung("teacher", 0.115), rung("later")];
  const found = await answered(LADDER[0], vit(), async () => ({ rungs }));
  assert.deepEqual([found.option, found.link], [["TEACHER"], "rung=teacher"]);
  assert.match(found.sentence, /\+11\.5 points\. 1 of 3/);
  const near = [rung("plain", null), rung("crop", 0.11, 0.02), rung("teacher", 0.115, 0.02)];
  assert.deepEqual((await answered(LADDER[0], vit(), async () => ({ rungs: near }))).right, []);
});

const MODELS = [
  { name: "vit", data: "cifar10", n_classes: 2, multiply_adds: 5e7, parameters: 8e5 },
  { name: "cnn", data: "cifar10", n_classes: 2, multiply_adds: 2e8, parameters: 2e6 },
  { name: "shapes", data: "shapes", n_classes: 3, multiply_adds: 4e7, parameters: 4e5 },
];
const compared = () => ({
  ...vit(),
  catalogue: { models: MODELS },
  model: { ...vit().model, data: "cifar10", n_classes: 2 },
});

test("classify and compare: who agrees, who is surest, who computes most", async () => {
  const results = [
    { model: "vit", classes: ["cat", "dog"], probabilities: [0.9, 0.1] },
    { model: "cnn", classes: ["cat", "dog"], probabilities: [0.2, 0.8] },
    { model: "shapes", classes: ["ring", "star", "bar"], probabilities: [0.95, 0.05, 0] },
  ];
  const agree = await answered(CLASSIFY[0], compared(), async () => ({ results }));
  assert.deepEqual([agree.option, agree.posed.options], [["1"], ["1", "2"]]);
  assert.match(agree.sentence, /1 of 2 say cat; cnn says dog/);
  const sure = await answered(PICTURE[0], compared(), async () => ({ results }));
  assert.deepEqual(sure.option, ["shapes"]);
  assert.match(sure.sentence, /95\.0 % for ring.*cnn with 80\.0 %/);
  const most = await answered(TABLE[0], compared());
  assert.deepEqual(most.option, ["cnn"]);
});

test("roots: the input letter that an output letter takes most from", async () => {
  const seen = { data: Float32Array.of(0.1, 0.2, 0.7, 0.5, 0.5, 0) };
  const cross = packed([...seen.data], [1, 1, 1, 1, 2, 3]);
  const empty = packed([0], [1]);
  const state = {
    ...vit(),
    textLook: { epoch: 0, way: 0, layer: 0, head: 0 },
    text: {
      text: "abc",
      answer: "cba",
      epochs: [1],
      output: [[["c", "b"]]],
      cross,
      decoder_self: empty,
      encoder_self: empty,
      probabilities: empty,
    },
  };
  const found = await answered(letters(() => 0)[0], state);
  assert.deepEqual(found.option, ["3: c"]);
  assert.deepEqual((await answered(letters(() => 1)[0], state)).right, []);
});

/** A decoding of "ab": greedy writes two letters and the end, each token with the probability given. */
const decoded = (/** @type {string[]} */ output, /** @type {number} */ each) => {
  const names = ["pad", "end", "a", "b"];
  const rows = output.map((token) => names.map((name) => (name === token ? each : 0.01)));
  const empty = packed([0], [1]);
  return {
    ...vit(),
    textLook: { epoch: 0, way: 1, layer: 0, head: 0 },
    text: {
      task: "sort",
      text: "ab",
      answer: "ba",
      epochs: [2],
      names,
      output: [[[], output]],
      cross: packed([0, 0], [1, 1, 1, 1, 1, 2]),
      decoder_self: empty,
      encoder_self: empty,
      probabilities: packed([...Array(12).fill(0), ...rows.flat()], [1, 2, 3, 4]),
    },
  };
};

test("roots: whether greedy decoding or the beam finds the more probable output, and how probable that is", async () => {
  const found = (/** @type {string} */ output, /** @type {number} */ score) => async (name, request) => {
    assert.deepEqual([name, request], ["search_beam", { task: "sort", text: "ab", epoch: 2, width: 3 }]);
    return { outputs: [output, "aa"], scores: [score, -9], ranking: [1, 0], step: packed([2, 3], [2]) };
  };
  const state = decoded(["b", "a", "end"], 0.5); // log-probability 3 log(1/2) = -2.079
  const [which, whole] = beams(() => 3);
  assert.deepEqual((await answered(which, state, found("ba", -2.079))).option, ["both give the same output"]);
  const beam = await answered(which, state, found("ab", -1.5));
  assert.deepEqual(beam.option, ["that of the beam"]);
  assert.match(beam.sentence, /Greedy: ba, log-probability −2\.079\. Beam: ab, −1\.500/);
  assert.deepEqual((await answered(which, state, found("ab", -3))).option, ["that of greedy decoding"]);
  const shares = { "more than 90 %": -0.05, "50 % to 90 %": -0.2, "10 % to 50 %": -1, "1 % to 10 %": -3 };
  for (const [option, score] of Object.entries({ ...shares, "less than 1 %": -7 }))
    assert.deepEqual((await answered(whole, state, found("ab", score))).option, [option]);
  assert.match(
    (await answered(whole, state, found("ab", -3))).sentence,
    /of ab and the end add up to −3\.000: 5\.0 %.* 36\.8 % .* 3 steps/,
  );
  assert.match((await answered(whole, state, found("aba", -3))).sentence, /of aba add up/); // stopped by the limit
  for (const question of [which, whole]) {
    assert.equal(await question.check(state, async () => null, { words: {} }), null);
    assert.match(missing(question, vit()), /not been read/);
    assert.notEqual(question.subject(state), question.subject({ ...state, textLook: { ...state.textLook, epoch: 1 } }));
  }
});

test("home: the block from which on the answer stands", async () => {
  const state = vit();
  const settles = async (/** @type {number[]} */ ...cats) => {
    state.trace.attention.lens = cats.map((cat) => [cat, 1 - cat]);
    return (await answered(HOME[0], state)).option;
  };
  assert.deepEqual(await settles(0.2, 0.8, 0.3, 0.9), ["from block 3 on"]);
  assert.deepEqual(await settles(0.2, 0.8, 0.9, 0.9), ["from block 1 on"]);
  assert.deepEqual(await settles(0.7, 0.8), ["before the first block"]);
  assert.match(missing(HOME[0], cnn()), /cnn/);
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

test("roots: what a cache saves over all steps", async () => {
  const empty = packed([0], [1]);
  const cross = packed([1, 1], [1, 1, 1, 1, 1, 2]);
  const text = {
    text: "ab",
    answer: "ba",
    epochs: [1],
    output: [[["b"]]],
    cross,
    decoder_self: empty,
    encoder_self: empty,
    probabilities: empty,
  };
  const found = await answered(CACHE[0], {
    ...vit(),
    text: { ...text, cost: { plain: [1000, 2000, 3100], cached: [1000, 300, 300] } },
  });
  assert.deepEqual(found.option, ["about 4 ×"]);
  assert.match(found.sentence, /3\.81 ×/);
});
