import assert from "node:assert/strict";
import { test } from "node:test";

import { at, cellAt } from "../../vit_explorer/ui/core/pointer.js";

/** A canvas of 200 x 100 px of its own at (30, 40) of a page that is scaled. */
const canvas = (/** @type {number} */ scale, style = { width: "200px", height: "100px" }) =>
  /** @type {any} */ ({
    style,
    offsetWidth: 200,
    offsetHeight: 100,
    getBoundingClientRect: () => ({ left: 30, top: 40, width: 200 * scale, height: 100 * scale }),
  });

test("the pointer's place is in the element's own pixels at every scale", () => {
  for (const scale of [0.5, 1, 1.5, 2.25]) {
    const event = { clientX: 30 + 150 * scale, clientY: 40 + 20 * scale };
    assert.deepEqual(at(event, canvas(scale)), [150, 20]);
    assert.deepEqual(at(event, canvas(scale, { width: "", height: "" })), [150, 20]);
    assert.deepEqual(cellAt(event, canvas(scale), 10, 20), [2, 15]);
    assert.equal(cellAt({ clientX: 29, clientY: 50 }, canvas(scale), 10, 20), null);
  }
});
