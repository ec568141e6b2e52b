/* Questions of Roots. What is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { beams, CACHE, letters } from "../../vit_explorer/ui/text/questions.js";
import { answered, missing, packed, vit } from "./asking.js";

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
