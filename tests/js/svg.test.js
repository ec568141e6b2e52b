/* SVG as text. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { escaped, picture, tag } from "../../vit_explorer/ui/core/svg.js";

test("what has a meaning in XML, or none, does not stand in its text", () => {
  assert.equal(escaped('a<b & "c">\u0007\td'), "a&lt;b &amp; &quot;c&quot;&gt;\td");
});

test("attributes without a value are left out, and numbers are short", () => {
  assert.equal(tag("rect", { x: 1 / 3, rx: 0, fill: "", stroke: undefined }), '<rect x="0.33" rx="0"/>');
  assert.equal(tag("text", { y: 2 }, "q"), '<text y="2">q</text>');
});

test("a picture says its size, its title and its ground", () => {
  const lines = picture(10.2, 4, "a & b", [tag("line", {})], "#fff").split("\n");
  assert.match(lines[0], /width="11" height="4" viewBox="0 0 11 4"/);
  assert.deepEqual(lines.slice(1, 4), [
    "<title>a &amp; b</title>",
    '<rect width="11" height="4" fill="#fff"/>',
    "<line/>",
  ]);
});
