/** Fetching one audio file over a connection that may be slow, stall or break. */

/** @typedef {import("./scope.js").Scope} Scope */

const TRIES = 5;
const STALL_SECONDS = 20;
/** Browsers hold about six connections to a host; downloads leave some for saving answers. */
const AT_ONCE = 3;

export class DownloadError extends Error {
  /**
   * @param {string} message
   * @param {boolean} final whether trying again at once is of no use
   */
  constructor(message, final) {
    super(message);
    this.final = final;
  }
}

export class Downloads {
  #running = 0;
  /** @type {(() => void)[]} */
  #queue = [];

  /**
   * @param {{fetch: typeof fetch, scope: Scope, random?: () => number}} tools
   */
  constructor({ fetch, scope, random = Math.random }) {
    this.fetch = fetch;
    this.scope = scope;
    this.random = random;
  }

  /**
   * Fetch a whole file, trying again when the connection fails. Throws DownloadError.
   * @param {string} url
   * @param {number} bytes its size; a shorter or longer answer counts as broken
   * @param {(received: number) => void} onProgress
   * @param {{fresh?: boolean}} [options] fresh: past the browser's cache, whose copy was of no use
   * @returns {Promise<ArrayBuffer>}
   */
  async get(url, bytes, onProgress, { fresh = false } = {}) {
    for (let tried = 1; ; tried++) {
      try {
        return await this.#inTurn(() => this.#once(url, bytes, onProgress, fresh || tried > 1));
      } catch (error) {
        if (this.scope.ended || tried === TRIES || (error instanceof DownloadError && error.final)) throw error;
      }
      const seconds = 0.5 * 2 ** (tried - 1) * (0.5 + this.random());
      await new Promise((go) => this.scope.after(seconds, () => go(null)));
    }
  }

  /**
   * A file that pauses between its tries leaves its turn to others.
   * @param {() => Promise<ArrayBuffer>} act
   */
  async #inTurn(act) {
    // Handed on by whoever ends: a newcomer between the two must not take it as well.
    if (this.#running >= AT_ONCE) await new Promise((go) => this.#queue.push(() => go(null)));
    else this.#running++;
    try {
      return await act();
    } finally {
      const next = this.#queue.shift();
      if (next) next();
      else this.#running--;
    }
  }

  /**
   * @param {string} url
   * @param {number} bytes
   * @param {(received: number) => void} onProgress
   * @param {boolean} fresh
   */
  async #once(url, bytes, onProgress, fresh) {
    const abort = new AbortController();
    let patience = this.scope.after(STALL_SECONDS, () => abort.abort());
    const release = this.scope.hold(() => abort.abort());
    try {
      const response = await this.fetch(url, { signal: abort.signal, cache: fresh ? "reload" : "default" });
      if (!response.ok || !response.body) {
        const { status } = response;
        const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
        throw new DownloadError(`the server answered ${status}`, final);
      }
      const file = new Uint8Array(bytes);
      let received = 0;
      for (const reader = response.body.getReader(); ; ) {
        const { done, value } = await reader.read();
        if (done) break;
        patience();
        patience = this.scope.after(STALL_SECONDS, () => abort.abort());
        if (received + value.length > bytes) throw new DownloadError("it is longer than announced", false);
        file.set(value, received);
        received += value.length;
        onProgress(received);
      }
      if (received !== bytes) throw new DownloadError(`only ${received} of ${bytes} bytes came`, false);
      return file.buffer;
    } finally {
      patience();
      release();
    }
  }
}
