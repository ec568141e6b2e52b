/* What a cut of the picture costs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { against, multiplyAdds, times } from "../../vit_explorer/ui/patches/cut.js";

const SIZES = { d_model: 128, d_ff: 512, n_layers: 4, n_classes: 10 };

test("pairs are a small part of what a small ViT computes, so that halved patches cost less than their pairs say", () => {
  const [at4, at2] = [multiplyAdds(65, 1, 48, SIZES), multiplyAdds(257, 1, 12, SIZES)];
  assert.equal(at4.all, 55_838_976);
  assert.equal(at4.pairs, 4 * 2 * 65 ** 2 * 128);
  const pairs = at2.pairs / at4.pairs;
  assert.ok(Math.abs(pairs - (257 / 65) ** 2) < 1e-9);
  const said = against({
    name: "2 × 2",
    other: "4 × 4",
    tokens: 257 / 65,
    pairs,
    cost: at2.all / at4.all,
    share: at4.pairs / at4.all,
  });
  assert.match(
    said,
    /^2 × 2 against 4 × 4: 3\.95 times the tokens, 15\.6 times the pairs, 4\.84 times the cost: at 4 × 4, .* only 7\.7 % /,
  );
  const back = against({ name: "8", other: "4", tokens: 17 / 65, pairs: 1 / 16, cost: 0.25, share: 0.6 });
  assert.match(
    back,
    /3\.82 times fewer tokens, 16 times fewer pairs, 4 times less cost: at 4, comparing pairs is 60\.0 %/,
  );
});

test("a ratio below one is said as a division", () => {
  assert.deepEqual([times(15.63), times(1 / 16)], ["× 15.6", "÷ 16"]);
});
