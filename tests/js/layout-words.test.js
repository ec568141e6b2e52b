import assert from "node:assert/strict";
import { test } from "node:test";
import { verdict } from "../../vit_explorer/ui/core/layout-words.js";

test("bands of rows alone are no 2D layout, and usual early in training", () => {
  assert.match(verdict({ row: 0.81, column: 0.04 }), /^Rows, not columns: .*early.*columns come later/);
  assert.match(verdict({ row: 0, column: 0.62 }), /^Columns, not rows: only one/);
});

test("a 2D layout needs both, and little of both is none", () => {
  assert.match(verdict({ row: 0.9, column: 0.86 }), /^Both: .*2D layout/);
  assert.match(verdict({ row: 0.9, column: 0.3 }), /not yet sharp/);
  assert.match(verdict({ row: 0.02, column: 0.1 }), /^Neither/);
});

test("nobody takes it for an aeroplane", () => {
  for (const row of [0, 0.4, 0.9])
    for (const column of [0, 0.4, 0.9]) assert.doesNotMatch(verdict({ row, column }), /plane/);
});
