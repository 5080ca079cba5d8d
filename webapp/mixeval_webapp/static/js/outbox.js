/** Everything the server has not yet confirmed, kept in IndexedDB so that a reload or a crash loses nothing. */

/**
 * @typedef {import("./rating-page.js").Answer} Answer
 * @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer
 *
 * @typedef {object} PageEvent
 * @property {string} id
 * @property {string} page
 * @property {string} kind
 * @property {string | null} stimulus
 * @property {number} client_ms since the page was opened
 * @property {object} detail
 *
 * @typedef {{kind: "rating", page: string, url: string, body: Answer}} RatingEntry
 * @typedef {{kind: "event", page: string, url: string, body: PageEvent}} EventEntry
 * @typedef {{kind: "answer", page: string, url: string, body: WrittenAnswer}} AnswerEntry
 * @typedef {RatingEntry | AnswerEntry | EventEntry} Entry
 *
 * @typedef {object} Store
 * @property {boolean} lasting whether it survives a reload
 * @property {() => Promise<Entry[]>} all
 * @property {(key: string, change: (held: Entry | undefined) => Entry | undefined) => Promise<void>} update
 *   replaces what is held under a key in one transaction; undefined deletes it
 */

/** @param {Entry} entry */
export function keyOf(entry) {
  switch (entry.kind) {
    case "rating":
      return `rating ${entry.page} ${entry.body.stimulus} ${entry.body.attribute}`;
    case "answer":
      return `answer ${entry.page} ${entry.body.subject} ${entry.body.name}`;
    case "event":
      return `event ${entry.body.id}`;
  }
}

/**
 * Of two entries with one key, the one to keep: the newest answer wins, an event never changes.
 * @param {Entry | undefined} held
 * @param {Entry} entry
 */
export function newest(held, entry) {
  return isNewer(held, entry) && held ? held : entry;
}

/**
 * What is left of a held entry after the server confirmed one with that key.
 * @param {Entry | undefined} held
 * @param {Entry} saved
 */
export function afterSaving(held, saved) {
  return isNewer(held, saved) ? held : undefined;
}

/** So many events wait at most, which is hours of listening without a connection; answers are few by themselves. */
export const MOST_EVENTS = 10_000;

export class Outbox {
  /** @type {Map<string, Entry>} */
  #entries = new Map();
  /** What memory alone holds, because the browser's store was full. @type {Set<string>} */
  #unkept = new Set();
  #events = 0;

  /**
   * @param {Store} store
   * @param {() => void} [onUnkept] the store has just failed to keep something
   */
  constructor(store, onUnkept = () => {}) {
    this.store = store;
    this.onUnkept = onUnkept;
  }

  /** Whether all of it would survive a reload. */
  get lasting() {
    return this.store.lasting && this.#unkept.size === 0;
  }

  /** Take up what an earlier visit left behind. */
  async open() {
    for (const entry of await this.store.all()) this.#entries.set(keyOf(entry), entry);
    this.#events = this.entries().filter(({ kind }) => kind === "event").length;
  }

  entries() {
    return [...this.#entries.values()];
  }

  /** @param {Entry} entry */
  add(entry) {
    const key = keyOf(entry);
    if (entry.kind === "event" && ++this.#events > MOST_EVENTS) {
      this.#events--;
      return Promise.resolve();
    }
    this.#entries.set(key, newest(this.#entries.get(key), entry));
    return this.#write(key, (held) => newest(held, entry));
  }

  /**
   * Let go of an entry that the server has confirmed or refused, unless a newer answer took its place.
   * @param {Entry} entry
   */
  remove(entry) {
    const key = keyOf(entry);
    const left = afterSaving(this.#entries.get(key), entry);
    if (left) this.#entries.set(key, left);
    else if (this.#entries.delete(key) && entry.kind === "event") this.#events--;
    return this.#write(key, (held) => afterSaving(held, entry)).then(() => this.#keepTheRest());
  }

  /** There may be room again for what had none. */
  async #keepTheRest() {
    for (const key of [...this.#unkept]) {
      const entry = this.#entries.get(key);
      if (!entry) this.#unkept.delete(key);
      else if (this.store.lasting && !(await this.#write(key, (held) => newest(held, entry)))) return;
    }
  }

  /**
   * @param {string} key
   * @param {(held: Entry | undefined) => Entry | undefined} change
   * @returns {Promise<boolean>} whether it was kept
   */
  async #write(key, change) {
    try {
      await this.store.update(key, change);
      this.#unkept.delete(key);
      return true;
    } catch {
      // A full disk or a closing browser: memory still holds the entry and it is still sent.
      this.#unkept.add(key);
      this.onUnkept();
      return false;
    }
  }
}

/** @returns {Store} */
export function memoryStore() {
  /** @type {Map<string, Entry>} */
  const held = new Map();
  return {
    lasting: false,
    all: async () => [...held.values()],
    update: async (key, change) => {
      const entry = change(held.get(key));
      if (entry) held.set(key, entry);
      else held.delete(key);
    },
  };
}

const DATABASE = "mixeval-outbox";
const TABLE = "entries";
const PATIENCE_SECONDS = 3;

/**
 * Open the browser's own store, or memory where it has none to give (some private windows, some settings).
 * @param {() => IDBFactory | undefined} factory may throw, as browsers do where storage is forbidden
 * @param {import("./scope.js").Scope} scope
 * @returns {Promise<Store>}
 */
export async function openStore(factory, scope) {
  try {
    const request = factory()?.open(DATABASE, 1);
    if (!request) return memoryStore();
    request.onupgradeneeded = () => request.result.createObjectStore(TABLE);
    // Some browsers' stores never answer: a page without a store is better than no page.
    const database = await Promise.race([settled(request), silence(scope)]);
    return database ? browserStore(database) : memoryStore();
  } catch {
    return memoryStore();
  }
}

/**
 * @param {import("./scope.js").Scope} scope
 * @returns {Promise<null>}
 */
function silence(scope) {
  return new Promise((go) => scope.after(PATIENCE_SECONDS, () => go(null)));
}

/**
 * @param {IDBDatabase} database
 * @returns {Store}
 */
function browserStore(database) {
  return {
    lasting: true,
    all: () => settled(database.transaction(TABLE).objectStore(TABLE).getAll()),
    update: (key, change) =>
      new Promise((done, fail) => {
        // An answer is on the disk once it counts as kept, and not only in the browser's hands.
        const durability = key.startsWith("event") ? "relaxed" : "strict";
        const transaction = database.transaction(TABLE, "readwrite", { durability });
        const table = transaction.objectStore(TABLE);
        const reading = table.get(key);
        reading.onsuccess = () => {
          const entry = change(reading.result);
          if (entry) table.put(entry, key);
          else table.delete(key);
          // At once, not when the browser next looks: a tab that closes now takes an open transaction with it.
          transaction.commit();
        };
        transaction.oncomplete = () => done();
        transaction.onabort = () => fail(transaction.error);
      }),
  };
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function settled(request) {
  return new Promise((done, fail) => {
    request.onsuccess = () => done(request.result);
    request.onerror = () => fail(request.error);
  });
}

/**
 * @param {Entry | undefined} a
 * @param {Entry} b
 */
function isNewer(a, b) {
  if (!a || a.kind === "event" || b.kind === "event") return false;
  return a.body.sequence > b.body.sequence;
}
