/* What the hierarchy of a Swin shows, in a sentence. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { merged } from "../../vit_explorer/ui/windows/hierarchy-words.js";

const stage = (/** @type {number} */ side, /** @type {number} */ dModel) => ({
  grid: [side, side],
  dModel,
  multiplyAdds: 1,
  scale: 1,
});

test("the first map and the last are said, in tokens and in numbers a token", () => {
  const swin = { title: "a Swin", note: "", plain: null };
  const said = merged({ ...swin, stages: [stage(56, 96), stage(28, 192), stage(7, 768)] });
  assert.equal(said, "a Swin: 3,136 tokens of 96 numbers become 49 of 768");
  assert.equal(merged({ ...swin, stages: [stage(4, 64)] }), "a Swin: 16 tokens of 64 numbers");
});
