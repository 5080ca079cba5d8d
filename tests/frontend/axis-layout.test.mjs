import assert from "node:assert/strict";
import { test } from "node:test";
import { inOrder, rowsOf } from "../../webapp/mixeval_webapp/static/js/axis-layout.js";

/** Numbers that look random and are the same every time (Park and Miller, CACM 31, 1988). */
function* numbers(seed) {
  for (let state = seed; ; ) yield (state = (state * 16807) % 2147483647) / 2147483647;
}

function bars(values) {
  return Object.entries(values).map(([token, value]) => ({ token, value: value ?? 50, waiting: value === null }));
}

function rows(values, room, moving) {
  return Object.fromEntries(rowsOf(bars(values), room, moving));
}

test("bars are read along the axis, then those that wait, and at one place as on the page", () => {
  const order = inOrder(bars({ a: 70, b: null, c: 20, d: 70, e: null }));
  assert.deepEqual(order.map(({ token }) => token), ["c", "a", "d", "b", "e"]);
});

test("handles with room stand in the first row, and one that would cover another in the next", () => {
  assert.deepEqual(rows({ b: 9, f: 34, c: 66, a: 69, e: 83 }, 5), { b: 0, f: 0, c: 0, a: 1, e: 0 });
  assert.deepEqual(rows({ a: 50, b: 50, c: 50, d: null }, 5), { a: 0, b: 1, c: 2 });
});

test("the bar that is moved yields to those that stand", () => {
  assert.deepEqual(rows({ a: 48, b: 50 }, 5), { a: 0, b: 1 });
  assert.deepEqual(rows({ a: 48, b: 50 }, 5, "a"), { a: 1, b: 0 });
});

test("no handle ever covers another, in no more rows than handles meet at one place", () => {
  const random = numbers(7);
  for (let trial = 0; trial < 500; trial++) {
    const count = 1 + Math.floor(random.next().value * 12);
    const room = 1 + random.next().value * 30;
    const all = Array.from({ length: count }, (_, place) => ({
      token: String(place), value: Math.floor(random.next().value * 101), waiting: random.next().value < 0.1,
    }));
    const standing = all.filter(({ waiting }) => !waiting);
    const found = rowsOf(all, room);
    assert.equal(found.size, standing.length);
    for (const one of standing)
      for (const other of standing)
        if (one !== other && found.get(one.token) === found.get(other.token))
          assert.ok(Math.abs(one.value - other.value) >= room);
    // Intervals need as many colours as the most of them that share a point, and there is one at some handle's edge.
    const most = Math.max(0, ...standing.map((one) =>
      standing.filter(({ value }) => value <= one.value && one.value - value < room).length));
    assert.equal(Math.max(-1, ...found.values()) + 1, most);
  }
});
