/**
 * Texts that are being written on a page, kept letter by letter in this tab: the browser's database writes later,
 * and a reload can come before it has.
 */

const KEY = "mixeval-drafts";

export class Drafts {
  /**
   * @param {string} page
   * @param {() => Storage} storage throws where the browser allows none
   */
  constructor(page, storage) {
    this.page = page;
    this.storage = storage;
  }

  /**
   * @param {string} name
   * @returns {string | null} what was being written when the page was left, or null
   */
  find(name) {
    const text = this.#texts()[name];
    return typeof text === "string" ? text : null;
  }

  /**
   * @param {string} name
   * @param {string} text
   */
  keep(name, text) {
    this.#store({ ...this.#texts(), [name]: text });
  }

  /** @param {string} name of a text that is on its way to the server */
  forget(name) {
    const { [name]: _, ...others } = this.#texts();
    this.#store(others);
  }

  /** @returns {Record<string, unknown>} */
  #texts() {
    try {
      const { page, texts } = JSON.parse(this.storage().getItem(KEY) ?? "{}");
      return page === this.page && texts !== null && typeof texts === "object" ? texts : {};
    } catch {
      return {};
    }
  }

  /** @param {Record<string, unknown>} texts */
  #store(texts) {
    try {
      this.storage().setItem(KEY, JSON.stringify({ page: this.page, texts }));
    } catch {
      // The text is written down all the same once it rests; only a reload before would forget it.
    }
  }
}
