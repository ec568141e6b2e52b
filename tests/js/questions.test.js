/* All questions together. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ABLATION, EXPLAIN, HEADS, LAYERS, ROLLOUT } from "../../vit_explorer/ui/attention/questions.js";
import { QUESTIONS as CLASSIFY } from "../../vit_explorer/ui/classify/questions.js";
import { CONFUSION, GUIDE, PICTURE, TABLE } from "../../vit_explorer/ui/compare/questions.js";
import { QUESTIONS as FEATURES } from "../../vit_explorer/ui/features/questions.js";
import { QUESTIONS as HOME } from "../../vit_explorer/ui/home/questions.js";
import { QUESTIONS as PATCHES } from "../../vit_explorer/ui/patches/questions.js";
import { EXPERIMENT, MAPS } from "../../vit_explorer/ui/positions/questions.js";
import { DISTILLATION, ingredients, LADDER } from "../../vit_explorer/ui/recipe/questions.js";
import { CACHE, letters } from "../../vit_explorer/ui/text/questions.js";
import { HUNGER, RACE } from "../../vit_explorer/ui/train/questions.js";
import { costs, STAGES, STEPS } from "../../vit_explorer/ui/windows/questions.js";
import { cnn, missing } from "./asking.js";

test("questions have ids of their own, and say of a network without attention why they are not asked", () => {
  const views = [PATCHES, MAPS, EXPERIMENT, HEADS, ROLLOUT, ABLATION, FEATURES, STEPS, costs(() => null), RACE, HUNGER];
  const all = [
    ...views,
    ingredients(() => null),
    LADDER,
    CLASSIFY,
    PICTURE,
    TABLE,
    letters(() => 0),
    CACHE,
    HOME,
    LAYERS,
    STAGES,
    EXPLAIN,
    DISTILLATION,
    CONFUSION,
    GUIDE,
  ].flat();
  assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
  for (const question of [PATCHES, MAPS, EXPERIMENT, HEADS, ROLLOUT, LAYERS].flat())
    assert.match(missing(question, cnn()), /\bcnn /);
});
