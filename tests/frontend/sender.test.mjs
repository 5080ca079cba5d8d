import assert from "node:assert/strict";
import { test } from "node:test";
import { Outbox, memoryStore } from "../../webapp/mixeval_webapp/static/js/outbox.js";
import { Sender } from "../../webapp/mixeval_webapp/static/js/sender.js";
import { FakeScope, answer, confirming, eventEntry, fakeServer, ratingEntry, reply, settle } from "./fakes.mjs";

async function sending(server, ...entries) {
  const outbox = new Outbox(memoryStore());
  for (const entry of entries) await outbox.add(entry);
  const scope = new FakeScope();
  const refused = [];
  const sender = new Sender({
    outbox, scope, page: "p1", fetch: server, random: () => 1,
    onRefused: (entry, status, detail) => refused.push([entry.body.stimulus ?? entry.body.id, status, detail]),
  });
  return { outbox, scope, sender, refused };
}

test("one message carries all answers that wait, with the header that names our own page", async () => {
  const server = fakeServer(confirming);
  const { outbox, sender } = await sending(server, ratingEntry({ stimulus: "a" }), ratingEntry({ stimulus: "b" }));
  sender.send();
  await settle();
  assert.equal(server.requests.length, 1);
  const [{ method, headers, body, redirect }] = server.requests;
  assert.deepEqual([method, headers["X-Mixeval"], redirect], ["PUT", "1", "error"]);
  assert.deepEqual(body.ratings.map(({ stimulus }) => stimulus), ["a", "b"]);
  assert.equal(outbox.entries().length, 0);
});

test("an answer that comes while the sender is about to rest is sent all the same", async () => {
  const server = fakeServer(confirming);
  const { outbox, sender } = await sending(server);
  sender.send();
  void outbox.add(ratingEntry());
  sender.send();
  await settle();
  assert.equal(server.requests.length, 1);
  assert.equal(outbox.entries().length, 0);
});

for (const fault of ["no answer", "reply lost", 500, 503, 429, 408]) {
  test(`after ${fault} an answer waits and is sent again until it is confirmed`, async () => {
    const server = fakeServer(fault, fault, fault, confirming);
    const { outbox, scope, sender } = await sending(server, ratingEntry());
    sender.send();
    for (let failures = 1; failures <= 3; failures++) {
      await settle();
      assert.deepEqual(sender.status, { waiting: 1, failures });
      await scope.ring();
    }
    assert.equal(server.requests.length, 4);
    assert.equal(outbox.entries().length, 0);
    assert.deepEqual(sender.status, { waiting: 0, failures: 0 });
  });
}

test("a page of the network between us that says 200 is no receipt", async () => {
  const notJson = () => ({ status: 200, ok: true, headers: new Headers(), json: async () => { throw new SyntaxError(); } });
  const empty = () => reply(200, { saved: [] });
  const server = fakeServer(notJson, empty, confirming);
  const { scope, sender, outbox } = await sending(server, ratingEntry());
  sender.send();
  await scope.ring();
  await scope.ring();
  assert.equal(outbox.entries().length, 0);
  assert.equal(server.requests.length, 3);
});

test("pauses grow from half a second to half a minute, and the server's own wish is kept", async () => {
  const { scope, sender } = await sending(fakeServer("no answer"), ratingEntry());
  sender.send();
  for (let attempt = 0; attempt < 9; attempt++) await scope.ring();
  assert.deepEqual(scope.waits, [0.5, 1, 2, 4, 8, 16, 30, 30, 30]);
  const busy = await sending(fakeServer(() => reply(503, {}, { "Retry-After": "7" })), ratingEntry());
  busy.sender.send();
  await busy.scope.ring();
  assert.deepEqual(busy.scope.waits, [7]);
});

test("a returning connection ends the pause", async () => {
  const server = fakeServer("no answer", confirming);
  const { sender, outbox } = await sending(server, ratingEntry());
  sender.send();
  await settle();
  sender.send();
  await settle();
  assert.equal(server.requests.length, 1, "new answers do not shorten the pause");
  sender.kick();
  await settle();
  assert.equal(outbox.entries().length, 0);
});

test("a request that hangs is given up and sent again", async () => {
  const hanging = () => new Promise((_, fail) => queueMicrotask(() => pendingAborts.push(fail)));
  const pendingAborts = [];
  const server = fakeServer(hanging, confirming);
  const watched = Object.assign((url, options) => {
    options.signal?.addEventListener("abort", () => pendingAborts.forEach((fail) => fail(new DOMException("", "AbortError"))));
    return server(url, options);
  }, {});
  const { scope, sender, outbox } = await sending(watched, ratingEntry());
  sender.send();
  await scope.ring();
  await scope.ring();
  assert.deepEqual(scope.waits, [20, 0.5]);
  assert.equal(outbox.entries().length, 0);
});

test("one answer that the server refuses does not take the others with it", async () => {
  const strict = (request) =>
    request.body.ratings.some(({ value }) => value === 101) ? reply(422, { detail: "value is 101" }) : confirming(request);
  const { outbox, refused, sender } = await sending(
    fakeServer(strict), ratingEntry({ stimulus: "a" }), ratingEntry({ stimulus: "b", value: 101 }), ratingEntry({ stimulus: "c" }),
  );
  sender.send();
  await settle();
  await settle();
  assert.deepEqual(refused, [["b", 422, "value is 101"]]);
  assert.equal(outbox.entries().length, 0);
});

test("a session that the server does not know now keeps its answers for later", async () => {
  const server = fakeServer(() => reply(403, { detail: "no session" }), confirming);
  const { outbox, refused, sender } = await sending(server, ratingEntry());
  sender.send();
  await settle();
  assert.deepEqual(refused, [["a", 403, "no session"]]);
  assert.deepEqual(sender.status, { waiting: 1, failures: 0 });
  sender.kick();
  await settle();
  assert.equal(outbox.entries().length, 0);
});

