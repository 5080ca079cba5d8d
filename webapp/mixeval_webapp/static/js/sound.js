/** A page's sound from download to the listener's ears: loading, the audio context's moods, one player. */

import { DownloadError } from "./download.js";
import { Player } from "./player.js";

/**
 * @typedef {import("./page-data.js").Stimulus} Stimulus
 * @typedef {import("./scope.js").Scope} Scope
 * @typedef {import("./download.js").Downloads} Downloads
 * @typedef {"loading" | "ready" | "failed"} Loading
 */

/**
 * @typedef {object} Engine what a browser brings for sound; tests bring their own
 * @property {() => AudioContext} createContext called inside the listener's first gesture
 * @property {(file: ArrayBuffer) => Promise<AudioBuffer>} decode at the files' own sample rate
 */

/**
 * @typedef {object} SoundHandlers
 * @property {() => void} onChange something that is drawn has changed
 * @property {(kind: string, stimulus: string | null, detail: object) => void} log
 * @property {(text: string) => void} say
 * @property {import("./words.js").Words} words
 */

/** How long a context may take to wake up before the listener is asked to press again, in seconds. */
const WAKE_SECONDS = 2;

export class Sound {
  /** @type {Player | null} */
  #player = null;
  /** @type {Map<string, AudioBuffer>} */
  #buffers = new Map();
  /** @type {Map<string, number>} */
  #received = new Map();
  /** @type {Map<string, Loading>} */
  #loading = new Map();
  /** @type {string | null} */
  #last = null;
  /** The mix that starts once the context has woken up. @type {string | null} */
  #wanted = null;
  #unfit = false;
  #volumeDb;

