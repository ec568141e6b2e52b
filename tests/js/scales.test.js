import assert from "node:assert/strict";
import { test } from "node:test";

import {
  fitting,
  frame,
  linear,
  logarithmic,
  logTicks,
  nameAt,
  nearest,
  nearestAlong,
  roundUp,
  spread,
  ticks,
} from "../../vit_explorer/ui/core/scales.js";

/** @param {number[]} found @param {number[]} wanted */
const close = (found, wanted) => {
  assert.equal(found.length, wanted.length);
  found.forEach((x, i) => assert.ok(Math.abs(x - wanted[i]) < 1e-9, `${found} is not ${wanted}`));
};

test("a scale and its inverse", () => {
  close([0, 5, 10].map(linear(0, 10).at), [0, 0.5, 1]);
  close([1, 10, 100].map(logarithmic(1, 100).at), [0, 0.5, 1]);
  for (const scale of [linear(-3, 7), logarithmic(0.02, 50)])
    for (const share of [0, 0.25, 1]) close([scale.at(scale.value(share))], [share]);
  assert.equal(linear(4, 4).at(4), 0.5, "a single value stands in the middle");
});

test("a frame turns values into px inside of its margins, and back", () => {
  const it = frame(
    { width: 200, height: 100 },
    { left: 40, right: 10, top: 5, bottom: 20 },
    { x: linear(0, 10), y: logarithmic(1, 100) },
  );
  close([it.x(0), it.x(10), it.y(1), it.y(100), it.y(10)], [40, 190, 80, 5, 42.5]);
  close([it.valueX(it.x(7)), it.valueY(it.y(30))], [7, 30]);
});

test("ticks are round and never more than asked for", () => {
  close(ticks(0, 1, 2), [0, 0.5, 1]);
  close(ticks(0, 0.6, 4), [0, 0.2, 0.4, 0.6]);
  close(ticks(0.43, 0.92, 5), [0.5, 0.6, 0.7, 0.8, 0.9]);
  close(ticks(-0.3, 0.3, 3), [-0.2, 0, 0.2]);
  close(ticks(0, 600, 5, 60), [0, 120, 240, 360, 480, 600]); // whole minutes
  close(ticks(3, 3, 5), [3]);
  assert.deepEqual(ticks(0, 0.3, 3), [0, 0.1, 0.2, 0.3], "no 0.30000000000000004");
  for (let span = 0.013; span < 5000; span *= 1.37)
    for (const count of [3, 4, 8]) assert.ok(ticks(0, span, count).length <= count + 1);
});

test("rounding up to 1, 2, 2.5 or 5 of a power of ten", () => {
  close([1, 1.1, 2.2, 3, 5.01, 0.0021].map(roundUp), [1, 2, 2.5, 5, 10, 0.0025]);
});

test("logarithmic ticks: at least three on a short axis, powers of ten on a long one", () => {
  close(logTicks(0.5, 2e5), [1, 10, 100, 1e3, 1e4, 1e5]);
  close(logTicks(7, 400), [10, 30, 100, 300]);
  close(logTicks(1.2e6, 8e6), [1.5e6, 2e6, 3e6, 5e6, 7e6]);
  close(logTicks(1, 1000), [1, 10, 100, 1000]);
});

test("names stay where they fit, and move apart as little as possible", () => {
  close(spread([10, 50, 90], 18, 0, 100), [10, 50, 90]);
  close(spread([50, 50], 10, 0, 100), [45, 55]);
  close(spread([50, 52, 90], 10, 0, 100), [46, 56, 90]);
  close(spread([90, 50, 52], 10, 0, 100), [90, 46, 56]); // in the order that was given
  close(spread([2, 3], 10, 0, 100), [0, 10]);
  close(spread([85, 130], 18, 0, 100), [82, 100]); // one that the limit pushes back pushes its neighbour
  close(spread([], 10, 0, 100), []);
  close(spread([5, 5, 5], 10, 0, 10), [0, 10, 20]); // too little room: the gap is kept
});

test("random names keep gap, limits and order", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let round = 0; round < 200; round++) {
    const wanted = Array.from({ length: 6 }, () => 140 * random() - 20);
    const placed = spread(wanted, 15, 0, 100)
      .map((place, i) => ({ place, wanted: wanted[i] }))
      .sort((a, b) => a.place - b.place);
    placed.forEach(({ place, wanted: want }, i) => {
      assert.ok(place >= -1e-9 && place <= 100 + 1e-9);
      if (i) assert.ok(place - placed[i - 1].place >= 15 - 1e-9 && want >= placed[i - 1].wanted);
    });
  }
});

test("of labels that overlap the more important one stays", () => {
  assert.deepEqual(
    fitting([
      [0, 20],
      [24, 40],
      [30, 50],
      [60, 70],
    ]),
    [0, 2, 3],
  );
  assert.deepEqual(
    fitting([
      [10, 20],
      [0, 5],
      [40, 50],
    ]),
    [0, 2],
    "too near on the left as well",
  );
});

test("the name of a point avoids what is taken and the end of the plot", () => {
  const room = { left: 0, right: 200, top: 0, bottom: 100 };
  assert.equal(nameAt(40, [100, 50], [], room).anchor, "start");
  assert.equal(nameAt(40, [180, 50], [], room).anchor, "end");
  const beside = { left: 105, right: 160, top: 40, bottom: 60 };
  const name = nameAt(40, [100, 50], [beside], room);
  assert.ok(name.right <= beside.left || name.bottom <= beside.top || name.top >= beside.bottom);
});

test("the point under the pointer", () => {
  const places = /** @type {[number, number][]} */ ([
    [0, 0],
    [10, 0],
    [10, 10],
  ]);
  assert.equal(nearest(places, [9, 1]), 1);
  assert.equal(nearest(places, [50, 50], 20), null);
  assert.equal(nearest(places, [10, 25], 20), 2);
  assert.equal(nearest([], [0, 0]), null);
});

test("the nearest measured point along an axis", () => {
  const at = (/** @type {number} */ x) => nearestAlong([1, 2, 4, 8], x, (one) => one);
  assert.deepEqual([0, 1.4, 1.5, 2.9, 3.1, 100].map(at), [1, 1, 1, 2, 4, 8]);
  assert.equal(
    nearestAlong([], 3, (one) => one),
    null,
  );
  assert.equal(
    nearestAlong([0], 3, (one) => one),
    0,
    "a place at 0 is a place",
  );
});
