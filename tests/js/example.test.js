import assert from "node:assert/strict";
import test from "node:test";
import { withModel } from "../../vit_explorer/ui/core/example.js";

test("an example names the model on screen, and leaves other models as they are", () => {
  const script = 'network = load_checkpoint("vit-cifar10")\nimage = 1\nother = load_checkpoint("vit-cifar10")\n';
  assert.equal(
    withModel(script, "deit-cifar10"),
    'network = load_checkpoint("deit-cifar10")\nimage = 1\nother = load_checkpoint("vit-cifar10")\n',
  );
});
