import assert from "node:assert/strict";
import { test } from "node:test";

import {
  axisX,
  axisY,
  clipped,
  empty,
  endNames,
  errorBar,
  line,
  marker,
  ruleY,
  shortened,
} from "../../vit_explorer/ui/core/plot.js";
import { frame, linear } from "../../vit_explorer/ui/core/scales.js";

// There is no page here: each ink is its own name.
Object.assign(globalThis, {
  document: {},
  getComputedStyle: () => ({ getPropertyValue: (/** @type {string} */ name) => name }),
});

/** A context that writes down what is drawn; every letter is 6 px wide. */
function recorder() {
  const drawn = { texts: /** @type {any[]} */ ([]), paths: /** @type {any[]} */ ([]) };
  let path = /** @type {any[]} */ ([]);
  let dash = /** @type {number[]} */ ([]);
  const context = {
    font: "",
    fillStyle: "",
    strokeStyle: "",
    textAlign: "",
    textBaseline: "",
    lineWidth: 1,
    lineJoin: "",
    beginPath: () => (path = []),
    closePath() {},
    save() {},
    restore() {},
    clip() {},
    rect: (/** @type {number[]} */ ...box) => path.push(["rect", ...box]),
    arc: (/** @type {number[]} */ ...circle) => path.push(["arc", ...circle]),
    lineTo: (/** @type {number} */ x, /** @type {number} */ y) => path.push([x, y]),
    setLineDash: (/** @type {number[]} */ next) => (dash = next),
    stroke: () => drawn.paths.push({ path, dash, ink: context.strokeStyle }),
    fill: () => drawn.paths.push({ path, filled: context.fillStyle }),
    strokeText() {},
    fillText: (/** @type {string} */ text, /** @type {number} */ x, /** @type {number} */ y) =>
      drawn.texts.push({ text, x, y, font: context.font, ink: context.fillStyle }),
    measureText: (/** @type {string} */ text) => ({ width: 6 * text.length }),
  };
  return { context: /** @type {any} */ (context), drawn };
}

const shown = frame(
  { width: 300, height: 120 },
  { left: 40, right: 60, top: 10, bottom: 30 },
  { x: linear(0, 10), y: linear(0, 1) },
);

test("the axis of y: a line and a number for each tick, the title above", () => {
  const { context, drawn } = recorder();
  axisY(context, shown, [0, 0.5, 1], (y) => `${100 * y} %`, "accuracy");
  assert.deepEqual(
    drawn.texts.map(({ text }) => text),
    ["0 %", "50 %", "100 %", "accuracy"],
  );
  assert.deepEqual(
    drawn.paths.map(({ path }) => path),
    [90.5, 50.5, 10.5].map((y) => [
      [40, y],
      [240, y],
    ]),
  );
  assert.equal(drawn.paths[0].ink, "--vx-soft", "the line at zero is the darker one");
});

test("the axis of x leaves out numbers that would overlap, but never the chosen one", () => {
  const ten = Array.from({ length: 11 }, (_, k) => k);
  const wide = (/** @type {number} */ x) => `${x},000`;
  const plain = recorder();
  axisX(plain.context, shown, ten, wide, "pictures");
  assert.deepEqual(
    plain.drawn.texts.map(({ text }) => text),
    ["0,000", "2,000", "4,000", "6,000", "8,000", "10,000", "pictures"],
  );
  assert.equal(plain.drawn.paths.length, 11, "each has its mark");
  const chosen = recorder();
  axisX(chosen.context, shown, ten, wide, "", 3);
  assert.deepEqual(
    chosen.drawn.texts.map(({ text }) => text),
    ["3,000", "0,000", "5,000", "7,000", "9,000"],
  );
  assert.match(chosen.drawn.texts[0].font, /650/);
});

