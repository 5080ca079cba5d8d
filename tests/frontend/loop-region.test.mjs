import assert from "node:assert/strict";
import { test } from "node:test";
import { LoopRegion } from "../../webapp/mixeval_webapp/static/js/loop-region.js";
import { stretchBetween } from "../../webapp/mixeval_webapp/static/js/stretch.js";

test("a stretch is marked in either direction, inside the item", () => {
  const region = new LoopRegion(10);
  region.mark(7, 3);
  assert.deepEqual(region.active, { start: 3, end: 7 });
  region.mark(-4, 20);
  assert.equal(region.active, null, "all of the item is no stretch");
});

test("its ends are set one after the other, in either order", () => {
  const region = new LoopRegion(10);
  region.beginAt(2);
  assert.deepEqual(region.active, { start: 2, end: 10 });
  region.endAt(5);
  assert.deepEqual(region.active, { start: 2, end: 5 });
  region.beginAt(8);
  assert.deepEqual(region.active, { start: 8, end: 10 });
  region.endAt(4);
  assert.deepEqual(region.active, { start: 0, end: 4 });
});

test("one end does not move past the other, and a tenth of a second stays", () => {
  const region = new LoopRegion(10);
  region.mark(3, 7);
  region.move("start", 9);
  assert.ok(Math.abs(region.active.start - 6.9) < 1e-9);
  region.move("end", 0);
  assert.ok(region.active.end - region.active.start > 0.0999);
});

test("L loops what is marked or all of the item, and says when nothing is marked", () => {
  const region = new LoopRegion(10);
  assert.equal(region.toggle(), false);
  region.mark(3, 7);
  assert.equal(region.toggle(), true);
  assert.equal(region.active, null);
  assert.deepEqual(region.kept, { start: 3, end: 7 });
  region.toggle();
  assert.deepEqual(region.active, { start: 3, end: 7 });
  region.clear();
  assert.deepEqual([region.active, region.kept], [null, null]);
});

test("a drag that the browser took back leaves what was there before", () => {
  const region = new LoopRegion(10);
  region.mark(3, 7);
  region.toggle();
  const before = region.state;
  region.mark(0, 1);
  region.restore(before);
  assert.deepEqual([region.active, region.kept], [null, { start: 3, end: 7 }]);
});

test("an item shorter than the shortest stretch is still a stretch", () => {
  const region = new LoopRegion(0.05);
  region.mark(0.01, 0.02);
  assert.equal(region.active, null);
  assert.deepEqual(stretchBetween(0.01, 0.02, { frames: 50, sampleRate: 1000 }), { start: 0, frames: 50 });
});

test("frames are rounded once and stay inside the item, at every rate", () => {
  let seed = 7;
  const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
  for (let turn = 0; turn < 5000; turn++) {
    const sampleRate = [8000, 11025, 44100, 48000, 96000][turn % 5];
    const frames = Math.round(sampleRate * (0.1 + 20 * random()));
    const [one, other] = [random(), random()].map((part) => (part * 1.2 - 0.1) * (frames / sampleRate));
    const stretch = stretchBetween(one, other, { frames, sampleRate });
    assert.ok(Number.isInteger(stretch.start) && Number.isInteger(stretch.frames));
    assert.ok(stretch.start >= 0 && stretch.start + stretch.frames <= frames);
    assert.ok(stretch.frames >= Math.min(frames, Math.round(0.1 * sampleRate)));
    const again = stretchBetween(stretch.start / sampleRate, (stretch.start + stretch.frames) / sampleRate, { frames, sampleRate });
    assert.deepEqual(again, stretch, "told in seconds and read again, it is the same frames");
  }
});
