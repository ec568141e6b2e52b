/* Where the guide can still lead follows from all its ways and the answers so far. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { finding, leads } from "../../vit_explorer/ui/compare/guide-words.js";

const ways = [
  { answers: ["few", "no"], advice: "A CNN" },
  { answers: ["few", "yes"], advice: "A CNN" },
  { answers: ["many", "no"], advice: "A ViT" },
  { answers: ["many", "yes"], advice: "A Swin" },
];
const open = (/** @type {string[]} */ given) => leads(ways, given).map((one) => [one.advice, one.open, one.all]);

test("each answer leaves fewer ways open, and the last leaves one", () => {
  assert.deepEqual(open([]), [
    ["A CNN", 2, 2],
    ["A ViT", 1, 1],
    ["A Swin", 1, 1],
  ]);
  assert.deepEqual(
    open(["many"]).map(([, n]) => n),
    [0, 1, 1],
  );
  assert.match(finding(leads(ways, [])), /3 architectures/);
  assert.match(finding(leads(ways, ["many"])), /^2 of 3 /);
  assert.match(finding(leads(ways, ["many", "yes"])), /A Swin$/);
  assert.match(finding(leads(ways, ["few"])), /A CNN$/); // both ways lead there
});
