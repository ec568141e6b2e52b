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

test("the tokens of every stage are said", () => {
  const swin = { title: "a Swin", note: "", plain: null };
  const said = merged({ ...swin, stages: [stage(56, 96), stage(28, 192), stage(7, 768)] });
  assert.equal(said, "a Swin: 3,136 tokens become 784, then 49");
  assert.equal(merged({ ...swin, stages: [stage(4, 64)] }), "a Swin: 16 tokens, never merged");
});
