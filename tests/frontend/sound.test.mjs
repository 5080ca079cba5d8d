import assert from "node:assert/strict";
import { test } from "node:test";
import { Sound } from "../../webapp/mixeval_webapp/static/js/sound.js";
import { WORDS } from "./fakes.mjs";
import { AudioScope, FakeContext, fakeEngine, noDownloads, settle, soundPage } from "./fake-audio.mjs";

async function sounding(context = new FakeContext(), { page = {}, engine = {}, downloads = noDownloads } = {}) {
  const scope = new AudioScope();
  const logged = [];
  const said = [];
  const sound = new Sound(soundPage(page), {
    engine: fakeEngine(context, engine), downloads, scope, words: WORDS, onChange: () => {},
    log: (kind, stimulus, detail) => logged.push({ kind, stimulus, ...detail }),
    say: (text) => said.push(text),
  });
  await sound.loadAll();
  const kinds = () => logged.map(({ kind }) => kind);
  const of = (kind) => logged.filter((event) => event.kind === kind);
  return { sound, scope, context, logged, said, kinds, of };
}

test("a press wakes the context and plays, and the device's figures are logged once", async () => {
  const { sound, of } = await sounding();
  await sound.play("a");
  assert.equal(sound.playing, "a");
  await sound.play("b");
  assert.deepEqual(of("play").map(({ stimulus }) => stimulus), ["a"]);
  assert.deepEqual(of("switch").map(({ stimulus, from }) => [stimulus, from]), [["b", "a"]]);
  assert.deepEqual(of("audio"), [
    { kind: "audio", stimulus: null, sample_rate: 1000, state: "running", lead_seconds: 0.02, base_latency: 0.01, output_latency: 0.02 },
  ]);
});

test("no context is made before the listener's first press", async () => {
  let made = 0;
  const { sound } = await sounding(new FakeContext(), { engine: { createContext: () => { made++; return new FakeContext(); } } });
  sound.seek(0.5);
  sound.setRegion({ start: 0.2, end: 0.9 });
  sound.setVolume(-10);
  assert.equal(made, 0);
  await sound.play("a");
  assert.equal(made, 1);
});

test("what was set before the first press holds from the first sound on", async () => {
  const { sound, context } = await sounding();
  sound.setRegion({ start: 0.5004, end: 0.9 });
  await sound.play("a");
  assert.deepEqual(sound.region, { start: 0.5, end: 0.9 });
  assert.deepEqual(context.sources.map(({ buffer, loop, offset }) => [buffer.length, loop, offset]), Array(3).fill([400, true, 0]));
  assert.equal(new Set(context.sources.map(({ started }) => started)).size, 1);
});

test("where resuming is refused, the listener is asked to press again, and a press then plays", async () => {
  const context = new FakeContext({ resume: async () => { throw new DOMException("not allowed", "NotAllowedError"); } });
  const { sound, said, of } = await sounding(context);
  await sound.play("a");
  assert.equal(sound.playing, null);
  assert.equal(said.at(-1), "Your browser has not let the sound start. Please press the letter once more.");
  assert.equal(context.sources.length, 0);
  context.onResume = async () => context.become("running");
  await sound.play("b");
  assert.equal(sound.playing, "b");
  assert.equal(said.at(-1), "", "what was asked for is done");
  assert.deepEqual(of("play").map(({ stimulus }) => stimulus), ["b"]);
});

test("a context that never answers is not waited for for ever", async () => {
  const { sound, scope, said } = await sounding(new FakeContext({ resume: () => new Promise(() => {}) }));
  const playing = sound.play("a");
  await scope.ring();
  await playing;
  assert.deepEqual(scope.waits, [2]);
  assert.match(said.at(-1), /once more/);
  assert.equal(sound.playing, null);
});

test("a context that wakes up after the listener was asked again starts nothing by itself", async () => {
  let wake;
  const context = new FakeContext({ resume: () => new Promise((go) => { wake = go; }) });
  const { sound, scope } = await sounding(context);
  const playing = sound.play("a");
  await scope.ring();
  await playing;
  context.become("running");
  wake();
  await settle();
  assert.equal(sound.playing, null);
  assert.equal(context.sources.length, 0);
});

test("of two presses while the context wakes up the second one's patience is its own", async () => {
  const context = new FakeContext({ resume: () => new Promise(() => {}) });
  const { sound, scope, said } = await sounding(context);
  const first = sound.play("a");
  const second = sound.play("b");
  await scope.ring();
  await first;
  context.state = "running";
  await scope.ring();
  await second;
  assert.equal(sound.playing, "b");
  assert.deepEqual(said, []);
});

