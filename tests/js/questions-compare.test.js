/* Questions of Classify and Compare. What is right follows from the numbers on screen, and from the server's answer. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { QUESTIONS as CLASSIFY } from "../../vit_explorer/ui/classify/questions.js";
import { CONFUSION, GUIDE, PICTURE, TABLE } from "../../vit_explorer/ui/compare/questions.js";
import { answered, vit } from "./asking.js";

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
