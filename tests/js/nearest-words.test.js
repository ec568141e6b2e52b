/* The nearest pictures: what is said of them follows from their labels. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { finding, sameness, tally } from "../../vit_explorer/ui/features/nearest-words.js";

const near = (/** @type {string[]} */ ...labels) => labels.map((truth) => ({ picture: { truth } }));

test("how many have the commonest label, and whether it is the picture's own", () => {
  const answer = {
    label: "cat",
    votes: 2,
    neighbours: near("cat", "dog", "cat"),
  };
  assert.match(finding(answer, "pets", null), /^2 of 3 .* of pets are labelled cat$/);
  assert.match(finding(answer, "pets", "cat"), /as this one is$/);
  assert.match(finding(answer, "pets", "dog"), /this one is labelled dog$/);
  assert.deepEqual(tally(answer), [
    ["cat", 2],
    ["dog", 1],
  ]);
  assert.deepEqual([sameness("cat", "cat"), sameness("cat", "dog"), sameness(null, "dog")], ["same", "other", ""]);
});
