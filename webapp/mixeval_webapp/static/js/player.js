/**
 * All mixes of a page on one clock: their sources start at one context time and loop, and a switch moves gains only.
 * Mixes of one recording are nearly the same signal, so the crossfade is linear: the gains add up to 1 throughout,
 * where an equal-power one would bump up by up to 3 dB.
 */

import { Fade } from "./fade.js";
import { cutOut, stretchBetween } from "./stretch.js";

export const FADE_SECONDS = 0.01;
export const LOWEST_DB = -40;
const VOLUME_SECONDS = 0.03;

/**
 * @typedef {import("./stretch.js").Stretch} Stretch
 *
 * @typedef {object} Run sources that were started together
 * @property {Map<string, {source: AudioBufferSourceNode, fade: Fade, node: GainNode}>} voices
 * @property {GainNode} gate closes by itself where nothing loops
 * @property {Stretch} stretch
 * @property {boolean} loops
 * @property {number} zero context time at which the stretch's first frame would have played
 */

export class Player {
  /** @type {Map<string, AudioBuffer>} */
  #buffers = new Map();
  /** What is cut out of them for the region. @type {Map<string, AudioBuffer>} */
  #pieces = new Map();
  /** @type {Stretch | null} */
  #region = null;
  /** @type {Run | null} */
  #run = null;
  /** @type {string | null} */
  #playing = null;
  #since = 0;
  /** @type {Map<string, number>} */
  #heard = new Map();
  /** Frame from which the next run goes on. */
  #offset = 0;
  #master;
  #volume;