test("a number at the end of an axis stays on the canvas", () => {
  const { context, drawn } = recorder();
  const edge = frame(
    { width: 300, height: 120 },
    { left: 40, right: 4, top: 10, bottom: 30 },
    { x: linear(0, 64), y: linear(0, 1) },
  );
  axisX(context, edge, [0, 64], (x) => `all ${x}`);
  assert.equal(drawn.texts[1].x, 300 - 6 * "all 64".length);
});

test("a line is dashed only where asked, and thinned to one point a pixel without losing its end", () => {
  const { context, drawn } = recorder();
  const many = Array.from({ length: 1001 }, (_, k) => /** @type {[number, number]} */ ([k / 100, k]));
  line(context, many, [5, 4]);
  const [{ path, dash }] = drawn.paths;
  assert.deepEqual(dash, [5, 4]);
  assert.deepEqual(path.at(-1), [10, 1000]);
  assert.equal(path.length, 11);
  line(context, [
    [3, 0],
    [3, 9],
  ]);
  assert.deepEqual(drawn.paths[1], {
    path: [
      [3, 0],
      [3, 9],
    ],
    dash: [],
    ink: "",
  });
});

test("each marker has a shape of its own", () => {
  const shapes = /** @type {const} */ (["circle", "square", "up", "diamond", "down"]);
  const paths = shapes.map((shape) => {
    const { context, drawn } = recorder();
    marker(context, shape, [50, 50], 4);
    return JSON.stringify(drawn.paths[0].path);
  });
  assert.equal(new Set(paths).size, shapes.length);
});

test("an error bar with caps, a clip with room for a marker's rim, a line of reference with its name", () => {
  const { context, drawn } = recorder();
  errorBar(context, 50, 20, 40, 4);
  assert.deepEqual(
    drawn.paths.map(({ path }) => path),
    [
      [
        [50, 20],
        [50, 40],
      ],
      [
        [46, 20],
        [54, 20],
      ],
      [
        [46, 40],
        [54, 40],
      ],
    ],
  );
  let inside = false;
  clipped(context, shown, () => (inside = true));
  assert.ok(inside);
  ruleY(context, shown, 0.1, "chance 10 %", "right");
  assert.deepEqual(
    drawn.texts.map(({ text, x }) => [text, x]),
    [["chance 10 %", 238]],
  );
  assert.ok(drawn.texts[0].y < shown.y(0.1));
  empty(context, shown, "Nothing to draw yet.");
  assert.deepEqual([drawn.texts[1].x, drawn.texts[1].y], [150, 60]);
});

test("names at the ends of lines keep their distance; with leaders they stand in a column", () => {
  const ends = [
    { name: "ViT", number: "61.0 %", y: 50 },
    { name: "CNN", number: "60.8 %", y: 51 },
  ].map(({ y, ...end }) => ({ ...end, at: /** @type {[number, number]} */ ([200, y]), ink: "red" }));
  const beside = recorder();
  endNames(beside.context, shown, ends);
  assert.deepEqual(
    beside.drawn.texts.map(({ text, x }) => [text, x]),
    [
      ["ViT 61.0 %", 209],
      ["CNN 60.8 %", 209],
    ],
  );
  assert.equal(beside.drawn.texts[1].y - beside.drawn.texts[0].y, 18);
  assert.equal(beside.drawn.paths.length, 0);
  const column = recorder();
  endNames(column.context, { ...shown, width: 400 }, ends, 16);
  assert.deepEqual(
    column.drawn.texts.map(({ x }) => x),
    [256, 256],
  );
  assert.equal(column.drawn.paths.length, 2);
});

test("a name that does not fit is cut; its number never is", () => {
  const { context } = recorder();
  assert.equal(shortened(context, "vit-conv", "61.0 %", 200), "vit-conv 61.0 %");
  assert.equal(shortened(context, "vit-conv", "61.0 %", 80), "vit-c… 61.0 %");
  assert.equal(shortened(context, "vit-conv", "61.0 %", 30), "61.0 %");
  assert.equal(shortened(context, "column", "", 200), "column");
});
