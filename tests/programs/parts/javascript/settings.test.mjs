import assert from "node:assert/strict";
import { test } from "node:test";

import { MODEL, Settings } from "../../../../planner/programs/javascript/settings.mjs";

test("settings are the plan's, unless said otherwise, and do not change", () => {
  const settings = new Settings({ canary: 3 });
  assert.equal(settings.model, MODEL);
  assert.equal(settings.canary, 3);
  assert.throws(() => {
    settings.canary = 4;
  }, TypeError);
});
