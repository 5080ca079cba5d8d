import assert from "node:assert/strict";
import { test } from "node:test";
import { KeptVolume } from "../../webapp/mixeval_webapp/static/js/kept-volume.js";

function memory() {
  const held = new Map();
  return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => void held.set(key, value) };
}

test("a volume is kept for its page and for no other", () => {
  const storage = memory();
  assert.equal(new KeptVolume("p1", () => storage).db, null);
  new KeptVolume("p1", () => storage).keep(-7);
  assert.equal(new KeptVolume("p1", () => storage).db, -7);
  assert.equal(new KeptVolume("p2", () => storage).db, null);
});

test("a browser without storage, or with something else in it, has no kept volume", () => {
  const refused = () => {
    throw new DOMException("denied", "SecurityError");
  };
  new KeptVolume("p1", refused).keep(-7);
  assert.equal(new KeptVolume("p1", refused).db, null);
  for (const text of ["{", "null", '{"page":"p1","db":"loud"}'])
    assert.equal(new KeptVolume("p1", () => ({ getItem: () => text })).db, null);
});
