/** What happens on a page, in order and timed, for those who study how people listen. */

/**
 * @typedef {import("./outbox.js").PageEvent} PageEvent
 */

export class EventLog {
  /**
   * @param {{page: string, now: () => number, add: (event: PageEvent) => void, random?: (bytes: Uint8Array) => void}} tools
   *   now: milliseconds on a clock that never goes back
   */
  constructor({ page, now, add, random = (bytes) => void crypto.getRandomValues(bytes) }) {
    this.page = page;
    this.now = now;
    this.opened = now();
    this.add = add;
    this.random = random;
  }

  /**
   * @param {string} kind
   * @param {string | null} [stimulus]
   * @param {object} [detail]
   * @param {number} [at] when it happened on that clock, if not now
   */
  log(kind, stimulus = null, detail = {}, at = this.now()) {
    const client_ms = Math.round(Math.max(0, at - this.opened) * 10) / 10;
    this.add({ id: this.#id(), page: this.page, kind, stimulus, client_ms, detail });
  }

  /** Not crypto.randomUUID: that wants https, and a laboratory's own server may have none. */
  #id() {
    const bytes = new Uint8Array(16);
    this.random(bytes);
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