  /**
   * @param {BaseAudioContext} context
   * @param {{volumeDb?: number, leadSeconds?: number, loop?: boolean, onEnded?: () => void}} [options]
   *   leadSeconds: how far ahead to schedule, so that no event is already past when the audio thread sees it;
   *   loop: whether the whole item comes round; a region always does; onEnded: without, its end was reached
   */
  constructor(context, { volumeDb = 0, leadSeconds = FADE_SECONDS, loop = true, onEnded = () => {} } = {}) {
    this.context = context;
    this.leadSeconds = leadSeconds;
    this.loop = loop;
    this.onEnded = onEnded;
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

  /** Seconds into the item. */
  get position() {
    const frame = this.#run ? this.#frameAt(this.#run, this.context.currentTime) : this.#offset;
    return frame / this.context.sampleRate;
  }

  get itemSeconds() {
    return this.#itemFrames / this.context.sampleRate;
  }

  /** The stretch that loops, in seconds, exactly as it is played; null: the whole item. */
  get region() {
    if (!this.#region) return null;
    const { start, frames } = this.#region;
    const { sampleRate } = this.context;
    return { start: start / sampleRate, end: (start + frames) / sampleRate };
  }

  /**
   * Make this mix the one that is heard, at the position that the run has reached.
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
    this.#offset = this.#frameAt(this.#run, time);
    this.#retire(this.#run, time);
    this.#run = null;
    this.#playing = null;
  }

  /** Fall silent and go back to the beginning. */
  stop() {
    this.pause();
    this.#offset = this.#region?.start ?? 0;
  }

  /** Let go of what was playing at once: the device has fallen silent already, and nothing is to follow when it wakes. */
  halt() {
    if (!this.#run) return;
    const time = this.context.currentTime;
    this.#closeInterval(time);
    this.#offset = this.#frameAt(this.#run, time);
    this.#release(this.#run);
    this.#run = null;
    this.#playing = null;
  }

  /**
   * Go to another place; what plays goes on there, crossfaded.
   * @param {number} seconds into the item; outside the region the region's beginning is taken
   */
  seek(seconds) {
    const frame = Math.round(seconds * this.context.sampleRate);
    this.#offset = Math.min(Math.max(0, frame), Math.max(0, this.#itemFrames - 1));
    this.#restart(this.#soon(), this.#offset);
  }

  /**
   * Loop one stretch of the item, or, with null, all of it. What plays goes on where it is, or at the stretch's
   * beginning if that place lies outside.
   * @param {{start: number, end: number} | null} region seconds
   */
  setRegion(region) {
    const time = this.#soon();
    const frame = this.#run ? this.#frameAt(this.#run, time) : this.#offset;
    const item = { frames: this.#itemFrames, sampleRate: this.context.sampleRate };
    this.#region = region ? stretchBetween(region.start, region.end, item) : null;
    this.#pieces.clear();
    this.#restart(time, frame);
  }

  /**
   * Seconds for which a mix has been audible, told by the clock that plays it.
   * @param {string} token
   */
  heardSeconds(token) {
    const running = token === this.#playing ? this.#runningSeconds(this.context.currentTime) : 0;
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
    this.#pieces.clear();
    this.#master.disconnect();
  }

  get #itemFrames() {
    const [buffer] = this.#buffers.values();
    return buffer?.length ?? 0;
  }

  /**
   * Put a new run in the place of the one that plays, if any; the two are crossfaded.
   * @param {number} time
   * @param {number} frame
   */
  #restart(time, frame) {
    const playing = this.#playing;
    if (!this.#run || playing === null) {
      this.#offset = frame;
      return;
    }
    this.#begin(time, frame).voices.get(playing)?.fade.to(1, time, FADE_SECONDS);
  }

  /**
   * Start all loaded mixes at one time, silent; the run before, if any, is faded out.
   * @param {number} time
   * @param {number} [wanted] frame of the item
   */
  #begin(time, wanted = this.#run ? this.#frameAt(this.#run, time) : this.#offset) {
    if (this.#run) this.#retire(this.#run, time);
    const { sampleRate } = this.context;
    const stretch = this.#region ?? { start: 0, frames: this.#itemFrames };
    const into = isWithin(wanted, stretch) ? wanted - stretch.start : 0;
    const gate = this.context.createGain();
    gate.connect(this.#master);
    /** @type {Run} */
    const run = {
      voices: new Map(), gate, stretch, loops: this.loop || this.#region !== null, zero: time - into / sampleRate,
    };
    for (const token of this.#buffers.keys()) {
      const node = this.context.createGain();
      const fade = new Fade(node.gain, 0, this.context.currentTime);
      const source = this.context.createBufferSource();
      source.buffer = this.#material(token);
      // The loop is the whole buffer, all of one length. Loop points in seconds would be cut to whole frames,
      // and frames / rate * rate can fall short of `frames` by a rounding: one sample lost in every pass.
      source.loop = run.loops;
      source.connect(node).connect(gate);
      source.start(time, into / sampleRate);
      run.voices.set(token, { source, fade, node });
    }
    if (!run.loops) this.#closeAtEnd(run, time);
    this.#run = run;
    return run;
  }

  /**
   * The mix, or what the region cuts out of it.
   * @param {string} token
   */
  #material(token) {
    const whole = this.#buffers.get(token);
    if (!whole || !this.#region) return whole ?? null;
    const piece = this.#pieces.get(token) ?? cutOut(this.context, whole, this.#region);
    this.#pieces.set(token, piece);
    return piece;
  }

  /**
   * Fade the run's last moment, and note when it is over.
   * @param {Run} run
   * @param {number} time at which it starts
   */
  #closeAtEnd(run, time) {
    const end = this.#endOf(run);
    const from = Math.max(time, end - FADE_SECONDS);
    new Fade(run.gate.gain, 1, this.context.currentTime).to(0, from, end - from);
    const [first] = run.voices.values();
    if (first) first.source.onended = () => this.#finish(run);
  }

  /** @param {Run} run whose end was reached */
  #finish(run) {
    if (this.#run !== run) return;
    this.#closeInterval(this.#endOf(run));
    this.#release(run);
    this.#run = null;
    this.#playing = null;
    this.#offset = 0;
    this.onEnded();
  }

  /**
   * @param {Run} run
   * @param {number} time
   */
  #retire(run, time) {
    for (const { source, fade, node } of run.voices.values()) {
      fade.to(0, time, FADE_SECONDS);
      source.onended = () => {
        node.disconnect();
        run.gate.disconnect();
      };
      source.stop(time + 2 * FADE_SECONDS);
    }
  }

  /** @param {Run} run */
  #release(run) {
    for (const { source, node } of run.voices.values()) {
      source.onended = null;
      source.stop();
      source.disconnect();
      node.disconnect();
    }
    run.gate.disconnect();
  }

  /** @param {number} time */
  #closeInterval(time) {
    if (this.#playing === null) return;
    this.#heard.set(this.#playing, (this.#heard.get(this.#playing) ?? 0) + this.#runningSeconds(time));
  }

  /** @param {number} time */
  #runningSeconds(time) {
    const end = this.#run && !this.#run.loops ? this.#endOf(this.#run) : Infinity;
    return Math.max(0, Math.min(time, end) - this.#since);
  }

  /** @param {Run} run */
  #endOf({ zero, stretch }) {
    return zero + stretch.frames / this.context.sampleRate;
  }

  /**
   * Frame of the item that plays at a time.
   * @param {Run} run
   * @param {number} time
   */
  #frameAt({ zero, stretch, loops }, time) {
    const { start, frames } = stretch;
    const passed = Math.round((time - zero) * this.context.sampleRate);
    if (frames === 0) return 0;
    return start + (loops ? ((passed % frames) + frames) % frames : Math.min(Math.max(0, passed), frames - 1));
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

/**
 * @param {number} frame
 * @param {Stretch} stretch
 */
function isWithin(frame, { start, frames }) {
  return frame >= start && frame < start + frames;
}
