import assert from "node:assert/strict";
import { test } from "node:test";

import {
  brief,
  counted,
  find,
  led,
  moved,
  read,
  reordered,
  same,
  scaleOf,
  sceneOf,
  standing,
  thisViewOnly,
  uploadsOf,
  whereabouts,
  whoOpens,
  withWords,
  wordless,
  wordsOf,
  written,
} from "../../vit_explorer/ui/frame/scenes.js";

test("a scene is the address without the stage, and all scenes are one text", () => {
  const hash = "#tab=attention&sub=heads&picture=sample%3Acat&model=a%7Cb&layer=2&present=1&deck=tab%3Dhome&theme=dark";
  const scene = sceneOf(hash);
  assert.equal(scene, "tab=attention&sub=heads&picture=sample%3Acat&model=a%7Cb&layer=2");
  const scenes = ["tab=home&picture=sample%3Acat", scene, "tab=train"];
  const link = new URLSearchParams({ present: "1", deck: written(scenes) });
  assert.deepEqual(read(new URLSearchParams(link.toString()).get("deck")), scenes);
  assert.deepEqual(read(""), []);
  assert.deepEqual(read("nonsense|tab=home"), ["tab=home"]);
});

test("a clicker stops at the first and the last scene", () => {
  assert.equal(moved(-1, 1, 3), 0);
  assert.equal(moved(2, 1, 3), null);
  assert.equal(moved(0, -1, 3), null);
});

test("a finding is cut after a sentence and never inside of one", () => {
  assert.equal(brief("It says cat, 98.9 %. And it is one.", 130), "It says cat, 98.9 %. And it is one.");
  assert.equal(brief("One sentence. Another sentence. A third.", 32), "One sentence. Another sentence.");
  assert.equal(brief("  A long\n sentence that goes on. Next.", 5), "A long sentence that goes on.");
});

test("the smallest letters, 12 px, are 26 px at 1920 x 1080 and never smaller than on the page", () => {
  assert.equal(12 * scaleOf(1920, 1080, 1), 26);
  assert.equal(12 * scaleOf(3840, 2160, 1), 52);
  assert.ok(scaleOf(390, 844, 1) >= 1);
});

test("a link says who can open it where that is not everybody, and what of theirs it shows", () => {
  const everybody = "https://vit.example.org/";
  assert.equal(whoOpens(`${everybody}#tab=home&picture=sample:cat`, 30), "");
  for (const host of ["http://127.0.0.1:7860", "http://localhost:7860", "http://[::1]:7860"]) {
    const said = whoOpens(`${host}/#tab=home&picture=sample:cat`, 30);
    assert.ok(said.includes("Only this machine") && said.includes("Save, PNG"), said);
    assert.ok(!said.includes("uploaded"), said);
  }
  const scene = "tab=home&picture=upload%3Aab";
  for (const hash of [
    "#tab=home&picture=upload:ab",
    `#${new URLSearchParams({ tab: "home", deck: written([scene]) })}`,
  ]) {
    const said = whoOpens(everybody + hash, 30);
    assert.ok(
      said.includes("your uploaded picture while a page with it is open, and for 30 minutes") &&
        !said.includes("machine"),
      said,
    );
    assert.equal(whoOpens(`http://127.0.0.1/${hash}`, 30).split("\n").length, 2);
  }
  const several = new URLSearchParams({ picture: "upload:ab", pictures: "upload:ab upload:cd sample:cat" });
  assert.ok(
    whoOpens(`${everybody}#${several}`, 30).includes(
      "your 2 uploaded pictures while a page with them is open, and for 30 minutes",
    ),
  );
});

test("uploaded pictures of scenes are found by name, each once", () => {
  const upload = "tab=home&picture=upload:ab";
  const scenes = [
    upload,
    "tab=home&picture=sample:cat",
    `${upload}&layer=2`,
    "tab=classify&pictures=upload%3Acd+upload:ef",
  ];
  assert.deepEqual(uploadsOf(written(scenes)), ["upload:ab", "upload:cd", "upload:ef"]);
  assert.deepEqual(uploadsOf(withWords("tab=home", { note: "an upload: mine" })), []);
});

test("a link to one view says so while scenes are kept", () => {
  assert.equal(thisViewOnly(0), "");
  assert.ok(thisViewOnly(5).includes("5 scenes") && !thisViewOnly(1).includes("1"));
});

test("a scene carries a presenter's words, which say nothing of what is shown", () => {
  const scene = "tab=windows&sub=steps&step=6";
  const told = withWords(scene, { called: "The mask", note: "Who | may meet? & why" });
  assert.deepEqual(wordsOf(told), { called: "The mask", note: "Who | may meet? & why" });
  assert.deepEqual(read(written([told, "tab=home"])), [told, "tab=home"]);
  assert.equal(wordless(told), scene);
  assert.ok(same(told, "step=6&tab=windows&sub=steps") && !same(told, "tab=windows&sub=steps"));
  assert.deepEqual([find(["tab=home", told], scene), find(["tab=home", told], "tab=train")], [1, -1]);
  assert.equal(find([scene, told], scene, 1), 1);
});

test("scenes are put in another order", () => {
  assert.deepEqual(reordered(["a", "b", "c"], 0, 1), ["b", "a", "c"]);
  assert.deepEqual(reordered(["a", "b", "c"], 2, 0), ["c", "a", "b"]);
  assert.deepEqual(reordered(["a", "b", "c"], 2, 9), ["a", "b", "c"]);
});

test("a scene that is changed in its view stays that scene; another view leaves it, and back leads to it first", () => {
  const scenes = ["tab=home", "tab=attention&sub=heads&layer=2&note=Then+press+a+head", "tab=attention&sub=layers"];
  const at = (/** @type {string} */ scene, from = 1) => standing(scenes, scene, from, "");
  const kept = at("tab=attention&sub=heads&layer=2");
  const changed = at("tab=attention&sub=heads&layer=3");
  const left = at("tab=attention&sub=rollout");
  assert.deepEqual([kept.as, changed.as, left.as], ["kept", "changed", "left"]);
  assert.deepEqual(
    [kept, changed, left].map(({ index }) => index),
    [1, 1, 1],
  );
  assert.deepEqual(at("tab=home"), { index: 0, as: "kept" });
  const [up, down] = [-1, 1].map((by) => [kept, changed, left].map((now) => led(now, by, 3)));
  assert.deepEqual(up, [0, 1, 1]);
  assert.deepEqual(down, [2, 2, 2]);
  const none = at("tab=train", -1);
  assert.deepEqual([led(none, -1, 3), led(none, 1, 3)], [null, 0]);
  assert.deepEqual(
    [kept, changed, left, none, at("tab=attention&sub=layers")].map((now) => counted(now, 3)),
    ["2 / 3", "2 / 3, changed", "Not kept (K) · after 2 / 3", "Not kept (K) · 3 scenes", "3 / 3, last"],
  );
  assert.equal(counted({ index: 0, as: "kept" }, 1), "1 / 1");
  assert.ok(counted(none, 0).includes("K"));
  assert.ok([changed, left].every((now) => /Scene 2 of 3.*Page Up/.test(whereabouts(now, 3))));
  assert.equal(whereabouts(none, 3), "");
});

test("what a scene showed tells a change of its view, where its own words are fewer", () => {
  const shown = "tab=attention&sub=heads&picture=sample:cat";
  assert.equal(standing(["tab=attention"], shown, 0, shown).as, "kept");
  assert.equal(standing(["tab=attention"], `${shown}&layer=2`, 0, shown).as, "changed");
});
