import assert from "node:assert/strict";
import { test } from "node:test";
import * as settings from "../../vit_explorer/ui/core/setting.js";

/** A setting of a variable, and the variable. @returns {any[]} */
function held(kind, usual, first = usual) {
  const box = { value: first };
  const one = settings.setting(
    kind,
    () => box.value,
    (value) => (box.value = value ?? usual),
    usual,
  );
  return [one, box];
}

test("a default is not written, another value is, and comes back from its text", () => {
  for (const [kind, usual, other, text] of [
    [settings.index, 0, 3, "4"],
    [settings.integer(1, 99), 7, 12, "12"],
    [settings.number(0, 1), 0.35, 0.5, "0.5"],
    [settings.flag, true, false, "no"],
    [settings.oneOf("row", "column"), "row", "column", "column"],
    [settings.words(), "BLACKBOARD", "A=B&C", "A=B&C"],
    [settings.integers(), [], [3, 5, 9], "3.5.9"],
  ]) {
    const [one, box] = held(kind, usual);
    assert.equal(one.read(), null);
    one.write(text);
    assert.deepEqual(box.value, other);
    assert.equal(one.read(), text);
    one.write(null);
    assert.deepEqual(box.value, usual);
  }
});

test("text that is no value of its kind leaves the default", () => {
  /** @type {[import("../../vit_explorer/ui/core/setting.js").Kind<any>, any, string[]][]} */
  const cases = [
    [settings.index, 2, ["0", "-1", "x", "", "1.5", "1e3", "99999999999"]],
    [settings.integer(1, 99), 7, ["0", "100", " ", "NaN"]],
    [settings.number(0, 1), 0.35, ["-0.1", "1.01", "", " ", "x"]],
    [settings.flag, true, ["maybe", "toString", ""]],
    [settings.oneOf("row", "column"), "row", ["rows", "toString", ""]],
    [settings.words(3), "A", ["ABCD"]],
    [settings.integers(0, 63), [1], ["64", "-1", "1..2", "a.b"]],
  ];
  for (const [kind, usual, texts] of cases) {
    for (const text of texts) {
      const [one, box] = held(kind, usual, "something else");
      one.write(text);
      assert.deepEqual(box.value, usual, `${text} was taken`);
    }
  }
});

test("a default that depends on the model is compared when it is read", () => {
  let layers = 4;
  let layer = 3;
  const one = settings.setting(
    settings.index,
    () => layer,
    (value) => (layer = value),
    () => layers - 1,
  );
  assert.equal(one.read(), null);
  layers = 12;
  assert.equal(one.read(), "4");
});
