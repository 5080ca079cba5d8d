import assert from "node:assert/strict";
import { test } from "node:test";
import { Drafts } from "../../webapp/mixeval_webapp/static/js/drafts.js";

function memory() {
  const held = new Map();
  return { getItem: (key) => held.get(key) ?? null, setItem: (key, value) => void held.set(key, value) };
}

test("a text that is being written is found again on its page, under its name, until it is forgotten", () => {
  const storage = memory();
  new Drafts("p1", () => storage).keep("", "hard to tell");
  new Drafts("p1", () => storage).keep("a", "");
  const again = new Drafts("p1", () => storage);
  assert.deepEqual([again.find(""), again.find("a"), again.find("b")], ["hard to tell", "", null]);
  again.forget("");
  assert.deepEqual([again.find(""), again.find("a")], [null, ""]);
  assert.equal(new Drafts("p2", () => storage).find("a"), null);
});

test("a browser without storage, or with something else in it, has no drafts", () => {
  const refused = () => {
    throw new DOMException("denied", "SecurityError");
  };
  new Drafts("p1", refused).keep("a", "text");
  assert.equal(new Drafts("p1", refused).find("a"), null);
  for (const text of ["{", "null", '{"page":"p1","texts":null}', '{"page":"p1","texts":{"a":7}}'])
    assert.equal(new Drafts("p1", () => ({ getItem: () => text })).find("a"), null);
});
