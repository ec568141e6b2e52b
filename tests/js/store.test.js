import assert from "node:assert/strict";
import { test } from "node:test";
import * as store from "../../vit_explorer/ui/core/store.js";

test("a token that is pinned with other topics is seen together with them, once", () => {
  store.pin(3);
  const seen = [];
  const following = store.follow((topics) =>
    seen.push([topics.sort(), store.state.token, store.state.run, store.pinned]),
  );
  store.pinWith(7, { run: "a race" });
  following.stop();
  assert.deepEqual(seen, [[["run", "token"], 7, "a race", 7]]);
});
