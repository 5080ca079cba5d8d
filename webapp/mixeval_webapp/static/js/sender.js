/**
 * Empties the outbox into the server: one request at a time, again and again until the server has said yes.
 * A request without an answer, a 429 and a 5xx are tried again for ever; another 4xx is the server's last word.
 */

/**
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./outbox.js").Entry} Entry
 * @typedef {import("./rating-page.js").Answer} Answer
 * @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer
 * @typedef {import("./scope.js").Scope} Scope
 *
 * @typedef {object} Status
 * @property {number} waiting answers that the server has not confirmed
 * @property {number} failures attempts in a row that got no answer
 *
 * @typedef {{url: string, method: string, body: object}} Call
 * @typedef {{ratings: Answer[], answers: WrittenAnswer[], sequence: number}} HandedIn
 * @typedef {{call: {url: string, method: string, body: HandedIn}, done: (reply: Reply) => void}} Completion
 * @typedef {{verdict: "yes" | "no" | "later", status: number, body: any, seconds: number}} Reply
 */

const FIRST_SECONDS = 0.5;
const LONGEST_SECONDS = 30;
export const TIMEOUT_SECONDS = 20;
const BATCH = 50;
/** What is refused with these may be taken once the participant's cookie is back: it is kept, not dropped. */
const NOT_NOW = new Set([401, 403, 404]);

export class Sender {
  #working = false;
  /** Whether something was added after the sender had last looked. */
  #again = false;
  #failures = 0;
  /** @type {(() => void) | null} */
  #wake = null;
  /** @type {Completion | null} */
  #completion = null;
  /** @type {Set<Entry>} */
  #alone = new Set();
  /** @type {Set<string>} */
  #parked = new Set();
  /** The address that got no answer last: others go first. */
  #unheard = "";
  /** Whether answers go before the finished page, which got no answer last. */
  #answersFirst = false;

  /**
   * @param {{outbox: Outbox, page: string | null, fetch: typeof fetch, scope: Scope, random?: () => number,
   *   onStatus?: (status: Status) => void, onRefused?: (entry: Entry, status: number, detail: string) => void,
   *   onLeft?: () => void, onSignedOut?: () => Promise<void>}} tools onLeft: the listener has gone on in another
   *   tab; onSignedOut: the cookie is gone, and everything waits until it is back
   */
  constructor({ outbox, page, fetch, scope, random = Math.random, ...tell }) {
    this.outbox = outbox;
    this.page = page;
    this.fetch = fetch;
    this.scope = scope;
    this.random = random;
    /** This tab's name, once it holds the session. */
    this.tab = "";
    this.onStatus = tell.onStatus ?? (() => {});
    this.onRefused = tell.onRefused ?? (() => {});
    this.onLeft = tell.onLeft ?? (() => {});
    this.onSignedOut = tell.onSignedOut;
  }

  get status() {
    const waiting = this.outbox
      .entries()
      .filter(({ kind, page, url }) => kind !== "event" && (page === this.page || !this.#parked.has(url))).length;
    return { waiting, failures: this.#failures };
  }

  get empty() {
    return this.#sendable().length === 0;
  }

  /** Send what waits, now: also cuts short a pause between two attempts. */
  kick() {
    this.#parked.clear();
    this.#wake?.();
    void this.#work();
  }

  /** Send what waits, unless a pause after a failure is running. */
  send() {
    void this.#work();
  }

  /**
   * Hand in the whole page; resolves with the server's yes or no, however long that takes.
   * @param {string} url
   * @param {HandedIn} body
   * @returns {Promise<Reply>}
   */
  complete(url, body) {
    return new Promise((done) => {
      this.#completion = { call: { url, method: "POST", body }, done };
      this.kick();
    });
  }

  /** A last attempt while the page closes; what it cannot bring over stays in the outbox. */
  leave() {
    for (const batch of this.#batches()) void this.#fetch(callFor(batch), { keepalive: true }).catch(() => {});
  }

  async #work() {
    this.#again = true;
    if (this.#working) return;
    this.#working = true;
    while (this.#again && !this.scope.ended) {
      this.#again = false;
      const more = await this.#step();
      this.#again ||= more;
      this.onStatus(this.status);
    }
    this.#working = false;
  }

  /** Neither the finished page nor anything else keeps the rest from being sent. */
  #step() {
    const batch = this.#batches()[0];
    const completion = this.#completion;
    if (!completion || (this.#answersFirst && batch)) {
      this.#answersFirst = false;
      return this.#sendBatch(batch);
    }
    return this.#handIn(completion);
  }

  /** @param {Completion} completion */
  async #handIn({ call, done }) {
    const reply = await this.#ask(call);
    this.#answersFirst = reply.verdict === "later" && this.#failures % 2 === 1;
    if (reply.verdict === "later") return this.#pause(reply);
    this.#failures = 0;
    this.#completion = null;
    if (reply.verdict === "yes") await this.#forget(call.body);
    done(reply);
    return true;
  }

  /**
   * Let go of answers that were handed in with their page: sent again, they would find it closed.
   * @param {HandedIn} handedIn
   */
  async #forget({ ratings, answers }) {
    const mixes = new Set(ratings.map(({ stimulus }) => stimulus));
    const written = new Set(answers.map(({ subject, name }) => `${subject} ${name}`));
    for (const entry of this.outbox.entries())
      if (
        (entry.kind === "rating" && mixes.has(entry.body.stimulus)) ||
        (entry.kind === "answer" && entry.page === this.page && written.has(`${entry.body.subject} ${entry.body.name}`))
      )
        await this.outbox.remove(entry);
  }

  /** @param {Entry[] | undefined} batch */
  async #sendBatch(batch) {
    if (!batch) return false;
    this.onStatus(this.status);
    const reply = await this.#ask(callFor(batch));
    const saved = reply.verdict === "yes" ? batch.filter((entry) => confirms(reply.body, entry)) : [];
    for (const entry of saved) await this.outbox.remove(entry);
    if (saved.length > 0) {
      this.#failures = 0;
      return true;
    }
    // A yes that confirms nothing came from something between us and the server.
    if (reply.verdict !== "no") {
      this.#unheard = batch[0]?.url ?? "";
      return this.#pause(reply);
    }
    this.#failures = 0;
    await this.#takeNo(batch, reply);
    return true;
  }

  /**
   * @param {Entry[]} batch
   * @param {Reply} reply
   */
  async #takeNo(batch, reply) {
    const [entry] = batch;
    if (!entry) return;
    const detail = String(reply.body?.detail ?? "");
    if (NOT_NOW.has(reply.status)) {
      this.#parked.add(entry.url);
      if (entry.page === this.page) this.onRefused(entry, reply.status, detail);
    } else if (batch.length > 1) {
      // One bad entry must not take the others with it.
      for (const one of batch) this.#alone.add(one);
    } else {
      await this.outbox.remove(entry);
      this.onRefused(entry, reply.status, detail);
    }
  }

