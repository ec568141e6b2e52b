import assert from "node:assert/strict";
import { test } from "node:test";

import { diverging, inkOn, luminance, sequential } from "../../vit_explorer/ui/core/colours.js";

test("luminance of black, white and a middle grey", () => {
  assert.equal(luminance(0, 0, 0), 0);
  assert.ok(Math.abs(luminance(255, 255, 255) - 1) < 1e-9);
  assert.ok(Math.abs(luminance(119, 119, 119) - 0.1845) < 1e-3);
});

test("numbers on every colour of both tables have a contrast of 4.5 or more", () => {
  for (const table of [sequential, diverging]) {
    for (let i = 0; i < 256; i++) {
      const light = luminance(table[3 * i], table[3 * i + 1], table[3 * i + 2]);
      const ink = inkOn(table, i, 0, 255) === "#fff" ? 1 : 0;
      const contrast = (Math.max(light, ink) + 0.05) / (Math.min(light, ink) + 0.05);
      assert.ok(contrast >= 4.5, `step ${i}: ${contrast.toFixed(2)}`);
    }
  }
});
