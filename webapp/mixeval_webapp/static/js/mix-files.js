/** The page's mixes on their way here: downloaded, decoded, tried again, and in the end given up one by one. */

import { DownloadError } from "./download.js";

/**
 * @typedef {import("./scope.js").Scope} Scope
 * @typedef {import("./download.js").Downloads} Downloads
 * @typedef {"loading" | "ready" | "failed" | "unplayable"} Loading
 *   unplayable: failed more than once, and the listener goes on without it
 *
 * @typedef {object} MixFile
 * @property {string} token
 * @property {string} label
 * @property {string} url
 *
 * @typedef {object} MixFilesPage
 * @property {MixFile[]} stimuli
 * @property {number} bytes
 * @property {number} frames
 * @property {number} sample_rate
 */

/** So many rounds of tries, the listener's own among them, before a mix may be given up. */
const ROUNDS = 2;

export class MixFiles {
  /** @type {Map<string, AudioBuffer>} */
  #buffers = new Map();
  /** @type {Map<string, number>} */
  #received = new Map();
  /** @type {Map<string, Loading>} */
  #loading = new Map();
  /** @type {Map<string, number>} */
  #failures = new Map();
  #percent = 0;

  /**
   * @param {MixFilesPage} page
   * @param {{decode: (file: ArrayBuffer) => Promise<AudioBuffer>, downloads: Downloads, scope: Scope,
   *   onChange: () => void, onReady: (token: string, buffer: AudioBuffer) => void,
   *   onFailed: (mix: MixFile, mayGiveUp: boolean) => void,
   *   log: (kind: string, stimulus: string | null, detail: object) => void}} tools
   */
  constructor(page, { decode, downloads, scope, onChange, onReady, onFailed, log }) {
    this.page = page;
    this.decode = decode;
    this.downloads = downloads;
    this.scope = scope;
    this.onChange = onChange;
    this.onReady = onReady;
    this.onFailed = onFailed;
    this.log = log;
    scope.hold(() => this.#buffers.clear());
  }

  /** @param {string} token */
  state(token) {
    return this.#loading.get(token) ?? "loading";
  }

  /** What is here of the mixes, decoded. */
  get buffers() {
    return new Map(this.#buffers);
  }

  /** Part of the audio that has arrived, 0 to 1, without what has failed. */
  get loaded() {
    const coming = this.page.stimuli.filter(({ token }) => ["loading", "ready"].includes(this.state(token)));
    const received = coming.reduce((sum, { token }) => sum + (this.#received.get(token) ?? 0), 0);
    return coming.length === 0 ? 1 : received / (this.page.bytes * coming.length);
  }

  /** Whether nothing is on its way any more. */
  get settled() {
    return this.page.stimuli.every(({ token }) => this.state(token) !== "loading");
  }

  get failed() {
    return this.page.stimuli.filter(({ token }) => this.state(token) === "failed");
  }

  /** What has failed so often that the listener may go on without it. */
  get hopeless() {
    return this.failed.filter(({ token }) => (this.#failures.get(token) ?? 0) >= ROUNDS);
  }

  async loadAll() {
    await Promise.all(this.page.stimuli.map((mix) => this.load(mix)));
  }

  async retryFailed() {
    await Promise.all(this.failed.map((mix) => this.load(mix)));
  }

  /** @param {MixFile} mix */
  async load(mix) {
    const { token, url } = mix;
    this.#loading.set(token, "loading");
    this.#received.set(token, 0);
    this.onChange();
    try {
      const failures = this.#failures.get(token) ?? 0;
      const file = await this.downloads.get(
        url,
        this.page.bytes,
        (bytes) => this.#receive(token, bytes),
        // What could not be decoded may lie spoilt in the browser's cache.
        { fresh: failures > 0 },
      );
      const buffer = await this.decode(file);
      if (this.scope.ended) return;
      this.#checkFit(buffer);
      this.#buffers.set(token, buffer);
      this.#loading.set(token, "ready");
      this.onReady(token, buffer);
    } catch (error) {
      if (this.scope.ended) return;
      this.#fail(mix, error);
    }
    this.onChange();
  }

  /** Go on without the mixes that failed again and again; returns them. */
  giveUp() {
    const given = this.hopeless;
    for (const { token } of given) {
      this.#loading.set(token, "unplayable");
      this.log("unplayable", token, { rounds: this.#failures.get(token) ?? 0 });
    }
    if (given.length > 0) this.onChange();
    return given;
  }

  /**
   * @param {string} token
   * @param {number} bytes
   */
  #receive(token, bytes) {
    this.#received.set(token, bytes);
    const percent = Math.floor(100 * this.loaded);
    // Some hundred pieces arrive in a second; a page drawn for each would be slower than the line.
    if (percent !== this.#percent) this.onChange();
    this.#percent = percent;
  }

  /**
   * @param {MixFile} mix
   * @param {unknown} error
   */
  #fail(mix, error) {
    const { token } = mix;
    const failures = (this.#failures.get(token) ?? 0) + 1;
    this.#failures.set(token, failures);
    this.#loading.set(token, "failed");
    const detail = error instanceof UnfitError ? error.detail : { reason: reasonOf(error) };
    this.log("load_failed", token, detail);
    this.onFailed(mix, failures >= ROUNDS);
  }

  /**
   * All mixes of a page have one length and rate, or in a loop they would slide apart.
   * @param {AudioBuffer} buffer
   */
  #checkFit({ length, sampleRate }) {
    const { frames, sample_rate } = this.page;
    if (length !== frames || sampleRate !== sample_rate)
      throw new UnfitError({ reason: "length", frames: length, expected: frames, sample_rate: sampleRate });
  }
}

class UnfitError extends RangeError {
  /** @param {object} detail */
  constructor(detail) {
    super("its length is not the page's");
    this.detail = detail;
  }
}

/** @param {unknown} error */
function reasonOf(error) {
  return (error instanceof DownloadError ? error.message : String(error)).slice(0, 200);
}
