import assert from "node:assert/strict";
import { test } from "node:test";
import { TabMemory } from "../../webapp/mixeval_webapp/static/js/tab-memory.js";

function memory() {
  const held = new Map();
  return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => void held.set(key, value) };
}

test("what is kept is found again on its page, under its name, until it is forgotten", () => {
  const storage = memory();
  new TabMemory("p1", () => storage).keep("text", "hard to tell");
  new TabMemory("p1", () => storage).keep("volume", -7);
  new TabMemory("p1", () => storage).keep("empty", "");
  const again = new TabMemory("p1", () => storage);
  assert.deepEqual(["text", "volume", "empty", "none"].map((name) => again.find(name)), ["hard to tell", -7, "", null]);
  again.forget("text");
  assert.deepEqual([again.find("text"), again.find("volume")], [null, -7]);
  assert.equal(new TabMemory("p2", () => storage).find("volume"), null);
});

test("a browser without storage, or with something else in it, remembers nothing", () => {
  const refused = () => {
    throw new DOMException("denied", "SecurityError");
  };
  new TabMemory("p1", refused).keep("a", "text");
  assert.equal(new TabMemory("p1", refused).find("a"), null);
  for (const text of ["{", "null", '{"page":"p1","kept":null}', '{"page":"p1","kept":7}'])
    assert.equal(new TabMemory("p1", () => ({ getItem: () => text })).find("a"), null);
});
