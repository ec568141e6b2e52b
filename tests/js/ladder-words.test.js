/* The ladder's words: the finding is the first sentence of what the server says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { inBrief, parted } from "../../vit_explorer/ui/recipe/ladder-words.js";

test("a text is parted after its first sentence, not at a decimal point", () => {
  assert.deepEqual(parted("Largest gain: crop, +3.5 points. From 48.3 % to 46.4 %. Less."), [
    "Largest gain: crop, +3.5 points",
    "From 48.3 % to 46.4 %. Less.",
  ]);
  assert.deepEqual(parted("One sentence."), ["One sentence", ""]);
  assert.deepEqual(parted(""), ["", ""]);
});

test("a room is told the largest gain, where the whole recipe ends, and of how many seeds", () => {
  const says = "Largest gain: crop and flip, +3.5 points. From 48.3 % to 46.4 %.";
  const ends = "With everything the ViT ends 1.9 points below the plain one";
  const rungs = (...counts) => counts.map((count) => ({ result: count ? { tests: Array(count).fill(0.5) } : null }));
  const told = (whole, ...counts) => inBrief({ says, whole, rungs: rungs(...counts), teacher: null });
  const gain = "Largest gain: crop and flip, +3.5 points";
  const below = "; with everything the ViT ends 1.9 points below the plain one";
  assert.equal(told(`${ends}: 40 epochs teach it only 60.1 % of them.`, 1, 1), `${gain}${below} (one seed a row).`);
  assert.equal(told(`${ends}.`, 3, 3), `${gain}${below} (3 seeds a row).`);
  assert.equal(told("", 3, 1, 0), `${gain} (1 to 3 seeds a row).`);
});
