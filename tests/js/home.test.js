import assert from "node:assert/strict";
import { test } from "node:test";

import * as home from "../../vit_explorer/ui/home/arithmetic.js";
import * as layout from "../../vit_explorer/ui/home/layout.js";
import * as words from "../../vit_explorer/ui/home/words.js";

const CLASSES = ["bird", "cat", "dog"];
const LENS = [
  [0.4, 0.3, 0.3],
  [0.6, 0.3, 0.1],
  [0.7, 0.2, 0.1],
  [0.1, 0.8, 0.1],
];
const trace = (/** @type {string[]} */ labels, probabilities = LENS[3]) => ({
  classes: CLASSES,
  probabilities,
  model: "vit",
  picture: { labels },
});
const vit = /** @type {any} */ ({
  kind: "tokens",
  n: 65,
  nPrefix: 1,
  prefixNames: ["CLS"],
  blocks: [{}, {}, {}],
  lens: LENS,
  readers: [0],
  pooled: null,
});

test("each part of a pass begins and ends within it, in order", () => {
  assert.equal(home.flight(home.TIMES.open, 0, 64), 0);
  for (const k of [0, 63]) assert.equal(home.flight(home.TIMES.fly, k, 64), 1);
  assert.ok(home.flight(0.2, 0, 64) > home.flight(0.2, 63, 64), "the first patch leaves first");
  assert.deepEqual([home.front(0.2), home.front(home.TIMES.last), home.front(1)], [0, 1, 1]);
  for (let n = 1; n <= 24; n++) {
    for (let k = 0; k < n; k++) assert.equal(home.blocksPassed(home.passed(k, n), n), k + 1);
    const at = home.stops(n, "layer", { patches: true, places: true }).map(([moment]) => moment);
    assert.deepEqual(
      at,
      [...at].sort((a, b) => a - b),
    );
  }
});

test("the strongest come first, and those in front of the patches are left out", () => {
  assert.deepEqual(home.strongest([0.9, 0.1, 0.5, 0.3], 2, 1), [2, 3]);
  assert.deepEqual(home.strongest([1, 1, 1], 2), [0, 1]);
  assert.deepEqual(
    [
      ...home.meanOf([
        [1, 0, 0.5],
        [0, 1, 0.5],
      ]),
    ],
    [0.5, 0.5, 0.5],
  );
});

test("neighbouring blocks with one first class are one run", () => {
  assert.deepEqual(home.runs(LENS.slice(1)), [
    { from: 0, to: 1, best: 0 },
    { from: 2, to: 2, best: 1 },
  ]);
});

test("the colour of a patch is the mean of its pixels", () => {
  const rgb = new Uint8Array(4 * 4 * 3);
  for (let y = 0; y < 4; y++) for (let x = 0; x < 4; x++) rgb[3 * (4 * y + x)] = 10 * (2 * (y >> 1) + (x >> 1));
  assert.deepEqual(
    home.meanColours(rgb, 4, [2, 2]).map(([red]) => red),
    [0, 10, 20, 30],
  );
});

test("a curve starts and ends on its threads", () => {
  const points = home.curve([10, 200], [90, 4]);
  assert.deepEqual(
    [home.onCurve(points, 0), home.onCurve(points, 1)],
    [
      [10, 200],
      [90, 4],
    ],
  );
  assert.ok(home.distance(points, [10, 200]) < 1e-9 && home.distance(points, [90, 200]) > 40);
});

test("the thread under a place is the one drawn there, for 65 to 577 tokens", () => {
  for (const n of [65, 66, 197, 257, 577]) {
    const lines = layout.threads(20, 264, n, 1);
    for (let index = 0; index < n; index++) assert.equal(lines.indexAt(lines.at(index)), index);
    assert.equal(lines.indexAt(-100), 0);
    assert.equal(lines.indexAt(1e4), n - 1);
  }
});

test("the maps of all heads fit below a layer", () => {
  for (const [heads, width] of [
    [4, 122],
    [3, 43],
    [6, 43],
    [12, 43],
    [16, 20],
  ]) {
    const { map, height, corner } = layout.headMaps(heads, width, 1);
    assert.ok(map >= 3 && height <= 64, `${heads} heads in ${width} px`);
    for (let head = 0; head < heads; head++)
      assert.ok(corner(head)[0] + map <= width && corner(head)[1] + map <= height);
  }
});

test("coarser maps of stages are drawn smaller, and none too small to see", () => {
  const sides = layout.mapSides([{ grid: [32, 32] }, { grid: [16, 16] }, { grid: [8, 8] }], 168, 264);
  assert.deepEqual(sides, [160, 160 * Math.SQRT1_2, 80]);
});

test("the arrangement follows the width, and the largest one the height too", () => {
  assert.deepEqual(layout.arrangement(362, 800), { size: "phone", scale: 1 });
  assert.deepEqual(layout.arrangement(772, 700), { size: "middle", scale: 1 });
  assert.equal(layout.arrangement(1252, 600).size, "wide");
  assert.ok(layout.arrangement(1692, 1000).scale > 1.3);
  assert.equal(layout.arrangement(1692, 604).scale, 1);
});

test("the headline follows the lens row by row and ends with the prediction", () => {
  const at = (/** @type {number} */ t) => words.headline(trace(["cat"]), vit, t);
  assert.match(at(home.passed(0, 3)), /layer 1 .*bird.*60\.0 %/);
  assert.match(at(home.passed(1, 3)), /layer 2 still .*bird.*70\.0 %/);
  assert.match(at(home.passed(2, 3)), /layer 3 .*changes.*cat.*80\.0 %/);
  assert.match(at(1), /cat, 80\.0 %/);
});

test("the headline is honest about what the network does not know", () => {
  assert.match(words.verdict(trace(["cat"])), /is one/);
  assert.match(words.verdict(trace(["dog"])), /says cat.*labelled dog/);
  assert.match(words.verdict(trace(["lion"])), /says cat.*no lion/);
  assert.doesNotMatch(words.verdict(trace([])), /But|is one/);
  assert.match(words.verdict({ ...trace(["cat"]), classes: [], probabilities: [] }), /names no class/);
});

test("the line below says what this network does", () => {
  assert.match(words.subline(vit), /64 patches.*3 times.*one extra token, CLS/);
  const two = { ...vit, n: 66, nPrefix: 2, prefixNames: ["CLS", "distillation"], readers: [0, 1] };
  assert.match(words.subline(two), /64 patches.*CLS and distillation/);
  assert.match(words.subline({ ...vit, nPrefix: 0, n: 64, readers: [], pooled: "weighted" }), /weighted mean/);
  const stages = [0, 1, 2].map((stage) => ({ stage, grid: [8, 8], window: null }));
  assert.match(words.subline({ ...vit, kind: "maps", blocks: stages }), /3 stages.*no tokens, no attention/);
});