  /**
   * @param {{stimuli: Stimulus[], bytes: number, frames: number, sample_rate: number, volume_db: number}} page
   * @param {{engine: Engine, downloads: Downloads, scope: Scope} & SoundHandlers} tools
   */
  constructor(page, { engine, downloads, scope, words, onChange, log, say }) {
    this.page = page;
    this.engine = engine;
    this.downloads = downloads;
    this.scope = scope;
    this.onChange = onChange;
    this.log = log;
    this.say = say;
    this.words = words;
    this.#volumeDb = page.volume_db;
    scope.hold(() => this.#end());
  }

  get playing() {
    return this.#player?.playing ?? null;
  }

  /** Part of the loop that has passed, 0 to 1. */
  get progress() {
    return this.#player?.loopSeconds ? this.#player.position / this.#player.loopSeconds : 0;
  }

  /** Part of the audio that has arrived, 0 to 1, without what has failed. */
  get loaded() {
    const coming = this.page.stimuli.filter(({ token }) => this.state(token) !== "failed");
    const received = coming.reduce((sum, { token }) => sum + (this.#received.get(token) ?? 0), 0);
    return coming.length === 0 ? 1 : received / (this.page.bytes * coming.length);
  }

  /** The mix that plays, or else the one that played last. */
  get current() {
    return this.#last;
  }

  /** @param {string} token */
  state(token) {
    return this.#unfit ? "failed" : (this.#loading.get(token) ?? "loading");
  }

  /** @param {string} token */
  heardSeconds(token) {
    return this.#player?.heardSeconds(token) ?? 0;
  }

  async loadAll() {
    await Promise.all(this.page.stimuli.map((stimulus) => this.load(stimulus)));
  }

  /** Try again what has failed. */
  async retryFailed() {
    if (this.#unfit) return;
    await Promise.all(
      this.page.stimuli.filter(({ token }) => this.state(token) === "failed").map((stimulus) => this.load(stimulus)),
    );
  }

  /** @param {Stimulus} stimulus */
  async load(stimulus) {
    const { token, url, label } = stimulus;
    this.#loading.set(token, "loading");
    this.#received.set(token, 0);
    this.onChange();
    try {
      const file = await this.downloads.get(url, this.page.bytes, (bytes) => {
        this.#received.set(token, bytes);
        this.onChange();
      });
      const buffer = await this.engine.decode(file);
      if (this.scope.ended) return;
      this.#fit(buffer, token);
      this.#buffers.set(token, buffer);
      this.#player?.add(token, buffer);
      this.#loading.set(token, "ready");
    } catch (error) {
      if (this.scope.ended) return;
      this.#loading.set(token, "failed");
      const reason = error instanceof DownloadError ? error.message : String(error);
      this.log("load_failed", token, { reason: reason.slice(0, 200) });
      if (!this.#unfit) this.say(this.words.say("load_failed", { label }));
    }
    this.onChange();
  }

  /**
   * Make a mix the one that is heard. Call it inside the listener's gesture, or browsers keep silent.
   * @param {string} token
   */
  async play(token) {
    if (this.state(token) !== "ready") return;
    const player = this.#awake();
    this.#wanted = token;
    if (player.context.state !== "running" && !(await this.#wake(player))) return;
    // Another letter or a stop while the context woke up: the listener's last word counts.
    if (this.scope.ended || this.#wanted !== token) return;
    this.#wanted = null;
    const before = player.playing;
    if (this.#last === null) this.#describe(player);
    player.play(token);
    this.#last = token;
    const position = round(player.position);
    if (before === null) this.log("play", token, { position });
    else this.log("switch", token, { position, from: before });
    this.onChange();
  }

  pause() {
    this.#silence("pause");
  }

  stop() {
    this.#silence("stop");
  }

  /** @param {number} db */
  setVolume(db) {
    this.#volumeDb = db;
    this.#player?.setVolume(db);
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

  /**
   * All mixes of a page have one length, or in a loop they would slide apart.
   * @param {AudioBuffer} buffer
   * @param {string} token
   */
  #fit(buffer, token) {
    const { frames, sample_rate } = this.page;
    if (buffer.length === frames && buffer.sampleRate === sample_rate) return;
    this.#unfit = true;
    this.pause();
    this.log("load_failed", token, { reason: "length", frames: buffer.length, expected: frames });
    this.say(this.words.say("unfit"));
    throw new RangeError("its length is not the page's");
  }

  #awake() {
    if (this.#player) return this.#player;
    const context = this.engine.createContext();
    // Events are scheduled two of the device's buffers ahead, so that none is past when it is rendered.
    const leadSeconds = Math.min(0.05, Math.max(0.01, 2 * (context.baseLatency || 0)));
    const player = new Player(context, { volumeDb: this.#volumeDb, leadSeconds });
    for (const [token, buffer] of this.#buffers) player.add(token, buffer);
    this.scope.listen(context, "statechange", () => this.#onStateChange(player));
    this.#player = player;
    return player;
  }

  /** @param {Player} player */
  async #wake(player) {
    const context = /** @type {AudioContext} */ (player.context);
    // Not only `suspended`: Safari says `interrupted` after a call or another app took the sound.
    const patience = new Promise((go) => this.scope.after(WAKE_SECONDS, () => go(null)));
    await Promise.race([context.resume().catch(() => null), patience]);
    if (/** @type {string} */ (context.state) === "running") return true;
    this.say(this.words.say("not_started"));
    return false;
  }

  /** @param {Player} player */
  #describe({ context, leadSeconds }) {
    const { sampleRate, baseLatency, outputLatency } = /** @type {AudioContext} */ (context);
    this.log("audio", null, {
      sample_rate: sampleRate, base_latency: baseLatency ?? null, output_latency: outputLatency ?? null,
      lead_seconds: leadSeconds,
    });
  }

  /** @param {Player} player */
  #onStateChange(player) {
    const { state } = player.context;
    this.log("context_state", null, { state });
    if (state !== "running" && player.playing !== null) {
      this.pause();
      this.say(this.words.say("interrupted"));
    }
  }

  #end() {
    const context = /** @type {AudioContext | undefined} */ (this.#player?.context);
    this.#player?.end();
    this.#buffers.clear();
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
  };
}

/** @param {number} seconds */
function round(seconds) {
  return Math.round(seconds * 1000) / 1000;
}
