import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { ANSWERS } from "../../vit_explorer/ui/frame/answers.js";
import { pointed } from "../../vit_explorer/ui/frame/here.js";
import { PLACES } from "../../vit_explorer/ui/frame/term-places.js";
import { search, stem } from "../../vit_explorer/ui/frame/words.js";

const read = (/** @type {string} */ path) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf-8");
const HTML = read("vit_explorer/ui/frame/help.html");
const all = (/** @type {RegExp} */ pattern) => [...HTML.matchAll(pattern)];

const TERMS = [...read("docs/glossary.md").matchAll(/^- \*\*([^*]+)\*\*: (.+(?:\n {2}.+)*)/gm)].map(
  ([, names, text]) => {
    const each = names.replace(/ \([^)]*\)/g, "").split(", ");
    return { names: each, text, also: PLACES[each[0]]?.[1] ?? "" };
  },
);
// All that the help looks up, as help.js puts it together.
const ENTRIES = [
  ...ANSWERS.map(({ title, text, also }) => ({ names: [title], text, also })),
  ...all(/<section[^>]* data-also="([^"]*)">\s*<h3>([^<]*)/g).map(([, also, title]) => ({
    names: [title.trim()],
    text: "",
    also,
  })),
  ...all(/<dt data-also="([^"]*)"[^>]*>(.*?)<\/dt><dd>(.*?)<\/dd>/g).map(([, also, keys, text]) => ({
    names: [...keys.matchAll(/<kbd>(.*?)<\/kbd>/g)].map(([, key]) => key),
    text,
    also,
  })),
  ...TERMS,
];
const found = (/** @type {string} */ asked) => search(ENTRIES, asked).best.map(({ names }) => names[0]);

// What people have asked, and the entry that is to come first.
const ASKED = {
  "what is a query": "Query",
  query: "Query",
  "what is CLS": "CLS token",
  "What are logits?": "Logit",
  softmaxes: "Softmax",
  "mute a head": "Mute a head",
  muting: "Mute a head",
  "turn off a head": "Mute a head",
  "worse than random": "A map that is worse than random",
  "nearest head": "Heads that look nearest and farthest",
  "which head looks near?": "Heads that look nearest and farthest",
  farthest: "Heads that look nearest and farthest",
  "compare heads": "Compare heads",
  "I am lost": "Take the tour",
  "where do I begin": "Take the tour",
  "shifted window mask": "The mask of shifted windows, on and off",
  "turn the mask back on": "The mask of shifted windows, on and off",
  "how many tokens": "How many tokens?",
  clicker: "Give a talk",
  projector: "Give a talk",
  slide: "Give a talk",
  slides: "Give a talk",
  present: "Give a talk",
  "black screen": "Give a talk",
  "what can I do here": "What can I do here?",
  "how does it work": "What is a Vision Transformer?",
  why: "Why does it say that?",
  "Why is it wrong?": "Why is it wrong?",
  "can I trust this": "Can I trust the answer?",
  export: "Save a figure or its numbers",
  "download a picture of this figure": "Save a figure or its numbers",
  save: "Save a figure or its numbers",
  share: "Share a link",
  "send it to friends": "Share a link",
  upload: "Your own pictures",
  "my own photos": "Your own pictures",
  "take a photo": "Your own pictures",
  camera: "Your own pictures",
  "is my photo private?": "Who sees your pictures?",
  "delete my picture": "Delete what you brought",
  train: "How do I train?",
  "how do I train my own model": "How do I train?",
  "keep the model": "Keep a trained model",
  GPU: "Which processor trains?",
  compare: "Compare networks",
  "which model is best": "Which network should I use?",
  reset: "Start over",
  keyboard: "Keys",
};

test("a question finds its entry first", () => {
  for (const [asked, title] of Object.entries(ASKED)) assert.equal(found(asked)[0], title, `${asked}: ${found(asked)}`);
});

test("few are shown, and of the keys the line that is asked for", () => {
  const { best, held } = search(ENTRIES, "head");
  assert.ok(held > best.length && best.length === 6);
  assert.deepEqual(found("farthest"), ["Heads that look nearest and farthest"]);
  assert.ok(found("escape").includes("Esc") && !found("escape").includes("Keys"));
  assert.deepEqual(found("xyzzy"), []);
  assert.deepEqual(found("?!"), []);
});

test("a word that is being typed finds those that begin with it, from three letters on", () => {
  assert.equal(found("letterb")[0], "Letterbox");
  assert.equal(found("entrop")[0], "Entropy");
  assert.deepEqual(found("en"), []);
});

test("endings do not matter", () => {
  for (const same of [
    ["mute", "mutes", "muted", "muting"],
    ["head", "heads"],
    ["near", "nearest"],
    ["query", "queries"],
    ["softmax", "softmaxes"],
    ["crop", "crops", "cropped", "cropping"],
    ["large", "largest"],
    ["class", "classes"],
  ])
    assert.equal(new Set(same.map(stem)).size, 1, `${same.map(stem)}`);
  assert.notEqual(stem("class"), stem("CLS".toLowerCase()));
  for (const word of ["string", "need", "test", "cls"]) assert.equal(stem(word), word);
});

test("rare words and words of a title count more than frequent ones and those of a text", () => {
  const entry = (/** @type {string} */ name, /** @type {string} */ text) => ({ names: [name], text, also: "" });
  const some = [entry("Large head", ""), entry("Two", "a rare head"), entry("Head", ""), entry("Four", "the head")];
  const names = (/** @type {string} */ asked) => search(some, asked).best.map((one) => one.names[0]);
  assert.deepEqual(names("the heads"), ["Head", "Large head"]);
  assert.equal(names("the largest head")[0], "Large head");
  assert.deepEqual(names("rare"), ["Two"]);
});

test("every term of the glossary has a place, and every place a term", () => {
  assert.ok(TERMS.length > 100);
  assert.deepEqual(Object.keys(PLACES).sort(), TERMS.map(({ names }) => names[0]).sort());
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
