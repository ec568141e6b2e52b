/* What is said of the costs of single patches and heads. */
import assert from "node:assert/strict";
import { test } from "node:test";
import * as words from "../../vit_explorer/ui/attention/ablate-all-words.js";
import { compared, drawn, headline, rival } from "../../vit_explorer/ui/attention/ablate-words.js";

const TRIED = {
  target: 1,
  probability: 0.9,
  side: 2,
  patches: { data: [0.01, -0.02, 0.3, 0.0004], shape: [2, 2] },
  heads: { data: [0.05, 0.2, -0.1, 0, 0.01, 0], shape: [3, 2] },
  patches_turn: [],
  heads_turn: [],
};
const GRID = [4, 4];

test("a square of patches: which they are, and what goes without them", () => {
  assert.deepEqual(words.patchesOf([1, 0], 2, GRID), [8, 9, 12, 13]);
  assert.deepEqual(words.patchesOf([2, 3], 1, GRID), [11]);
  assert.match(words.patchCost(TRIED, [1, 0], GRID), /row 3, column 1 to row 4, column 2.* −30\.0 points/);
  assert.match(words.patchCost(TRIED, [0, 1], GRID), / \+2\.0 points/);
  const alone = { ...TRIED, side: 1 };
  assert.match(words.patchCost(alone, [1, 1], [2, 2]), /^Patch 4 \(row 2, column 2\).* −0\.04 points/);
});

test("heads and those of both that cost most count from 1", () => {
  assert.match(words.headCost(TRIED, [0, 1]), /^Layer 1, head 2.* −20\.0 points/);
  assert.match(
    words.costMost(TRIED, GRID),
    /^Cost most.* squares rows 3–4, columns 1–2 \(−30\.0 points\); rows 1–2, columns 1–2 \(−1\.0\);.* layer 1 head 2 \(−20\.0/,
  );
  assert.match(words.colours(TRIED, ["ant", "bee"]), /that bee changes by from 90\.0 %/);
  const costs = { data: [0, 0.1, 0.02, 0.3, 0.05, 0.06, 0.04, -1, 0.01], shape: [3, 3] };
  const alone = { ...TRIED, side: 1, patches: costs };
  assert.match(
    words.costMost(alone, [3, 3]),
    /patches 4 \(−30\.0 points\), 2 \(−10\.0\), 6 \(−6\.0\), 5 \(−5\.0\), 7 \(−4\.0\), outlined/,
  );
  assert.deepEqual(words.costliestSquares(alone)[1], [0, 1]);
  const none = { ...alone, patches: { data: new Array(9).fill(-0.1), shape: [3, 3] } };
  assert.match(words.costMost(none, [3, 3]), /No patch alone costs anything;/);
  assert.doesNotMatch(words.costMost({ ...TRIED, heads: null }, GRID), /head/);
});

test("what turns the answer alone, or that nothing does", () => {
  const classes = ["ant", "bee", "cow"];
  assert.match(words.turning(TRIED, classes, GRID), /: no single square of patches and no single head\.$/);
  const heads_turn = [
    [0, 1, 2],
    [2, 0, 0],
  ];
  const said = words.turning({ ...TRIED, heads_turn }, classes, GRID);
  assert.match(
    said,
    /no single square of patches; 2 of 6 heads, alone: layer 1 head 2 \(cow\), layer 3 head 1 \(ant\)\.$/,
  );
  const alone = { ...TRIED, side: 1, heads: null, patches_turn: [[1, 0, 2]] };
  assert.match(
    words.turning(alone, classes, [2, 2]),
    /: 1 of 4 patches, alone: patch 3 \(row 2, column 1\) \(cow\)\.$/,
  );
});

test("the table has every cost once", () => {
  const table = words.rows(TRIED);
  assert.equal(table.length, 1 + 4 + 6);
  assert.deepEqual(table[3], ["2 x 2 patches from", 3, 1, -0.3]);
  assert.deepEqual(table.at(-1), ["head", 3, 2, 0]);
});

test("the headline names what is gone and says whether the answer stays", () => {
  const classes = ["cat", "dog"];
  const gone = "Without layer 4, head 1";
  assert.equal(headline([0.889, 0.111], [0.712, 0.288], classes, gone), `${gone}: still cat (88.9 % → 71.2 %)`);
  assert.match(
    headline([0.889, 0.111], [0.3, 0.7], classes, gone),
    /^Without layer 4, head 1: no longer cat \(88\.9 % → 30\.0 %\).* dog, 70\.0 %$/,
  );
  assert.match(headline([0.889, 0.111], [0.889, 0.111], classes, ""), /^cat 88.9 %: nothing/);
});

test("an answer that rises does so against the class that loses most, one that falls gives to the class that gains most", () => {
  const classes = ["cat", "frog", "dog"];
  assert.match(
    rival([0.8, 0.15, 0.05], [0.9, 0.06, 0.04], classes),
    /rises.* for frog \(15\.0 % → 6\.0 %\) than for cat/,
  );
  assert.match(rival([0.8, 0.15, 0.05], [0.7, 0.16, 0.14], classes), /cat loses .* dog \(5\.0 % → 14\.0 %\)/);
  assert.match(rival([0.8, 0.15, 0.05], [0.3, 0.6, 0.1], classes), /Before, frog had 15\.0 %/);
  assert.match(rival([0.8, 0.15, 0.05], [0.8002, 0.1498, 0.05], classes), /^cat stays/);
  const many = ["cat", ...Array.from({ length: 10 }, (_, k) => `other ${k}`)];
  const spread = (/** @type {number} */ p) => [p, ...Array(10).fill((1 - p) / 10)];
  assert.match(rival(spread(0.9), spread(0.902), many), /No other class/);
});

test("the strongest patches of a map stand beside as many at random", () => {
  const strongest = { by: "Rollout", p: 0.3, answer: "dog" };
  const draws = [0.9, 0.8, 0.1].map((p) => ({ by: null, p, answer: p > 0.5 ? "cat" : "dog" }));
  assert.equal(compared([], "cat", 8), "");
  const said = compared([{ ...strongest, p: 0.5 }, ...draws, strongest], "cat", 8);
  assert.match(said, /8 strongest by Rollout: dog \(cat 30.0 %\); 8 at random: still cat in 2 of 3 draws, 60.0 %/);
  assert.doesNotMatch(said, /50.0 %/); // the newest of a map
  assert.match(compared([draws[0]], "cat", 8), /8 at random: still cat, 90.0 %/);
  assert.match(
    compared([draws[0]], "cat", 8, "Without layer 1, head 2"),
    /^Without layer 1, head 2, erased at once: 8 at random/,
  );
  const patches = drawn(8, 16);
  assert.equal(new Set(patches).size, 8);
  assert.ok(patches.every((patch, k) => patch >= 0 && patch < 16 && (!k || patch > patches[k - 1])));
  assert.deepEqual(drawn(8, 4), [0, 1, 2, 3]);
});
