import assert from "node:assert/strict";
import { test } from "node:test";
import { CHECKS, isRight, numberOf, SIZES } from "../../vit_explorer/ui/exercises/checks.js";
import { SHEET } from "../../vit_explorer/ui/exercises/sheet.js";

const facts = (/** @type {any} */ state = {}, costs = null) => /** @type {any} */ ({ state, costs });

test("each task opens a view or asks what a check knows", () => {
  assert.equal(SHEET.length, 3);
  const asked = SHEET.flatMap(({ tasks }) => tasks).flatMap((task) => ("check" in task ? [task.check] : []));
  assert.deepEqual([...asked].sort(), Object.keys(CHECKS).sort());
  for (const check of asked) assert.ok(Object.keys(CHECKS[check](facts())).length, check);
});

test("numbers are read as people write them", () => {
  const read = {
    "3,136": 3136,
    3136: 3136,
    13.8: 13.8,
    "13,8": 13.8,
    "0,936": 0.936,
    " 1 000 ": 1000,
    "−2": -2,
    "1,234,567.5": 1234567.5,
  };
  for (const [text, number] of Object.entries(read)) assert.equal(numberOf(text), number, text);
  for (const text of ["", "many", "1.2.3", "5 %"]) assert.equal(numberOf(text), null, text);
});

test("an answer is right within what the page prints, and with any of several that are as good", () => {
  const score = { numbers: [0.934], within: 0.01 };
  assert.deepEqual(
    [0.93, 0.94, "0.92", "0.95", "high"].map((answer) => isRight(score, answer)),
    [true, true, false, false, false],
  );
  assert.equal(isRight({ numbers: [2, 9], within: 0 }, "9"), true);
  assert.deepEqual(
    [0, 1].map((answer) => isRight({ option: 1 }, answer)),
    [false, true],
  );
});

const contender = (/** @type {string} */ model, /** @type {string} */ augment, /** @type {number} */ accuracy) => ({
  recipe: { model, augment },
  label: model,
  tests: [{ accuracy: 0.1 }, { accuracy: 0.2 }], // of a part of the test pictures
  finished: { test_accuracy: accuracy },
});
const race = (/** @type {number[]} */ [vit, cnn, vitMore, cnnMore], state = "finished") =>
  facts({
    race: {
      title: "Race",
      state,
      contenders: [
        contender("vit", "none", vit),
        contender("vit", "crop-flip", vitMore),
        contender("cnn", "none", cnn),
        contender("cnn", "crop-flip", cnnMore),
      ],
    },
  });

test("a race of four decides, once it is over", () => {
  const seen = race([0.3, 0.34, 0.32, 0.42]);
  assert.deepEqual(CHECKS.leader(seen), { option: 1 });
  assert.ok(isRight(CHECKS.lead(seen), "4.0") && !isRight(CHECKS.lead(seen), "5"));
  assert.deepEqual(CHECKS.distance(seen), { option: 0 });
  assert.deepEqual(CHECKS.distance(race([0.3, 0.34, 0.32, 0.33])), { option: 1 });
  assert.deepEqual(CHECKS.leader(race([0.5, 0.4, 0.5, 0.4])), { option: 0 });
  const failed = race([0.3, 0.34, 0.32, 0.42]);
  failed.state.race.contenders[0].finished = null;
  for (const open of [
    failed,
    race([0.3, 0.3, 0.3, 0.3]),
    race([0.3, 0.4, 0.3, 0.4], "training"),
    facts({ race: { title: "Other", contenders: [] } }),
    facts(),
  ])
    assert.ok(CHECKS.leader(open).why);
});

test("positions: rows, scores, and the patch most like the first, counted from 1", () => {
  const similarity = {
    data: Buffer.from(Float32Array.of(...Array(9).fill(0), 1, 0, 0, 0, 1, 0.6, 0, 0.6, 1).buffer).toString("base64"),
    dtype: "float32",
    scale: 1,
    shape: [2, 3, 3],
  };
  const seen = facts({
    model: {
      positions: {
        similarity,
        grid: [1, 2],
        n_prefix: 1,
        epochs: [0, 5],
        structure: [{ two_d: 0.02 }, { two_d: 0.93 }],
      },
    },
  });
  assert.ok(isRight(CHECKS.rows(seen), "3") && isRight(CHECKS.alike(seen), "2") && !isRight(CHECKS.alike(seen), "1"));
  assert.ok(isRight(CHECKS.scoreBefore(seen), "0.02") && isRight(CHECKS.scoreAfter(seen), "0,93"));
  assert.ok(CHECKS.rows(facts({ model: { positions: null } })).why);
});

test("windows: the sizes of the sheet, and the server's counts", () => {
  const costs = { entries_global: 640, entries_windowed: 10, module_global: 138, module_windowed: 10 };
  const seen = facts({}, costs);
  assert.deepEqual([SIZES.side, SIZES.window], [56, 7]);
  assert.ok(isRight(CHECKS.tokens(seen), "3,136") && isRight(CHECKS.windows(seen), "64"));
  assert.ok(
    isRight(CHECKS.entries(seen), "64") && isRight(CHECKS.module(seen), "13.8") && !isRight(CHECKS.module(seen), "14"),
  );
});
