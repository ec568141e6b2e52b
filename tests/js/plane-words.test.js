import assert from "node:assert/strict";
import { test } from "node:test";
import { brief, verdict } from "../../vit_explorer/ui/core/plane-words.js";

test("bands of rows alone are no plane", () => {
  assert.match(brief({ row: 0.62, column: 0 }), /^rows .*columns not: no plane$/);
  assert.match(brief({ row: 0, column: 0.62 }), /^columns .*rows not: no plane$/);
  assert.match(verdict({ row: 0.62, column: 0 }), /^Rows, not columns/);
});

test("a plane needs both, and little of both is none", () => {
  assert.match(brief({ row: 0.9, column: 0.86 }), /: a plane$/);
  assert.match(brief({ row: 0.9, column: 0.3 }), /not yet sharp$/);
  assert.match(brief({ row: 0.02, column: 0.1 }), /no plane$/);
});
