/** A page's sound from its files to the listener's ears: the audio context's moods, one player, and what is logged. */

import { DeviceLog } from "./device-log.js";
import { MixFiles } from "./mix-files.js";
import { Player } from "./player.js";
import { stretchBetween } from "./stretch.js";

/**
 * @typedef {import("./scope.js").Scope} Scope
 * @typedef {import("./download.js").Downloads} Downloads
 * @typedef {import("./mix-files.js").Loading} Loading
 * @typedef {import("./mix-files.js").MixFile} MixFile
 * @typedef {import("./words.js").Words} Words
 */

/**
 * @typedef {object} Engine what a browser brings for sound; tests bring their own
 * @property {() => AudioContext} createContext called inside the listener's first gesture
 * @property {(file: ArrayBuffer) => Promise<AudioBuffer>} decode at the files' own sample rate
 * @property {(context: AudioContext) => Promise<AudioNode & {port: MessagePort}>} createMeter
 *   a node that reports how the audio thread keeps up (drop-out-meter.js)
 * @property {EventTarget | undefined} mediaDevices
 * @property {EventTarget & {hidden: boolean}} document
 */

/**
 * @typedef {object} SoundPage
 * @property {MixFile[]} stimuli
 * @property {number} bytes
 * @property {number} frames
 * @property {number} sample_rate
 * @property {number} volume_db
 * @property {boolean} [loop] whether the whole item comes round; true if left out
 */

/**
 * @typedef {object} SoundHandlers
 * @property {() => void} onChange something that is drawn has changed
 * @property {(kind: string, stimulus: string | null, detail: object) => void} log
 * @property {(text: string) => void} say
 * @property {(token: string) => void} [onReady] a mix can be played
 */

/** How long a context may take to wake up before the listener is asked to press again, in seconds. */
const WAKE_SECONDS = 2;
/** Where a browser does not tell its latency (Firefox), events are scheduled this far ahead. */
const UNKNOWN_LEAD_SECONDS = 0.03;

export class Sound {
  /** @type {Player | null} */
  #player = null;
  /** @type {import("./drop-outs.js").DropOuts | null} */
  #dropOuts = null;
  /** @type {string | null} */
  #last = null;
  /** The mix that starts once the context has woken up. @type {string | null} */
  #wanted = null;
  /** @type {{start: number, end: number} | null} */
  #region = null;
  /** Where to begin, as long as there is no player yet. */
  #beginning = 0;
  #asked = false;
  #volumeDb;