  /** @param {Reply} reply */
  async #pause({ seconds }) {
    const planned = Math.min(LONGEST_SECONDS, FIRST_SECONDS * 2 ** Math.min(this.#failures, 10));
    this.#failures++;
    this.onStatus(this.status);
    await new Promise((go) => {
      const wake = () => go(null);
      this.#wake = wake;
      this.scope.after(Math.max(planned * (0.5 + this.random() / 2), seconds), wake);
    });
    this.#wake = null;
    return true;
  }

  #sendable() {
    return this.outbox.entries().filter(({ url }) => !this.#parked.has(url));
  }

  /** Entries that can travel together: one kind, one address. */
  #batches() {
    /** @type {Map<string, Entry[]>} */
    const batches = new Map();
    for (const entry of this.#sendable()) {
      const key = this.#alone.has(entry) ? `${entry.url} ${batches.size}` : `${entry.url} ${entry.kind}`;
      const batch = batches.get(key) ?? [];
      if (batch.length < BATCH) batches.set(key, [...batch, entry]);
    }
    // A request that never gets an answer, such as one too large for something on the way, does not hold up others.
    const last = (/** @type {Entry[]} */ [entry]) => Number(entry?.url === this.#unheard);
    return [...batches.values()].sort((a, b) => last(a) - last(b) || rank(a) - rank(b));
  }

  /**
   * @param {Call} call
   * @returns {Promise<Reply>}
   */
  async #ask(call) {
    const abort = new AbortController();
    const patience = this.scope.after(TIMEOUT_SECONDS, () => abort.abort());
    try {
      const response = await this.#fetch(call, { signal: abort.signal });
      const { status } = response;
      const body = await response.json().catch(() => null);
      const seconds = Math.min(60, Number(response.headers.get("Retry-After")) || 0);
      if (body?.held === false) this.onLeft();
      if (status === 401 && this.onSignedOut) {
        // Sent again without it, an answer would be refused once more after the cookie has come back.
        await this.onSignedOut();
        return { verdict: "later", status, body, seconds };
      }
      if (status === 200 && body) return { verdict: "yes", status, body, seconds: 0 };
      const final = status >= 400 && status < 500 && status !== 408 && status !== 429;
      return { verdict: final ? "no" : "later", status, body, seconds };
    } catch {
      return { verdict: "later", status: 0, body: null, seconds: 0 };
    } finally {
      patience();
    }
  }

  /**
   * @param {Call} call
   * @param {RequestInit} options
   */
  #fetch({ url, method, body }, options) {
    return this.fetch(url, {
      method,
      headers: { "Content-Type": "application/json", "X-Mixeval": "1", ...(this.tab && { "X-Mixeval-Tab": this.tab }) },
      body: JSON.stringify(body),
      // A log-in page of the network between us is not the server's answer.
      redirect: "error",
      ...options,
    });
  }
}

/**
 * @param {Entry[]} batch
 * @returns {Call}
 */
function callFor(batch) {
  const url = batch[0]?.url ?? "";
  const bodies = batch.map(({ body }) => body);
  switch (batch[0]?.kind) {
    case "rating":
      return { url, method: "PUT", body: { ratings: bodies } };
    case "answer":
      return { url, method: "PUT", body: { answers: bodies } };
    default:
      return { url, method: "POST", body: { events: bodies } };
  }
}

/**
 * Whether the server's list of what it saved names this entry, in this or a newer form.
 * @param {any} body
 * @param {Entry} entry
 */
function confirms(body, entry) {
  if (!Array.isArray(body.saved)) return false;
  if (entry.kind === "event") return body.saved.includes(entry.body.id);
  if (entry.kind === "answer") {
    const { subject, name, sequence } = entry.body;
    return body.saved.some(
      (/** @type {WrittenAnswer} */ row) => row.subject === subject && row.name === name && row.sequence >= sequence,
    );
  }
  const { stimulus, attribute, sequence } = entry.body;
  return body.saved.some(
    (/** @type {Answer} */ row) =>
      row.stimulus === stimulus && row.attribute === attribute && row.sequence >= sequence,
  );
}

/** @param {Entry[]} batch */
function rank([entry]) {
  return entry?.kind === "event" ? 1 : 0;
}