for (const mood of ["interrupted", "suspended"])
  test(`${mood} in the middle: it is said, and nothing restarts by itself when the browser has come back`, async () => {
    const { sound, context, said, of } = await sounding();
    await sound.play("a");
    context.currentTime = 0.5;
    context.become(mood);
    assert.equal(sound.playing, null);
    assert.equal(context.sounding.length, 0, "no source is left that would sound on waking");
    assert.equal(said.at(-1), "The sound was interrupted. Press a letter to go on.");
    assert.deepEqual(of("stop").map(({ stimulus, how }) => [stimulus, how]), [["a", "interrupted"]]);
    context.currentTime = 0.6;
    context.become("running");
    await settle();
    assert.equal(sound.playing, null);
    assert.equal(context.sounding.length, 0);
    assert.equal(said.at(-1), "The sound was interrupted. Press a letter to go on.", "it stands there until a press");
    await sound.play("a");
    assert.equal(sound.playing, "a");
    assert.equal(said.at(-1), "");
    assert.ok(Math.abs(sound.position - 0.48) < 0.03, "it goes on where it was");
    assert.deepEqual(of("context_state").map(({ state }) => state), ["running", mood, "running"]);
  });

test("the time of an interruption is not listening time", async () => {
  const { sound, context } = await sounding();
  await sound.play("a");
  context.currentTime = 0.52;
  context.become("interrupted");
  context.become("running");
  context.currentTime = 5;
  assert.ok(Math.abs(sound.heardSeconds("a") - 0.5) < 1e-9);
});

test("the end of the page closes the context and lets go of every mix", async () => {
  const { sound, scope, context } = await sounding();
  await sound.play("a");
  assert.equal(sound.files.buffers.size, 3);
  scope.end();
  assert.equal(context.closed, true);
  assert.equal(context.sounding.length, 0);
  assert.equal(sound.files.buffers.size, 0);
});

test("loops are logged in seconds of whole frames, once for each change", async () => {
  const { sound, of } = await sounding();
  sound.setRegion({ start: 0.10049, end: 1.2 });
  sound.setRegion({ start: 0.1004, end: 1.2 });
  sound.setRegion(null);
  sound.setRegion(null);
  assert.deepEqual(of("loop").map(({ start, end }) => [start, end]), [[0.1, 1.2], [null, null]]);
});

test("without looping, the end of the item is a stop that is logged", async () => {
  const { sound, context, of } = await sounding(new FakeContext(), { page: { loop: false } });
  await sound.play("a");
  assert.equal(context.sources[0].loop, false);
  context.currentTime = 2.1;
  context.sources[0].onended();
  assert.equal(sound.playing, null);
  assert.equal(sound.position, 0);
  assert.deepEqual(of("stop").map(({ position, how }) => [position, how]), [[2, "end"]]);
  assert.ok(Math.abs(sound.heardSeconds("a") - 2) < 1e-9);
});

test("a meter that does not load is logged and changes nothing", async () => {
  const { sound, of } = await sounding(new FakeContext(), { engine: { createMeter: async () => { throw new TypeError("audio worklets need https"); } } });
  await sound.play("a");
  await settle();
  assert.equal(sound.playing, "a");
  assert.match(of("meter_failed")[0].reason, /https/);
});

test("devices, sinks, page freezes and new latencies are logged", async () => {
  const context = new FakeContext();
  const mediaDevices = new EventTarget();
  const document = Object.assign(new EventTarget(), { hidden: false });
  const { sound, scope, kinds, of } = await sounding(context, { engine: { mediaDevices, document } });
  await sound.play("a");
  mediaDevices.dispatchEvent(new Event("devicechange"));
  document.dispatchEvent(new Event("freeze"));
  document.dispatchEvent(new Event("resume"));
  context.outputLatency = 0.021;
  await scope.ring();
  assert.equal(of("latency").length, 0, "a clock's jitter is no change");
  context.outputLatency = 0.18;
  context.dispatchEvent(new Event("sinkchange"));
  assert.deepEqual(of("latency").map(({ output_latency }) => output_latency), [0.18]);
  assert.deepEqual(kinds().filter((kind) => ["devices", "lifecycle", "sink"].includes(kind)), ["devices", "lifecycle", "lifecycle", "sink"]);
});

test("a browser that tells no latency is scheduled further ahead", async () => {
  const context = new FakeContext();
  context.baseLatency = 0;
  const { sound, of } = await sounding(context);
  await sound.play("a");
  assert.deepEqual([of("audio")[0].base_latency, of("audio")[0].lead_seconds], [null, 0.03]);
});
