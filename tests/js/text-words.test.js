import assert from "node:assert/strict";
import { test } from "node:test";

import * as words from "../../vit_explorer/ui/text/words.js";

test("an output is one word, its end left out and other tokens dotted", () => {
  assert.equal(words.word(["D", "R", "end"]), "DR");
  assert.equal(words.word(["D", "end", "R", "pad"]), "D•R•");
  assert.equal(words.word(["end"]), "");
});

test("right letters are counted at their places, without the end", () => {
  assert.equal(words.hits(["A", "B", "end"], ["A", "B", "end"]), 2);
  assert.equal(words.hits(["B", "A", "end"], ["A", "B", "end"]), 0);
  assert.equal(words.hits(["A"], ["A", "B", "end"]), 1);
});

test("tokens that are no letters have a face and a name", () => {
  assert.deepEqual(["A", "end", "pad", "start"].map(words.face), ["A", "■", "□", "▶"]);
  assert.deepEqual(["A", "end", "pad"].map(words.name), ["A", "the end", "padding"]);
});

test("reading backwards is said of a network that is right and looks along the anti-diagonal", () => {
  const reading = (/** @type {object} */ seen) =>
    words.reading({ task: "reverse", on: 0.78, chance: 0.1, hits: 10, n: 10, epoch: 30, ...seen });
  assert.match(reading({}), /learned to read backwards: 78 % on the anti-diagonal/);
  assert.match(reading({ on: 0.1, hits: 0, epoch: 0 }), /^Untrained.* 10 % on .* 10 % by chance/);
  assert.match(reading({ on: 0.12, hits: 1, epoch: 1 }), /^This head shows little of it: 12 % .* 10 % by chance/);
  assert.match(reading({ on: 0.02 }), /^This head shows little of it: 2 %/); // another one does the work
  assert.match(reading({ task: "sort", on: 1, chance: 1 }), /^This head shows little of it: 100 % .* 100 % by chance/); // AAAA
  assert.match(reading({ on: 0.34, hits: 2, epoch: 2 }), /begins to .* 34 % .* 2 of 10 right/);
  assert.doesNotMatch(reading({ on: 0.15 }), /learned|begins/); // right, but not by this head
  assert.match(reading({ task: "sort", on: 0.66, chance: 0.15 }), /learned to sort: 66 % on the letter that it writes/);
  assert.match(reading({ task: "sort", on: 0.16, chance: 0.15, epoch: 0 }), /16 % .* 15 % by chance/);
  assert.match(reading({ task: "reverse-halves", on: 0.5, hits: 4 }), /begins to reverse halves: 50 % on both anti/);
});

test("greedy beside beam: which is right, and which more probable", () => {
  const outputs = { greedy: "BA", best: "AB", right: "AB", width: 3, likelier: true };
  assert.match(words.outcome(outputs), /Greedy: BA\. Beam: AB, more probable, right/);
  assert.match(words.outcome({ ...outputs, right: "BA", likelier: false }), /AB, less probable, wrong/);
  assert.match(words.outcome({ ...outputs, right: "CC" }), /also wrong/);
  assert.match(words.outcome({ ...outputs, greedy: "AB" }), /beam of 3 agree: AB, which is right/);
  assert.match(words.outcome({ ...outputs, greedy: "", best: "" }), /agree: nothing, which is wrong/);
});

test("the cache saves nothing at the first step", () => {
  assert.match(words.saving(1, 100, 100), /^Step 1 computes everything/);
  assert.match(words.saving(4, 2_000_000, 8_000_000), /saves 75\.0 % of 4 steps: 2\.00 M .* not 8\.00 M/);
});

test("the epoch at which both accuracies are farthest apart", () => {
  const history = [
    { epoch: 0, forced: 0.1, free: 0.1 },
    { epoch: 1, forced: 0.6, free: 0.4 },
    { epoch: 2, forced: 1, free: 0.99 },
  ];
  assert.match(words.misled(history), /60\.0 % right with help, 40\.0 % without \(epoch 1\)/);
});

test("the clock stands beside the count, with a reason only where they are far apart", () => {
  const short = { n_tokens: 10, ratio: 1, counted: 4 };
  const far = words.clocked([short, { n_tokens: 200, ratio: 2.87, counted: 106 }]);
  assert.match(far, /At 200 tokens .* 106 × fewer .* only 2\.87 × as quick: .*fixed cost/);
  const near = words.clocked([{ n_tokens: 50, ratio: 20, counted: 24 }]);
  assert.match(near, /24\.0 × fewer multiply-adds and is 20\.0 × as quick\.$/);
});
