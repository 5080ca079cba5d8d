import assert from "node:assert/strict";
import { test } from "node:test";
import { Fade } from "../../webapp/mixeval_webapp/static/js/fade.js";
import { FakeParam } from "./fakes.mjs";

const RATE = 44100;
const FADE = 0.01;

function faders(count) {
  return Array.from({ length: count }, (_, index) => {
    const param = new FakeParam();
    return { param, fade: new Fade(param, index === 0 ? 1 : 0, 0) };
  });
}

function switchTo(index, voices, time) {
  voices.forEach(({ fade }, other) => fade.to(other === index ? 1 : 0, time, FADE));
}

function sampled(param, from, to) {
  const values = [];
  for (let frame = Math.floor(from * RATE); frame < to * RATE; frame++) values.push(param.at(frame / RATE));
  return values;
}

function largestStep(values) {
  return Math.max(...values.slice(1).map((value, index) => Math.abs(value - values[index])));
}

/** A small seeded generator (mulberry32), so that a failure can be repeated. */
function seeded(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

test("the judge sees the fault of a ramp without an anchor: the gain falls at once, however long the ramp", () => {
  const param = new FakeParam();
  param.setValueAtTime(1, 0);
  const before = sampled(param, 4.999, 5);
  param.linearRampToValueAtTime(0, 5.1);
  const after = sampled(param, 5, 5.01);
  assert.ok(before.at(-1) - after[0] > 0.9);
});

test("at any moment of a hundred random switches, also within fades, the gains add up to 1 and none jumps", () => {
  for (let seed = 1; seed <= 20; seed++) {
    const random = seeded(seed);
    const voices = faders(4);
    let time = 0.1;
    for (let turn = 0; turn < 100; turn++) {
      // From far apart down to many inside one fade, and now and then two at the same moment.
      const gap = [0, 0.0001, 0.002, 0.007, 0.05][Math.floor(random() * 5)];
      switchTo(Math.floor(random() * 4), voices, time);
      const until = time + gap + 0.0005;
      const curves = voices.map(({ param }) => sampled(param, time - 0.0005, until));
      for (let frame = 0; frame < curves[0].length; frame++) {
        const sum = curves.reduce((total, curve) => total + curve[frame], 0);
        assert.ok(Math.abs(sum - 1) < 1e-9, `seed ${seed}: the gains add up to ${sum}`);
      }
      for (const curve of curves) assert.ok(largestStep(curve) <= 1.0001 / (FADE * RATE), `seed ${seed}: a jump`);
      time += gap;
    }
  }
});

test("a switch within a fade starts at the value that the fade had reached", () => {
  const [a, b, c] = faders(3);
  switchTo(1, [a, b, c], 1);
  switchTo(2, [a, b, c], 1.004);
  for (const [{ fade, param }, value] of [[a, 0.6], [b, 0.4], [c, 0]]) {
    assert.ok(Math.abs(fade.at(1.004) - value) < 1e-9);
    assert.ok(Math.abs(param.at(1.004) - value) < 1e-9);
  }
  assert.ok(Math.abs(a.param.at(1.002) - 0.8) < 1e-9, "what had been planned up to the switch still happens");
});

test("our own record of the gain and the parameter's automation agree everywhere", () => {
  const random = seeded(3);
  const [{ fade, param }] = faders(1);
  let time = 0;
  for (let turn = 0; turn < 200; turn++) {
    fade.to(random(), time, FADE);
    for (let step = 0; step < 5; step++) {
      const at = time + random() * 0.012;
      assert.ok(Math.abs(fade.at(at) - param.at(at)) < 1e-9);
    }
    time += random() * 0.02;
  }
});
