/**
 * All mixes of a page on one clock: their sources start at one context time and loop without end, and a switch
 * moves gains only. Mixes of one recording are nearly the same signal, so the crossfade is linear: the gains add up to 1
 * throughout, where an equal-power one would bump up by up to 3 dB.
 */

import { Fade } from "./fade.js";

export const FADE_SECONDS = 0.01;
export const LOWEST_DB = -40;
const VOLUME_SECONDS = 0.03;

/**
 * @typedef {object} Run sources that were started together
 * @property {Map<string, {source: AudioBufferSourceNode, fade: Fade, node: GainNode}>} voices
 * @property {number} zero context time at which the loop's first sample would have played
 */

export class Player {
  /** @type {Map<string, AudioBuffer>} */
  #buffers = new Map();
  /** @type {Run | null} */
  #run = null;
  /** @type {string | null} */
  #playing = null;
  #since = 0;
  /** @type {Map<string, number>} */
  #heard = new Map();
  #offset = 0;
  #master;
  #volume;

  /**
   * @param {BaseAudioContext} context
   * @param {{volumeDb?: number, leadSeconds?: number}} [options]
   *   leadSeconds: how far ahead to schedule, so that no event is already past when the audio thread sees it
   */
  constructor(context, { volumeDb = 0, leadSeconds = FADE_SECONDS } = {}) {
    this.context = context;
    this.leadSeconds = leadSeconds;
    this.#master = context.createGain();
    this.#master.connect(context.destination);
    this.#volume = new Fade(this.#master.gain, fromDb(volumeDb), context.currentTime);
  }

  /**
   * @param {string} token
   * @param {AudioBuffer} buffer of the same length as the others
   */
  add(token, buffer) {
    this.#buffers.set(token, buffer);
  }

  get playing() {
    return this.#playing;
  }

  /** Seconds into the loop. */
  get position() {
    return this.#run ? this.#positionAt(this.#run, this.context.currentTime) : this.#offset;
  }

  get loopSeconds() {
    const [buffer] = this.#buffers.values();
    return buffer ? buffer.length / buffer.sampleRate : 0;
  }

  /**
   * Make this mix the one that is heard, at the position that the loop has reached.
   * @param {string} token
   */
  play(token) {
    if (!this.#buffers.has(token)) throw new RangeError(`Mix ${token} is not loaded.`);
    if (this.#playing === token) return;
    const time = this.#soon();
    this.#closeInterval(time);
    const run = this.#run?.voices.has(token) ? this.#run : this.#begin(time);
    for (const [name, { fade }] of run.voices) fade.to(name === token ? 1 : 0, time, FADE_SECONDS);
    this.#playing = token;
    this.#since = time;
  }

  /** Fall silent and keep the position. */
  pause() {
    if (!this.#run) return;
    const time = this.#soon();
    this.#closeInterval(time);
    this.#offset = this.#positionAt(this.#run, time);
    this.#retire(this.#run, time);
    this.#run = null;
    this.#playing = null;
  }

  /** Fall silent and go back to the beginning. */
  stop() {
    this.pause();
    this.#offset = 0;
  }

  /**
   * Seconds for which a mix has been audible, told by the clock that plays it.
   * @param {string} token
   */
  heardSeconds(token) {
    const running = token === this.#playing ? Math.max(0, this.context.currentTime - this.#since) : 0;
    return (this.#heard.get(token) ?? 0) + running;
  }

  /** @param {number} db */
  setVolume(db) {
    this.#volume.to(fromDb(db), this.#soon(), VOLUME_SECONDS);
  }

  /** Let go of every node and decoded file. */
  end() {
    if (this.#run) this.#release(this.#run);
    this.#run = null;
    this.#playing = null;
    this.#buffers.clear();
    this.#master.disconnect();
  }

  /**
   * Start all loaded mixes at one time, silent; a run that lacked a mix which has loaded since is faded out.
   * @param {number} time
   */
  #begin(time) {
    const offset = this.#run ? this.#positionAt(this.#run, time) : this.#offset;
    if (this.#run) this.#retire(this.#run, time);
    /** @type {Run} */
    const run = { voices: new Map(), zero: time - offset };
    for (const [token, buffer] of this.#buffers) {
      const node = this.context.createGain();
      const fade = new Fade(node.gain, 0, this.context.currentTime);
      const source = this.context.createBufferSource();
      source.buffer = buffer;
      // The loop is the whole buffer, all of one length. Loop points in seconds would be cut to whole frames,
      // and frames / rate * rate can fall short of `frames` by a rounding: one sample lost in every pass.
      source.loop = true;
      source.connect(node).connect(this.#master);
      source.start(time, offset);
      run.voices.set(token, { source, fade, node });
    }
    this.#run = run;
    return run;
  }

  /**
   * @param {Run} run
   * @param {number} time
   */
  #retire(run, time) {
    for (const { source, fade, node } of run.voices.values()) {
      fade.to(0, time, FADE_SECONDS);
      source.onended = () => node.disconnect();
      source.stop(time + 2 * FADE_SECONDS);
    }
  }

  /** @param {Run} run */
  #release(run) {
    for (const { source, node } of run.voices.values()) {
      source.stop();
      source.disconnect();
      node.disconnect();
    }
  }

  /** @param {number} time */
  #closeInterval(time) {
    if (this.#playing === null) return;
    this.#heard.set(this.#playing, (this.#heard.get(this.#playing) ?? 0) + Math.max(0, time - this.#since));
  }

  /**
   * @param {Run} run
   * @param {number} time
   */
  #positionAt(run, time) {
    const { sampleRate } = this.context;
    const frames = Math.round((time - run.zero) * sampleRate);
    const length = Math.round(this.loopSeconds * sampleRate);
    return length === 0 ? 0 : (((frames % length) + length) % length) / sampleRate;
  }

  /** A moment just ahead, on a frame: between two frames, a source would be interpolated and lose treble. */
  #soon() {
    const { currentTime, sampleRate } = this.context;
    // Less a little, so that a rounding error of the product does not cost a frame.
    return Math.ceil((currentTime + this.leadSeconds) * sampleRate - 1e-6) / sampleRate;
  }
}

/** @param {number} db */
export function fromDb(db) {
  return 10 ** (db / 20);
}
