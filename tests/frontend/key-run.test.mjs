import assert from "node:assert/strict";
import { test } from "node:test";
import { KeyRun } from "../../webapp/mixeval_webapp/static/js/key-run.js";
import { FakeScope } from "./fakes.mjs";

test("presses close together are one movement, from where the first began to the time of the last", async () => {
  const scope = new FakeScope();
  const ended = [];
  const run = new KeyRun(scope, (from, at) => ended.push([from, at]));
  run.press(null, 100);
  run.press(51, 200);
  assert.equal(run.underWay, true);
  assert.deepEqual(ended, []);
  await scope.ring();
  assert.deepEqual(ended, [[null, 200]]);
  assert.equal(run.underWay, false);
  run.press(52, 900);
  run.end();
  run.end();
  assert.deepEqual(ended[1], [52, 900]);
  assert.deepEqual(scope.pending, []);
});
