/**
 * The next page's files, fetched into the browser's cache while this page is rated. They are served as immutable, so
 * the next page finds them there; a decoded copy would cost memory that a telephone may not have.
 */

/** @typedef {import("./scope.js").Scope} Scope */

export class Preload {
  #begun = false;

  /**
   * @param {{fetch: typeof fetch, scope: Scope, sparing?: () => boolean,
   *   log: (kind: string, stimulus: string | null, detail: object) => void}} tools
   *   sparing: whether the listener has asked the browser to save data
   */
  constructor({ fetch, scope, sparing = isSparing, log }) {
    this.fetch = fetch;
    this.scope = scope;
    this.sparing = sparing;
    this.log = log;
  }

  /**
   * Fetch files one after the other, once. Call it when this page has all of its own.
   * @param {string[]} urls
   */
  async begin(urls) {
    if (this.#begun || urls.length === 0 || this.sparing() || this.scope.ended) return;
    this.#begun = true;
    const abort = new AbortController();
    const release = this.scope.hold(() => abort.abort());
    let files = 0;
    let bytes = 0;
    try {
      for (const url of urls) {
        bytes += await this.#drain(url, abort.signal);
        files++;
      }
    } catch {
      // The next page will fetch what is missing itself, with all its patience.
    }
    release();
    if (!this.scope.ended) this.log("preload", null, { files, of: urls.length, bytes });
  }

  /**
   * Read a file to its end, so that it is kept, and let go of it.
   * @param {string} url
   * @param {AbortSignal} signal
   */
  async #drain(url, signal) {
    const response = await this.fetch(url, { signal, priority: "low" });
    if (!response.ok || !response.body) throw new TypeError(`the server answered ${response.status}`);
    let bytes = 0;
    for (const reader = response.body.getReader(); ; ) {
      const { done, value } = await reader.read();
      if (done) return bytes;
      bytes += value.length;
    }
  }
}

function isSparing() {
  const { connection } = /** @type {{connection?: {saveData?: boolean}}} */ (navigator);
  return connection?.saveData === true;
}