  /**
   * @param {SoundPage} page
   * @param {{engine: Engine, downloads: Downloads, scope: Scope, words: Words} & SoundHandlers} tools
   */
  constructor(page, { engine, downloads, scope, words, onChange, log, say, onReady = () => {} }) {
    this.page = page;
    this.engine = engine;
    this.scope = scope;
    this.onChange = onChange;
    this.log = log;
    this.say = say;
    this.words = words;
    this.#volumeDb = page.volume_db;
    this.files = new MixFiles(page, {
      decode: engine.decode, downloads, scope, onChange, log,
      onReady: (token, buffer) => {
        this.#player?.add(token, buffer);
        onReady(token);
      },
      onFailed: ({ label }) => say(words.say("load_failed", { label })),
    });
    this.devices = new DeviceLog({ engine, scope, log });
    scope.hold(() => this.#end());
  }

  get playing() {
    return this.#player?.playing ?? null;
  }

  /** Seconds into the item. */
  get position() {
    return this.#player?.position ?? this.#beginning;
  }

  get itemSeconds() {
    return this.page.frames / this.page.sample_rate;
  }

  /** Part of the item that has passed, 0 to 1. */
  get progress() {
    return this.itemSeconds === 0 ? 0 : this.position / this.itemSeconds;
  }

  /** The stretch that loops, in seconds on whole frames; null: the whole item. */
  get region() {
    return this.#region;
  }

  /** Part of the audio that has arrived, 0 to 1, without what has failed. */
  get loaded() {
    return this.files.loaded;
  }

  /** The mix that plays, or else the one that played last. */
  get current() {
    return this.#last;
  }

  /** @param {string} token */
  state(token) {
    return this.files.state(token);
  }

  /** @param {string} token */
  heardSeconds(token) {
    return this.#player?.heardSeconds(token) ?? 0;
  }

  async loadAll() {
    await this.files.loadAll();
  }

  /** Try again what has failed. */
  async retryFailed() {
    await this.files.retryFailed();
  }

  /** @param {MixFile} mix */
  async load(mix) {
    await this.files.load(mix);
  }

  /** Go on without the mixes that failed again and again; returns their tokens. */
  giveUp() {
    return this.files.giveUp().map(({ token }) => token);
  }

  /**
   * Make a mix the one that is heard. Call it inside the listener's gesture, or browsers keep silent.
   * @param {string} token
   */
  async play(token) {
    if (this.state(token) !== "ready") return;
    const player = this.#awake();
    this.#wanted = token;
    if (player.context.state !== "running" && !(await this.#wake(player, token))) return;
    // Another letter or a stop while the context woke up: the listener's last word counts.
    if (this.scope.ended || this.#wanted !== token) return;
    this.#wanted = null;
    const before = player.playing;
    this.devices.describe(/** @type {AudioContext} */ (player.context), player.leadSeconds);
    player.play(token);
    this.#last = token;
    this.#stopAsking();
    const position = round(player.position);
    if (before === null) this.log("play", token, { position });
    else if (before !== token) this.log("switch", token, { position, from: before });
    this.onChange();
  }

  pause() {
    this.#silence("pause");
  }

  stop() {
    this.#silence("stop");
    this.#beginning = this.#region?.start ?? 0;
  }

  /**
   * Go to another place in the item; what plays goes on there.
   * @param {number} seconds
   */
  seek(seconds) {
    const from = round(this.position);
    this.#beginning = Math.min(Math.max(0, seconds), this.itemSeconds);
    this.#player?.seek(seconds);
    this.log("seek", this.playing, { from, to: round(this.#beginning) });
    this.onChange();
  }

  /**
   * Loop one stretch of the item, or all of it.
   * @param {{start: number, end: number} | null} region seconds
   */
  setRegion(region) {
    const { frames, sample_rate } = this.page;
    const stretch = region && stretchBetween(region.start, region.end, { frames, sampleRate: sample_rate });
    const now = stretch && {
      start: stretch.start / sample_rate, end: (stretch.start + stretch.frames) / sample_rate,
    };
    if (now?.start === this.#region?.start && now?.end === this.#region?.end) return;
    this.#region = now;
    this.#player?.setRegion(now);
    this.log("loop", this.playing, now ? { start: microseconds(now.start), end: microseconds(now.end) } : { start: null, end: null });
    this.onChange();
  }

  /** @param {number} db */
  setVolume(db) {
    this.#volumeDb = db;
    this.#player?.setVolume(db);
  }

  /** Log what has been gathered and not been told yet. */
  settle() {
    this.#dropOuts?.settle();
  }

  /** @param {"pause" | "stop"} how */
  #silence(how) {
    const player = this.#player;
    this.#wanted = null;
    if (!player) return;
    const { playing } = player;
    const position = round(player.position);
    player[how]();
    if (playing !== null) this.log("stop", playing, { position, how });
    this.onChange();
  }

  #awake() {
    if (this.#player) return this.#player;
    const context = this.engine.createContext();
    // Events are scheduled two of the device's buffers ahead, so that none is past when it is rendered.
    const leadSeconds = context.baseLatency
      ? Math.min(0.05, Math.max(0.01, 2 * context.baseLatency))
      : UNKNOWN_LEAD_SECONDS;
    const player = new Player(context, {
      volumeDb: this.#volumeDb, leadSeconds, loop: this.page.loop ?? true, onEnded: () => this.#onEnded(),
    });
    for (const [token, buffer] of this.files.buffers) player.add(token, buffer);
    if (this.#region) player.setRegion(this.#region);
    player.seek(this.#beginning);
    this.scope.listen(context, "statechange", () => this.#onStateChange(player));
    this.#player = player;
    void this.#meter(context);
    return player;
  }

  /** @param {AudioContext} context */
  async #meter(context) {
    try {
      const [node, { DropOuts }] = await Promise.all([this.engine.createMeter(context), import("./drop-outs.js")]);
      if (this.scope.ended) return;
      node.connect(context.destination);
      this.#dropOuts = new DropOuts(node.port, {
        scope: this.scope, log: this.log, now: () => ({ wall: Date.now(), steady: performance.now() }),
        sampleRate: context.sampleRate,
        situation: () => ({ stimulus: this.playing, hidden: this.engine.document.hidden }),
      });
    } catch (error) {
      // Nothing that is heard depends on it.
      this.log("meter_failed", null, { reason: String(error).slice(0, 200) });
    }
  }

  /**
   * @param {Player} player
   * @param {string} token the mix that is to start then
   */
  async #wake(player, token) {
    const context = /** @type {AudioContext} */ (player.context);
    // Not only `suspended`: Safari says `interrupted` after a call or another app took the sound.
    const patience = new Promise((go) => this.scope.after(WAKE_SECONDS, () => go(null)));
    await Promise.race([context.resume().catch(() => null), patience]);
    if (/** @type {string} */ (context.state) === "running") return true;
    // Another press waits for itself, and after a stop nobody waits any more.
    if (this.#wanted !== token || this.scope.ended) return false;
    this.#wanted = null;
    this.#ask("not_started");
    return false;
  }

  #onEnded() {
    this.log("stop", this.#last, { position: round(this.itemSeconds), how: "end" });
    this.onChange();
  }

  /** @param {Player} player */
  #onStateChange(player) {
    const { state } = player.context;
    this.log("context_state", null, { state });
    this.#dropOuts?.reset();
    if (state === "running" || player.playing === null) return;
    const { playing } = player;
    const position = round(player.position);
    // Not a fade: the device is silent, and a fade would sound when it wakes up by itself.
    player.halt();
    this.log("stop", playing, { position, how: "interrupted" });
    this.#ask("interrupted");
    this.onChange();
  }

  /** @param {string} key of the message that says what the listener is to do before anything sounds again */
  #ask(key) {
    this.#asked = true;
    this.say(this.words.say(key));
  }

  #stopAsking() {
    if (this.#asked) this.say("");
    this.#asked = false;
  }

  #end() {
    const context = /** @type {AudioContext | undefined} */ (this.#player?.context);
    this.#player?.end();
    if (context && context.state !== "closed") void context.close();
  }
}

/**
 * @param {number} sampleRate of the files
 * @returns {Engine}
 */
export function browserEngine(sampleRate) {
  return {
    createContext: () => new AudioContext({ sampleRate, latencyHint: "interactive" }),
    // An offline context decodes before any gesture; at the files' rate nothing is resampled.
    decode: (file) => new OfflineAudioContext(2, 1, sampleRate).decodeAudioData(file),
    createMeter: async (context) => {
      if (!context.audioWorklet) throw new TypeError("audio worklets need https");
      await context.audioWorklet.addModule(new URL("./drop-out-meter.js", import.meta.url));
      return new AudioWorkletNode(context, "drop-out-meter", { numberOfInputs: 0, outputChannelCount: [1] });
    },
    mediaDevices: navigator.mediaDevices,
    document,
  };
}

/** @param {number} seconds */
function round(seconds) {
  return Math.round(seconds * 1000) / 1000;
}

/**
 * Frames of a loop can be told again from its ends: at 192 kHz one takes 5 microseconds.
 * @param {number} seconds
 */
function microseconds(seconds) {
  return Math.round(seconds * 1e6) / 1e6;
}
