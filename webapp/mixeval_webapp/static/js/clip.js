/** One sound at a time, played from its beginning: for checks and for setting the level. */

import { fromDb } from "./player.js";

/** How long a context may take to wake up before playing counts as failed, in seconds. */
const WAKE_SECONDS = 2;
const FADE_SECONDS = 0.01;

export class Clip {
  /** @type {{context: AudioContext, gain: GainNode} | null} */
  #output = null;
  /** @type {AudioBufferSourceNode | null} */
  #source = null;
  /** @type {Map<string, Promise<AudioBuffer>>} */
  #buffers = new Map();
  #volumeDb;

  /**
   * @param {{bytes: number, volume_db: number}} page
   * @param {{engine: import("./sound.js").Engine, downloads: import("./download.js").Downloads, scope: import("./scope.js").Scope}} tools
   */
  constructor({ bytes, volume_db }, { engine, downloads, scope }) {
    this.bytes = bytes;
    this.engine = engine;
    this.downloads = downloads;
    this.scope = scope;
    this.#volumeDb = volume_db;
    scope.hold(() => this.#end());
  }

  get playing() {
    return this.#source !== null;
  }

  /**
   * Fetch and decode a sound; a second call gives the first one's, or tries again what failed.
   * @param {string} url
   * @returns {Promise<AudioBuffer>}
   */
  load(url) {
    const known = this.#buffers.get(url);
    if (known) return known;
    const coming = this.downloads.get(url, this.bytes, () => {}).then((file) => this.engine.decode(file));
    this.#buffers.set(url, coming);
    coming.catch(() => this.#buffers.delete(url));
    return coming;
  }

  /**
   * Play a sound that has been loaded. Call it inside the listener's gesture, or browsers keep silent.
   * @param {AudioBuffer} buffer
   * @param {{loop?: boolean, onEnd?: () => void}} [how] onEnd: when it has been heard to its end
   * @returns {Promise<boolean>} whether it could start
   */
  async play(buffer, { loop = false, onEnd = () => {} } = {}) {
    this.stop();
    const { context, gain } = this.#awake();
    if (context.state !== "running") {
      const patience = new Promise((go) => this.scope.after(WAKE_SECONDS, () => go(null)));
      await Promise.race([context.resume().catch(() => null), patience]);
      if (/** @type {string} */ (context.state) !== "running" || this.scope.ended) return false;
    }
    const source = context.createBufferSource();
    source.buffer = buffer;
    source.loop = loop;
    source.connect(gain);
    source.onended = () => {
      source.disconnect();
      // Stopped by hand, or by the next one: then it was not heard to its end.
      if (this.#source !== source) return;
      this.#source = null;
      onEnd();
    };
    source.start();
    this.#source = source;
    return true;
  }

  stop() {
    const source = this.#source;
    this.#source = null;
    source?.stop();
  }

  /** @param {number} db */
  setVolume(db) {
    this.#volumeDb = db;
    if (!this.#output) return;
    const { context, gain } = this.#output;
    gain.gain.setTargetAtTime(fromDb(db), context.currentTime, FADE_SECONDS);
  }

  #awake() {
    if (this.#output) return this.#output;
    const context = this.engine.createContext();
    const gain = context.createGain();
    gain.gain.value = fromDb(this.#volumeDb);
    gain.connect(context.destination);
    this.#output = { context, gain };
    return this.#output;
  }

  #end() {
    this.stop();
    this.#buffers.clear();
    const context = this.#output?.context;
    if (context && context.state !== "closed") void context.close();
  }
}
