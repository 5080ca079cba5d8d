import assert from "node:assert/strict";
import { test } from "node:test";
import { DropOuts } from "../../webapp/mixeval_webapp/static/js/drop-outs.js";
import { AudioScope } from "./fake-audio.mjs";

/** An audio thread and the computer's two clocks, half a second a report. */
function metered({ stimulus = "a" } = {}) {
  const scope = new AudioScope();
  const port = new EventTarget();
  const logged = [];
  const clock = { wall: 1e12, steady: 5000 };
  let behindMs = 123_456;
  const meter = new DropOuts(port, {
    scope, sampleRate: 44100, now: () => ({ ...clock }), situation: () => ({ stimulus, hidden: false }),
    log: (kind, token, detail) => logged.push([kind, token, detail]),
  });
  const report = ({ lost = 0, jitter = 0, set = 0 } = {}) => {
    clock.wall += 500 + set;
    clock.steady += 500;
    behindMs += lost + set;
    port.dispatchEvent(Object.assign(new Event("message"), { data: { behindMs: behindMs + jitter } }));
  };
  for (let warm = 0; warm < 3; warm++) report();
  return { scope, meter, report, logged };
}

test("a thread that keeps up within its jitter has no drop-outs, however far two clocks drift apart", () => {
  const { report, logged } = metered();
  // 0.01 % for ten minutes, with a few milliseconds of jitter.
  for (let turn = 0; turn < 1200; turn++) report({ lost: 0.05, jitter: (turn * 7) % 5 });
  assert.deepEqual(logged, []);
});

test("audio that was not rendered is logged with what was lost", () => {
  const { report, logged } = metered();
  report({ lost: 80 });
  report();
  assert.deepEqual(logged, [["drop_out", "a", { count: 1, lost_ms: 80, longest_ms: 80, quanta: 28, hidden: false }]]);
});

test("many drop-outs are told together, and the last ones as the page ends", async () => {
  const { scope, meter, report, logged } = metered();
  for (const lost of [30, 40, 50]) report({ lost });
  assert.equal(logged.length, 1);
  await scope.ring();
  assert.deepEqual(logged[1][2], { count: 2, lost_ms: 90, longest_ms: 50, quanta: 31, hidden: false });
  report({ lost: 25 });
  report({ lost: 25 });
  meter.settle();
  assert.deepEqual(logged.slice(2).map(([, , { count }]) => count), [1, 1]);
});

test("a computer's clock that is set is no drop-out, in neither direction", () => {
  const { report, logged } = metered();
  report({ set: 3_600_000 });
  report({ set: -500 });
  report();
  assert.deepEqual(logged, []);
});

test("a suspension is no drop-out, and reports from before it are not compared", () => {
  const { meter, report, logged } = metered();
  meter.reset();
  report();
  report({ lost: 60_000 });
  report();
  assert.deepEqual(logged, []);
  report({ lost: 20 });
  assert.equal(logged.length, 1);
});

test("while nothing is to be heard nothing is lost", () => {
  const { report, logged } = metered({ stimulus: null });
  report({ lost: 500 });
  assert.deepEqual(logged, []);
});
