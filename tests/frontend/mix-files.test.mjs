import assert from "node:assert/strict";
import { test } from "node:test";
import { DownloadError } from "../../webapp/mixeval_webapp/static/js/download.js";
import { MixFiles } from "../../webapp/mixeval_webapp/static/js/mix-files.js";
import { AudioScope, fakeBuffer, soundPage } from "./fake-audio.mjs";

function files({ get, decode = async () => fakeBuffer() }) {
  const logged = [];
  const failed = [];
  const ready = [];
  const mixes = new MixFiles(soundPage(), {
    decode, downloads: { get }, scope: new AudioScope(), onChange: () => {},
    onReady: (token) => ready.push(token),
    onFailed: ({ label }, mayGiveUp) => failed.push([label, mayGiveUp]),
    log: (kind, stimulus, detail) => logged.push([kind, stimulus, detail]),
  });
  const states = () => Object.fromEntries(["a", "b", "c"].map((token) => [token, mixes.state(token)]));
  return { mixes, logged, failed, ready, states };
}

const losing = (...lost) => async (url) => {
  if (lost.includes(url)) throw new DownloadError("the server answered 404", true);
  return new ArrayBuffer(10);
};

test("one file that fails leaves the others ready", async () => {
  const { mixes, states, failed, ready, logged } = files({ get: losing("/audio/b") });
  await mixes.loadAll();
  assert.deepEqual(states(), { a: "ready", b: "failed", c: "ready" });
  assert.deepEqual(ready, ["a", "c"]);
  assert.deepEqual(failed, [["B", false]]);
  assert.deepEqual(logged, [["load_failed", "b", { reason: "the server answered 404" }]]);
  assert.equal(mixes.settled, true);
});

test("a mix may be given up only after the listener's own try has failed as well", async () => {
  const { mixes, states, failed, logged } = files({ get: losing("/audio/b") });
  await mixes.loadAll();
  assert.deepEqual(mixes.giveUp(), []);
  await mixes.retryFailed();
  assert.deepEqual(failed, [["B", false], ["B", true]]);
  assert.deepEqual(mixes.hopeless.map(({ token }) => token), ["b"]);
  assert.deepEqual(mixes.giveUp().map(({ token }) => token), ["b"]);
  assert.deepEqual(states(), { a: "ready", b: "unplayable", c: "ready" });
  assert.deepEqual(logged.at(-1), ["unplayable", "b", { rounds: 2 }]);
});

test("a second try goes past the browser's cache, which may hold a spoilt copy", async () => {
  const asked = [];
  let spoilt = true;
  const { mixes, states } = files({
    get: async (url, _bytes, _onProgress, { fresh }) => { asked.push([url, fresh]); return new ArrayBuffer(10); },
    decode: async () => {
      if (spoilt) throw new DOMException("Unable to decode audio data", "EncodingError");
      return fakeBuffer();
    },
  });
  await mixes.load(soundPage().stimuli[0]);
  spoilt = false;
  await mixes.retryFailed();
  assert.deepEqual(asked, [["/audio/a", false], ["/audio/a", true]]);
  assert.equal(states().a, "ready");
});

for (const [what, buffer] of [["length", fakeBuffer(1999)], ["rate", fakeBuffer(2000, 999)]])
  test(`a mix of another ${what} is not played, and the others are`, async () => {
    let first = true;
    const { mixes, states, logged } = files({
      get: losing(),
      decode: async () => {
        const odd = first;
        first = false;
        return odd ? buffer : fakeBuffer();
      },
    });
    await mixes.loadAll();
    assert.deepEqual(states(), { a: "failed", b: "ready", c: "ready" });
    assert.deepEqual(logged, [["load_failed", "a", { reason: "length", frames: buffer.length, expected: 2000, sample_rate: buffer.sampleRate }]]);
  });
