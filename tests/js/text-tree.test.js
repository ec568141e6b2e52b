import assert from "node:assert/strict";
import { test } from "node:test";

import * as tree from "../../vit_explorer/ui/text/tree.js";

const NAMES = ["pad", "end", "A", "B"];
const [KEPT, FINISHED, GREEDY] = [1, 2, 4];
/** @param {any} array @param {string} dtype */
const packed = (array, dtype) => ({
  shape: [array.length],
  dtype,
  scale: 1,
  data: Buffer.from(array.buffer).toString("base64"),
});

// Two steps of a beam of 2 over three tokens: A and B are kept, then "A end" and "B end"; greedy takes B, then its end.
const nodes = [
  [-1, 1, 3, -0.4, KEPT | GREEDY],
  [-1, 1, 2, -1.2, KEPT],
  [-1, 1, 1, -3, 0],
  [1, 2, 1, -1.3, KEPT | FINISHED | GREEDY],
  [0, 2, 1, -1.5, KEPT | FINISHED | GREEDY],
  [0, 2, 2, -1.6, 0],
  [0, 2, 3, -1.7, 0],
  [1, 2, 2, -4, 0],
  [1, 2, 3, -5, 0],
];
const column = (/** @type {number} */ k) => nodes.map((node) => node[k]);
const answer = {
  text: "AB",
  epoch: 3,
  width: 2,
  network: "reverse",
  parent: packed(Int16Array.from(column(0)), "int16"),
  step: packed(Uint8Array.from(column(1)), "uint8"),
  token: packed(Uint8Array.from(column(2)), "uint8"),
  own: packed(Float32Array.from(column(3)), "float32"),
  sum: packed(Float32Array.from(column(3)), "float32"),
  bits: packed(Uint8Array.from(column(4)), "uint8"),
  ranking: [3, 4],
  scores: [-1.3, -1.5],
  outputs: ["A", "B"],
  greedy: [0, 4],
};

test("a search is read as nodes with their paths", () => {
  const search = tree.read(answer, NAMES);
  assert.equal(search.steps, 2);
  assert.deepEqual(search.path(4), [0, 4]);
  assert.deepEqual([...search.best], [1, 3]);
  assert.deepEqual(search.nodes[3], {
    ...search.nodes[3],
    parent: 1,
    token: "end",
    kept: true,
    finished: true,
    greedy: true,
  });
});

test("of each step the kept are shown first, then the most likely of the pruned", () => {
  const search = tree.read(answer, NAMES);
  assert.deepEqual(
    search.shown.map((step) => step.map(({ number }) => number)),
    [
      [0, 1, 2],
      [3, 4, 5, 6, 7],
    ],
  );
});

test("a greedy choice that was pruned is shown however unlikely it is", () => {
  const search = tree.read({ ...answer, greedy: [0, 8] }, NAMES);
  assert.deepEqual(
    search.shown[1].map(({ number }) => number),
    [3, 4, 5, 6, 8],
  );
});

test("a node is found where it stands, and only in the steps so far", () => {
  const search = tree.read(answer, NAMES);
  const layout = tree.layout(search, 200);
  const { x, y } = layout.places.get(4);
  assert.equal(tree.nodeAt(search, layout, 2, [x + 5, y - 5]), 4);
  assert.equal(tree.nodeAt(search, layout, 1, [x, y]), null);
  assert.equal(tree.nodeAt(search, layout, 2, [x, y + 32]), null);
  assert.ok([...layout.places.values()].every((at) => at.x > 0 && at.x < 200 && at.y < layout.height));
});

test("a logarithm has a minus, unless it rounds to zero", () => {
  assert.equal(tree.logarithm(-1.234), "−1.23");
  assert.equal(tree.logarithm(-0.0001), "0.00");
  assert.equal(tree.logarithm(-0.0004, 3), "0.000");
});
