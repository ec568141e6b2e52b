import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { pointed } from "../../vit_explorer/ui/frame/here.js";
import { about, found } from "../../vit_explorer/ui/frame/words.js";

const term = (name, text) => ({ section: "One", names: name.split(", "), text });
const TERMS = [
  term("Attention weight", "The softmax of the scores."),
  term("Softmax", "Numbers that sum to 1."),
  term("Query, key, value", "Three projections."),
  term("Log-softmax", "Its logarithm."),
];

test("names that begin with what is looked up come first, then names that hold it, then texts", () => {
  const names = (text) => found(TERMS, text).map((one) => one.names[0]);
  assert.deepEqual(names(" SOFT "), ["Softmax", "Log-softmax", "Attention weight"]);
  assert.deepEqual(names("value"), ["Query"]);
  assert.deepEqual(names("softmaxes"), ["Softmax"]);
  assert.deepEqual(names("queries"), ["Query"]);
  assert.deepEqual(names("nothing of this"), []);
  assert.deepEqual(names(""), ["Attention weight", "Softmax", "Query", "Log-softmax"]);
});

test("a topic of the help is found by the beginning of one of its words, from three letters on", () => {
  const topic = "start over reset defaults";
  for (const text of ["start over", " Start ov", "reset", "Def", "over"]) assert.ok(about(topic, text), text);
  for (const text of ["", "st", "restart", "default picture", "set"]) assert.ok(!about(topic, text), text);
});

test("questions find their topic, and plurals their word", () => {
  const html = readFileSync(new URL("../../vit_explorer/ui/frame/help.html", import.meta.url), "utf-8");
  const topics = [...html.matchAll(/data-topic="([^"]*)">\s*<h3>([^<]*)/g)].map(([, topic, title]) => ({
    topic,
    title,
  }));
  const titles = (/** @type {string} */ text) =>
    topics.filter(({ topic }) => about(topic, text)).map(({ title }) => title.trim());
  for (const [asked, title] of [
    ["why", "Why does it say that?"],
    ["Why is it wrong?", "Why is it wrong?"],
    ["can I trust this", "Can I trust the answer?"],
    ["share with friends", "Copy link"],
    ["friend", "Copy link"],
    ["own photos", "Your own pictures"],
    ["my photo", "Your own pictures"],
    ["keep the model", "Keep a trained model"],
    ["save", "Save a figure or its numbers"],
    ["delete my picture", "Delete what you brought"],
    ["what can i do", "What can I do here?"],
  ])
    assert.ok(titles(asked).includes(title), `${asked}: ${titles(asked)}`);
  assert.deepEqual(titles("quixotic"), []);
});

test("what is pointed at is a figure or what the pointing does", () => {
  assert.equal(pointed("Last layer before: point at a patch to mark it everywhere"), "a patch to mark it everywhere");
  assert.equal(
    pointed("4. Shift. Point at a token to mark it, or use the arrow keys."),
    "a token to mark it, or use the arrow keys",
  );
  assert.equal(pointed("Patches of the picture: arrow keys move, Escape lets go"), "patches of the picture");
  assert.equal(pointed("Deletion curves"), "deletion curves");
  assert.equal(pointed("CLS: arrow keys"), "CLS");
  assert.equal(pointed("Layer 4 is enlarged; arrow keys choose another"), "");
});
