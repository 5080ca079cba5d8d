/**
 * This tab's own name, and whether the listener goes on in it. A reload keeps the name; a copy of the tab, which
 * browsers make with all that a tab remembers, gets another one, since the first one holds a lock on its own.
 */

const TAB = "mixeval-tab";
const BROWSER = "mixeval-browser";
/** A page that is being left lets go of its lock a little later than the next one asks for it. */
const PATIENCE_SECONDS = 1;

export class Tab {
  /** @type {BroadcastChannel | null} */
  #channel = null;
  #browser = "";
  name = "";

  /**
   * @param {{session: string, scope: import("./scope.js").Scope, fetch: typeof fetch}} tools session: what no other
   *   session of this browser is called
   */
  constructor({ session, scope, fetch }) {
    this.session = session;
    this.scope = scope;
    this.fetch = fetch;
  }

  async open() {
    this.#browser = kept(() => localStorage, BROWSER, random);
    this.name = kept(() => sessionStorage, TAB, () => this.#newName());
    if (!(await lock(this.name, AbortSignal.timeout(PATIENCE_SECONDS * 1000)))) {
      this.name = this.#newName();
      put(() => sessionStorage, TAB, this.name);
      void lock(this.name);
    }
    if (globalThis.BroadcastChannel) this.#channel = new BroadcastChannel(`mixeval ${this.session}`);
  }

  /**
   * Ask the server whether the listener may go on here. No answer is a yes, but to taking over: nothing is lost when
   * two tabs answer.
   * @param {string} url
   * @param {boolean} [take] the listener has said so
   * @returns {Promise<boolean>}
   */
  async hold(url, take = false) {
    try {
      const response = await this.fetch(url, {
        method: "POST", headers: { "Content-Type": "application/json", "X-Mixeval": "1" },
        body: JSON.stringify({ tab: this.name, take }),
      });
      const { held, holder } = await response.json();
      if (held === false && (await this.#isGone(holder))) return this.hold(url, true);
      if (take) this.#channel?.postMessage(this.name);
      return held !== false;
    } catch {
      return !take;
    }
  }

  /** @param {() => void} act when another tab of this browser has taken over */
  onTaken(act) {
    if (this.#channel) this.scope.listen(this.#channel, "message", act);
  }

  /**
   * Tell whether a tab was of this browser and is no more, such as one that crashed.
   * @param {string} holder
   */
  async #isGone(holder) {
    if (!navigator.locks || !holder.startsWith(`${this.#browser}-`)) return false;
    const { held = [], pending = [] } = await navigator.locks.query();
    return ![...held, ...pending].some(({ name }) => name === lockName(holder));
  }

  #newName() {
    return `${this.#browser}-${random()}`;
  }
}

/**
 * Hold a lock for as long as this page lives; false where another page has it.
 * @param {string} name
 * @param {AbortSignal} [signal] ends the waiting for it
 * @returns {Promise<boolean>}
 */
function lock(name, signal) {
  // Only on https and on localhost. Elsewhere a copy of a tab has the name of the first.
  if (!navigator.locks) return Promise.resolve(true);
  return new Promise((tell) => {
    navigator.locks
      .request(lockName(name), signal ? { signal } : {}, () => {
        tell(true);
        return new Promise(() => {});
      })
      .catch(() => tell(false));
  });
}

/** @param {string} name */
function lockName(name) {
  return `${TAB} ${name}`;
}

/**
 * @param {() => Storage} storage
 * @param {string} key
 * @param {() => string} make
 */
function kept(storage, key, make) {
  let found = null;
  try {
    found = storage().getItem(key);
  } catch {
    // A browser that keeps nothing: then each page is a tab of its own.
  }
  if (found && /^[\w-]{8,64}$/.test(found)) return found;
  const made = make();
  put(storage, key, made);
  return made;
}

/**
 * @param {() => Storage} storage
 * @param {string} key
 * @param {string} text
 */
function put(storage, key, text) {
  try {
    storage().setItem(key, text);
  } catch {
    // As above.
  }
}

function random() {
  return Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
