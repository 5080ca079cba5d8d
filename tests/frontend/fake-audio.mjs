/** Stand-ins for a browser's sound: a context whose moods the test sets, with a clock that it turns. */

import { FakeParam, FakeScope, settle } from "./fakes.mjs";

/** A scope of real listeners and a clock that tests turn. */
export class AudioScope extends FakeScope {
  #held = new Set();

  hold(end) {
    const once = () => {
      if (this.#held.delete(once)) end();
    };
    this.#held.add(once);
    return once;
  }

  listen(target, type, handle) {
    target.addEventListener(type, handle);
    return this.hold(() => target.removeEventListener(type, handle));
  }

  every(seconds, act) {
    let cancel = this.after(seconds, () => turn());
    const turn = () => {
      cancel = this.after(seconds, () => turn());
      act();
    };
    return this.hold(() => cancel());
  }

  end() {
    this.ended = true;
    for (const end of [...this.#held].reverse()) end();
  }
}

export class FakeContext extends EventTarget {
  currentTime = 0;
  sampleRate = 1000;
  baseLatency = 0.01;
  outputLatency = 0.02;
  destination = {};
  sources = [];
  closed = false;

  /** @param {{state?: string, resume?: (context: FakeContext) => Promise<void>}} [moods] */
  constructor({ state = "suspended", resume = async (context) => context.become("running") } = {}) {
    super();
    this.state = state;
    this.onResume = resume;
  }

  resume() {
    return this.onResume(this);
  }

  become(state) {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }

  async close() {
    this.closed = true;
    this.become("closed");
  }

  createGain() {
    return new FakeNode({ gain: new FakeParam() });
  }

  createBufferSource() {
    const source = new FakeNode({
      start(time, offset) {
        Object.assign(source, { started: time, offset });
      },
      stop(time = 0) {
        source.stopped = time;
      },
    });
    this.sources.push(source);
    return source;
  }

  createBuffer(channels, length, sampleRate) {
    return fakeBuffer(length, sampleRate, channels);
  }

  /** Sources that were started and not stopped. */
  get sounding() {
    return this.sources.filter(({ started, stopped }) => started !== undefined && stopped === undefined);
  }
}

class FakeNode {
  constructor(parts) {
    Object.assign(this, parts);
  }

  connect(node) {
    this.to = node;
    return node;
  }

  disconnect() {
    this.to = null;
  }
}

export function fakeBuffer(length = 2000, sampleRate = 1000, channels = 1) {
  const data = Array.from({ length: channels }, () => new Float32Array(length));
  return {
    length, sampleRate, numberOfChannels: channels,
    copyFromChannel: (into, channel, start = 0) => into.set(data[channel].subarray(start, start + into.length)),
    copyToChannel: (from, channel, start = 0) => data[channel].set(from, start),
    data,
  };
}

/** What a browser brings for sound, with a context of the test's making. */
export function fakeEngine(context, changes = {}) {
  return {
    createContext: () => context,
    decode: async () => fakeBuffer(),
    createMeter: async () => ({ connect() {}, port: new EventTarget() }),
    mediaDevices: new EventTarget(),
    document: Object.assign(new EventTarget(), { hidden: false }),
    ...changes,
  };
}

export function soundPage(changes = {}) {
  return {
    stimuli: ["a", "b", "c"].map((token) => ({ token, label: token.toUpperCase(), url: `/audio/${token}` })),
    bytes: 10, frames: 2000, sample_rate: 1000, volume_db: -6,
    ...changes,
  };
}

export const noDownloads = { get: async () => new ArrayBuffer(10) };

export { settle };
