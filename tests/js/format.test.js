import assert from "node:assert/strict";
import { test } from "node:test";

import * as format from "../../vit_explorer/ui/core/format.js";

/** @param {(...args: any[]) => string} write @param {[any[], string][]} pairs */
const all = (write, pairs) => {
  for (const [args, text] of pairs) assert.equal(write(...args), text, `of ${args}`);
};

test("counts", () => {
  all(format.count, [
    [[0], "0"],
    [[1234567], "1,234,567"],
    [[999.6], "1,000"],
  ]);
  all(format.plural, [
    [[1, "epoch"], "1 epoch"],
    [[0, "epoch"], "0 epochs"],
    [[12000, "epoch"], "12,000 epochs"],
    [[2, "patch", "patches"], "2 patches"],
  ]);
  all(format.outOf, [
    [[1, 10], "1 of 10"],
    [[1200, 10000], "1,200 of 10,000"],
  ]);
});

test("names in a row", () => {
  all(format.listed, [
    [[[]], ""],
    [[["a"]], "a"],
    [[["a", "b"]], "a and b"],
    [[["a", "b", "c"]], "a, b and c"],
    [[["a, x", "b", "c"], "against", "; "], "a, x; b against c"],
  ]);
});

test("large numbers keep three digits, also where rounding reaches the next unit", () => {
  all(format.short, [
    [[999], "999"],
    [[1000], "1.00 k"],
    [[1234567], "1.23 M"],
    [[999_499], "999 k"],
    [[999_999], "1.00 M"],
    [[12.345e9], "12.3 G"],
    [[3e12], "3.00 T"],
    [[0.5], "0.5"],
  ]);
  all(format.compact, [
    [[1000], "1 k"],
    [[1_200_000], "1.2 M"],
    [[250], "250"],
    [[20_000], "20 k"],
    [[100e9], "100 G"],
  ]);
});

test("shares: an accuracy may be 100 %, a probability never is", () => {
  all(format.percent, [
    [[0.824], "82.4 %"],
    [[1], "100.0 %"],
    [[0.8825], "88.3 %"], // halves go up, as in tests/models/test_summary.py
    [[0.38, 0], "38 %"],
    [[0.76543, 2], "76.54 %"],
  ]);
  all(format.percentTick, [
    [[0.5], "50 %"],
    [[0.025], "2.5 %"],
    [[1], "100 %"],
    [[0.30000000000000004], "30 %"],
  ]);
  all(format.probability, [
    [[0.824], "82.4 %"],
    [[0.99949], "99.9 %"],
    [[0.9995], "> 99.9 %"],
    [[1], "> 99.9 %"],
    [[0.001], "0.1 %"],
    [[0.00099], "< 0.1 %"],
  ]);
  all(format.attention, [
    [[0], "0 %"],
    [[0.123], "12.3 %"],
    [[0.032], "3.20 %"],
    [[0.000457], "0.0457 %"],
    [[1], "100 %"],
    [[1.5e-7], "1.50e-5 %"],
  ]);
  all(format.confidence, [
    [[0.824, 10], "82.4 % confident, out of the 10 classes it knows"],
    [[0.9999, 4], "> 99.9 % confident, out of the 4 classes it knows"],
  ]);
});

test("points are the difference of what is printed", () => {
  assert.equal(format.pointsBetween(0.1004, 0.2006), 10.1); // 10.0 % and 20.1 %, not 10.02 points
  assert.equal(format.pointsBetween(0.5, 0.5), 0);
  assert.equal(format.pointsBetween(0.3, 0.1), -20);
  all(format.points, [
    [[0.021], "+2.1"],
    [[-0.004], "−0.4"],
    [[-0.0004], "0.0"],
    [[0.01234, 2], "+1.23"],
  ]);
});

test("decimals have a true minus, and zero has no sign", () => {
  all(format.decimal, [
    [[0.314], "0.31"],
    [[-0.314], "−0.31"],
    [[-0.004], "0.00"],
    [[12.36, 1], "12.4"],
  ]);
  all(format.signed, [
    [[0.314], "+0.31"],
    [[-0.314], "−0.31"],
    [[0.004], "0.00"],
    [[-0.004], "0.00"],
    [[0], "0.00"],
  ]);
  all(format.significant, [
    [[0.25], "0.25"],
    [[3], "3"],
    [[1.2345], "1.23"],
    [[0.1 + 0.2], "0.3"],
  ]);
  all(format.small, [
    [[0], "0"],
    [[0.001], "0.001"],
    [[0.00003], "3e-5"],
    [[0.000125], "1.25e-4"],
    [[0.1], "0.1"],
  ]);
  all(format.times, [
    [[2.149], "2.15 ×"],
    [[99.94], "99.9 ×"],
    [[120.4], "120 ×"],
  ]);
});

test("sizes and times", () => {
  all(format.pixels, [
    [[12.34], "12.3 px"],
    [[12.345, 2], "12.35 px"],
  ]);
  all(format.megabytes, [
    [[20 * 2 ** 20], "20 MB"],
    [[1.5 * 2 ** 20], "1.5 MB"],
  ]);
  all(format.epoch, [
    [[0.2534], "0.25"],
    [[7.316], "7.32"],
    [[12.46], "12.5"],
    [[0], "0"],
  ]);
  all(format.milliseconds, [
    [[0.0123], "12.3 ms"],
    [[0.0000523], "0.0523 ms"],
    [[0.4567], "457 ms"],
    [[0.99996], "1.00 s"],
    [[1.046], "1.05 s"],
  ]);
  all(format.duration, [
    [[-1], "0 s"],
    [[8.4], "8 s"],
    [[59.6], "1 min 0 s"],
    [[80], "1 min 20 s"],
    [[1500], "25 min"],
    [[3599], "1 h 0 min"],
    [[7199], "2 h 0 min"],
    [[7500], "2 h 5 min"],
  ]);
});
