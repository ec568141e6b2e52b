/* Questions of Train and Recipe. What is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DISTILLATION, ingredients, LADDER } from "../../vit_explorer/ui/recipe/questions.js";
import { HUNGER, RACE } from "../../vit_explorer/ui/train/questions.js";
import { answered, missing, vit } from "./asking.js";

const contender = (/** @type {string} */ label, /** @type {number[]} */ ...accuracies) => ({
  label,
  tests: accuracies.map((accuracy) => ({ accuracy })),
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
