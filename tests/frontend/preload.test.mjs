import assert from "node:assert/strict";
import { test } from "node:test";
import { Preload } from "../../webapp/mixeval_webapp/static/js/preload.js";
import { AudioScope, settle } from "./fake-audio.mjs";

function preloading({ answer = () => new Response(new Uint8Array(7)), sparing = false } = {}) {
  const scope = new AudioScope();
  const requests = [];
  const logged = [];
  const fetch = async (url, options) => {
    requests.push({ url, ...options });
    return answer(url, options);
  };
  const preload = new Preload({ fetch, scope, sparing: () => sparing, log: (kind, _, detail) => logged.push([kind, detail]) });
  return { preload, scope, requests, logged };
}

test("the next page's files come one after the other, with low priority, once", async () => {
  const { preload, requests, logged } = preloading();
  await Promise.all([preload.begin(["/1", "/2"]), preload.begin(["/1", "/2"])]);
  assert.deepEqual(requests.map(({ url, priority }) => [url, priority]), [["/1", "low"], ["/2", "low"]]);
  assert.deepEqual(logged, [["preload", { files: 2, of: 2, bytes: 14 }]]);
});

test("a file that does not come ends it without a word to the listener", async () => {
  const { preload, requests, logged } = preloading({ answer: (url) => new Response(null, { status: url === "/2" ? 503 : 200 }) });
  await preload.begin(["/2", "/3"]);
  assert.equal(requests.length, 1);
  assert.deepEqual(logged, [["preload", { files: 0, of: 2, bytes: 0 }]]);
});

test("the page's end breaks it off", async () => {
  const { preload, scope, requests, logged } = preloading({
    answer: (_, { signal }) => new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason))),
  });
  const done = preload.begin(["/1", "/2"]);
  await settle();
  scope.end();
  await done;
  assert.equal(requests.length, 1);
  assert.equal(requests[0].signal.aborted, true);
  assert.deepEqual(logged, []);
});

test("who asked the browser to save data is spared, and nothing to fetch is nothing to log", async () => {
  const spared = preloading({ sparing: true });
  await spared.preload.begin(["/1"]);
  const empty = preloading();
  await empty.preload.begin([]);
  assert.deepEqual([...spared.requests, ...empty.requests, ...empty.logged], []);
});
