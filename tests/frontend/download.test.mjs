import assert from "node:assert/strict";
import { test } from "node:test";
import { DownloadError, Downloads } from "../../webapp/mixeval_webapp/static/js/download.js";
import { FakeScope, settle } from "./fakes.mjs";

function file(bytes, status = 200) {
  return () => new Response(status === 200 ? new Uint8Array(bytes).fill(7) : null, { status });
}

function downloading(...answers) {
  const scope = new FakeScope();
  let requests = 0;
  const fetch = async () => {
    const answer = answers[Math.min(requests++, answers.length - 1)];
    if (answer === "no answer") throw new TypeError("Failed to fetch");
    return answer();
  };
  return { scope, downloads: new Downloads({ fetch, scope, random: () => 0.5 }), count: () => requests };
}

async function outcome(promise, scope) {
  let result;
  promise.then((value) => { result = value; }, (error) => { result = error; });
  for (let turn = 0; turn < 100 && !result; turn++) {
    await new Promise((go) => setImmediate(go));
    // Only pauses between attempts ring; a stall's timer is 20 seconds long.
    if (scope.pending.length > 0 && scope.pending[0] < 20) await scope.ring();
  }
  return result;
}

test("a file comes whole, with its progress", async () => {
  const { scope, downloads } = downloading(file(100));
  const seen = [];
  const got = await outcome(downloads.get("/a", 100, (bytes) => seen.push(bytes)), scope);
  assert.equal(got.byteLength, 100);
  assert.equal(seen.at(-1), 100);
});

test("a broken connection, a short file and a busy server are tried again, with growing pauses", async () => {
  const { scope, downloads, count } = downloading("no answer", file(60), file(0, 503), file(100));
  assert.equal((await outcome(downloads.get("/a", 100, () => {}), scope)).byteLength, 100);
  assert.equal(count(), 4);
  assert.deepEqual(scope.waits, [0.5, 1, 2]);
});

test("after five attempts it is the listener's turn", async () => {
  const { scope, downloads, count } = downloading("no answer");
  assert.ok((await outcome(downloads.get("/a", 100, () => {}), scope)) instanceof TypeError);
  assert.equal(count(), 5);
});

test("a file that the server does not have is not asked for again", async () => {
  const { scope, downloads, count } = downloading(file(0, 404));
  const error = await outcome(downloads.get("/a", 100, () => {}), scope);
  assert.ok(error instanceof DownloadError);
  assert.match(error.message, /404/);
  assert.equal(count(), 1);
});

test("downloads leave connections free for saving answers", async () => {
  const scope = new FakeScope();
  let open = 0;
  let most = 0;
  const gates = [];
  const fetch = async () => {
    most = Math.max(most, ++open);
    await new Promise((go) => gates.push(go));
    open--;
    return file(10)();
  };
  const downloads = new Downloads({ fetch, scope });
  const all = Promise.all(Array.from({ length: 7 }, (_, index) => downloads.get(`/${index}`, 10, () => {})));
  for (let turn = 0; turn < 40; turn++) {
    await settle();
    gates.shift()?.();
    await new Promise((go) => setImmediate(go));
  }
  assert.equal((await all).length, 7);
  assert.equal(most, 3);
});

test("a file that pauses between its tries leaves its turn to the others", async () => {
  const scope = new FakeScope();
  const done = [];
  const fetch = async (url) => {
    if (url.startsWith("/bad")) throw new TypeError("Failed to fetch");
    return file(10)();
  };
  const downloads = new Downloads({ fetch, scope });
  for (const name of ["/bad1", "/bad2", "/bad3"]) downloads.get(name, 10, () => {}).catch(() => {});
  for (const name of ["/1", "/2"]) void downloads.get(name, 10, () => {}).then(() => done.push(name));
  for (let turn = 0; turn < 10; turn++) await new Promise((go) => setImmediate(go));
  assert.deepEqual(done, ["/1", "/2"], "no clock was turned");
});

test("only what was of no use is fetched past the browser's cache", async () => {
  const asked = [];
  let lost = true;
  const scope = new FakeScope();
  const fetch = async (_, { cache }) => {
    asked.push(cache);
    if (lost) throw new TypeError("Failed to fetch");
    return file(10)();
  };
  const downloads = new Downloads({ fetch, scope });
  const first = downloads.get("/a", 10, () => {});
  await settle();
  lost = false;
  await outcome(first, scope);
  await outcome(downloads.get("/a", 10, () => {}, { fresh: true }), scope);
  assert.deepEqual(asked, ["default", "reload", "reload"]);
});