test("what another participant left in this browser is not counted, shown or thrown away", async () => {
  const server = fakeServer((request) => (request.url.includes("p2") ? reply(404, {}) : confirming(request)));
  const { outbox, refused, sender } = await sending(server, ratingEntry({}, "p2"), ratingEntry({}));
  sender.send();
  await settle();
  assert.deepEqual(refused, []);
  assert.deepEqual(sender.status, { waiting: 0, failures: 0 });
  assert.deepEqual(outbox.entries().map(({ page }) => page), ["p2"]);
});

test("an answer that changes while its message travels is sent again", async () => {
  let change;
  const server = fakeServer(async (request) => { await change(); return confirming(request); }, confirming);
  const { outbox, sender } = await sending(server, ratingEntry({ sequence: 3 }));
  change = () => outbox.add(ratingEntry({ sequence: 4, value: 99 }));
  sender.send();
  await settle();
  assert.deepEqual(server.requests.map(({ body }) => body.ratings[0].sequence), [3, 4]);
  assert.equal(outbox.entries().length, 0);
});

test("a page is handed in again until the server answers, and its answers are not sent after it", async () => {
  const server = fakeServer("no answer", (request) => reply(200, { next: request.url === "/complete" ? "/test" : "" }), confirming);
  const { outbox, scope, sender } = await sending(server, ratingEntry(), eventEntry("e1"));
  let outcome;
  sender.complete("/complete", { ratings: [answer()], answers: [], sequence: 9 }).then((given) => { outcome = given; });
  await scope.ring();
  await settle();
  assert.equal(outcome.body.next, "/test");
  assert.deepEqual(server.requests.map(({ url }) => url), ["/complete", "/complete", "/events"]);
  assert.equal(outbox.entries().length, 0);
});

test("a page that lacks something comes back with what it lacks", async () => {
  const missing = { play: ["A"], place: [] };
  const { sender } = await sending(fakeServer(() => reply(422, { detail: "not yet", missing })));
  const outcome = await sender.complete("/complete", { ratings: [answer()], answers: [], sequence: 9 });
  assert.deepEqual([outcome.verdict, outcome.body.missing], ["no", missing]);
});

test("as the page closes everything that waits goes out once more", async () => {
  const server = fakeServer("no answer");
  const { outbox, sender } = await sending(server, ratingEntry(), eventEntry("e1"));
  sender.leave();
  await settle();
  assert.deepEqual(server.requests.map(({ method }) => method), ["PUT", "POST"]);
  assert.equal(outbox.entries().length, 2, "nothing is let go without a receipt");
});

test("a request that never gets an answer does not hold up the others", async () => {
  const server = fakeServer((request) => {
    if (request.url.endsWith("/ratings")) throw new TypeError("Failed to fetch");
    return confirming(request);
  });
  const { outbox, scope, sender } = await sending(server, ratingEntry(), eventEntry("e1"));
  sender.send();
  await scope.ring();
  await settle();
  assert.deepEqual(outbox.entries().map(({ kind }) => kind), ["rating"]);
});

test("while a finished page gets no answer its ratings go by themselves", async () => {
  const server = fakeServer((request) => {
    if (request.url === "/complete") throw new TypeError("Failed to fetch");
    return confirming(request);
  });
  const { outbox, scope, sender } = await sending(server, ratingEntry());
  void sender.complete("/complete", { ratings: [answer()], answers: [], sequence: 9 });
  for (let turn = 0; turn < 3; turn++) await scope.ring();
  await settle();
  assert.equal(outbox.entries().length, 0);
});

test("for hours without an answer the next attempt is never further away than half a minute", async () => {
  const server = fakeServer("no answer");
  const { scope, sender } = await sending(server, ratingEntry());
  sender.send();
  while (scope.now < 8 * 3600) await scope.ring();
  const pauses = scope.waits.filter((seconds) => seconds !== 20);
  assert.equal(pauses[0], 0.5);
  assert.equal(Math.max(...pauses), 30);
  assert.ok(server.requests.length > (8 * 3600) / 31);
});

test("a cookie that is gone is asked for, and nothing is dropped or parked until it is back", async () => {
  const server = fakeServer(401, 401, confirming);
  const { outbox, scope, sender } = await sending(server, ratingEntry());
  let asked = 0;
  sender.onSignedOut = async () => void asked++;
  sender.send();
  await scope.ring();
  assert.deepEqual([asked, sender.status.waiting], [2, 1]);
  sender.kick();
  await settle();
  assert.equal(outbox.entries().length, 0);
});

test("while the way back in is tried nothing is sent that would be refused once more", async () => {
  const server = fakeServer(401, confirming);
  const { outbox, scope, sender } = await sending(server, ratingEntry());
  let back = () => {};
  sender.onSignedOut = () => new Promise((done) => (back = done));
  sender.send();
  await settle();
  sender.kick();
  await scope.ring();
  assert.equal(server.requests.length, 1);
  back();
  await settle();
  await scope.ring();
  assert.deepEqual([server.requests.length, outbox.entries().length], [2, 0]);
});

test("a reply that says the listener has gone on elsewhere is passed on, and the answer counts as saved", async () => {
  const server = fakeServer(({ body }) => reply(200, { saved: body.ratings, held: false }));
  const { outbox, sender } = await sending(server, ratingEntry());
  let left = 0;
  Object.assign(sender, { tab: "t1", onLeft: () => left++ });
  sender.send();
  await settle();
  assert.equal(server.requests[0].headers["X-Mixeval-Tab"], "t1");
  assert.deepEqual([left, outbox.entries().length], [1, 0]);
});
