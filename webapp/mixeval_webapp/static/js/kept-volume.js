/**
 * The volume that was set on a page in this tab. It is kept at once: the browser's database writes later, and a
 * reload can come before it has.
 */

const KEY = "mixeval-volume";

export class KeptVolume {
  /**
   * @param {string} page
   * @param {() => Storage} storage throws where the browser allows none
   */
  constructor(page, storage) {
    this.page = page;
    this.storage = storage;
  }

  /** The volume that was kept for this page, or null. */
  get db() {
    try {
      const { page, db } = JSON.parse(this.storage().getItem(KEY) ?? "{}");
      return page === this.page && Number.isFinite(db) ? db : null;
    } catch {
      return null;
    }
  }

  /** @param {number} db */
  keep(db) {
    try {
      this.storage().setItem(KEY, JSON.stringify({ page: this.page, db }));
    } catch {
      // The volume is logged all the same; only a reload in this moment would forget it.
    }
  }
}
