/**
 * What this tab remembers of the page that it shows, written at once: the browser's database writes later, the
 * server hears of it later still, and a reload can come before they have.
 */

const KEY = "mixeval-page";

export class TabMemory {
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
   * @returns {unknown} what was kept under it on this page, or null
   */
  find(name) {
    return this.#all()[name] ?? null;
  }

  /**
   * @param {string} name
   * @param {unknown} value
   */
  keep(name, value) {
    this.#store({ ...this.#all(), [name]: value });
  }

  /** @param {string} name of what is on its way to the server */
  forget(name) {
    const { [name]: _, ...others } = this.#all();
    this.#store(others);
  }

  /** @returns {Record<string, unknown>} */
  #all() {
    try {
      const { page, kept } = JSON.parse(this.storage().getItem(KEY) ?? "{}");
      return page === this.page && typeof kept === "object" ? { ...kept } : {};
    } catch {
      return {};
    }
  }

  /** @param {Record<string, unknown>} kept */
  #store(kept) {
    try {
      this.storage().setItem(KEY, JSON.stringify({ page: this.page, kept }));
    } catch {
      // It goes its way all the same; only a reload in this moment would forget it.
    }
  }
}
