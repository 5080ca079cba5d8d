import assert from "node:assert/strict";
import { test } from "node:test";
import { MOST_EVENTS, Outbox, memoryStore, openStore } from "../../webapp/mixeval_webapp/static/js/outbox.js";
import { FakeScope, eventEntry, ratingEntry } from "./fakes.mjs";

async function held(store) {
  const outbox = new Outbox(store);
  await outbox.open();
  return outbox.entries();
}

test("of two answers about one mix the newest stays, in whatever order they come", async () => {
  for (const order of [[3, 9], [9, 3]]) {
    const store = memoryStore();
    const outbox = new Outbox(store);
    for (const sequence of order) await outbox.add(ratingEntry({ sequence }));
    assert.deepEqual(outbox.entries().map(({ body }) => body.sequence), [9]);
    assert.deepEqual((await held(store)).map(({ body }) => body.sequence), [9]);
  }
});

test("answers about different mixes, attributes and pages stay apart", async () => {
  const outbox = new Outbox(memoryStore());
  await outbox.add(ratingEntry({ stimulus: "a" }));
  await outbox.add(ratingEntry({ stimulus: "b" }));
  await outbox.add(ratingEntry({ stimulus: "a", attribute: "punch" }));
  await outbox.add(ratingEntry({ stimulus: "a" }, "p2"));
  assert.equal(outbox.entries().length, 4);
});

test("a receipt for an old answer does not throw away the new one", async () => {
  const store = memoryStore();
  const outbox = new Outbox(store);
  await outbox.add(ratingEntry({ sequence: 3 }));
  await outbox.add(ratingEntry({ sequence: 4, value: 80 }));
  await outbox.remove(ratingEntry({ sequence: 3 }));
  assert.deepEqual((await held(store)).map(({ body }) => body.value), [80]);
  await outbox.remove(ratingEntry({ sequence: 4 }));
  assert.deepEqual(await held(store), []);
});

test("what an earlier visit left is there at the next", async () => {
  const store = memoryStore();
  await new Outbox(store).add(eventEntry("e1"));
  assert.deepEqual((await held(store)).map(({ body }) => body.id), ["e1"]);
});

test("a store that never answers does not keep the page waiting for ever", async () => {
  const scope = new FakeScope();
  const opening = openStore(() => ({ open: () => ({}) }), scope);
  await scope.ring();
  assert.equal((await opening).lasting, false);
});

test("where the browser gives no store, or it breaks, answers stay in memory and the page can say so", async () => {
  const refuse = () => { throw new DOMException("no", "SecurityError"); };
  for (const factory of [() => undefined, refuse, () => ({ open: refuse })])
    assert.equal((await openStore(factory, new FakeScope())).lasting, false);
  const full = { lasting: true, all: async () => [], update: async () => { throw new DOMException("full", "QuotaExceededError"); } };
  const outbox = new Outbox(full);
  await outbox.add(ratingEntry());
  assert.equal(outbox.lasting, false);
  assert.equal(outbox.entries().length, 1);
});

test("what a full store could not keep is told, and kept once there is room again", async () => {
  const real = memoryStore();
  let room = false;
  const store = { ...real, lasting: true, update: async (key, change) => {
    if (!room && key.includes(" b ")) throw new DOMException("full", "QuotaExceededError");
    return real.update(key, change);
  } };
  let told = 0;
  const outbox = new Outbox(store, () => told++);
  await outbox.add(ratingEntry({ stimulus: "a" }));
  assert.deepEqual([outbox.lasting, told], [true, 0]);
  await outbox.add(ratingEntry({ stimulus: "b" }));
  assert.deepEqual([outbox.lasting, told, outbox.entries().length], [false, 1, 2]);
  room = true;
  await outbox.remove(ratingEntry({ stimulus: "a" }));
  assert.equal(outbox.lasting, true);
  assert.deepEqual((await held(store)).map(({ body }) => body.stimulus), ["b"]);
});

test("hours of events are kept and no more, and answers always are", async () => {
  const outbox = new Outbox(memoryStore());
  for (let number = 0; number < MOST_EVENTS + 50; number++) await outbox.add(eventEntry(`e${number}`));
  await outbox.add(ratingEntry());
  assert.equal(outbox.entries().length, MOST_EVENTS + 1);
  await outbox.remove(eventEntry("e0"));
  await outbox.add(eventEntry("later"));
  assert.equal(outbox.entries().length, MOST_EVENTS + 1);
});
