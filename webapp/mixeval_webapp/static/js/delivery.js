/** Brings what a page has to say to the server, and tells the listener in the corner how far it has come. */

import { EventLog } from "./event-log.js";
import { keyOf, newest } from "./outbox.js";
import { byId, say } from "./page-elements.js";
import { savedState, todoLines } from "./saved-state.js";
import { Sender } from "./sender.js";
import { TabMemory } from "./tab-memory.js";

/**
 * @typedef {import("./outbox.js").Entry} Entry
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./page-data.js").PageData} PageData
 * @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer
 * @typedef {import("./rating-page.js").Answer} Answer
 * @typedef {import("./rating-page.js").Todo} Todo
 * @typedef {import("./scope.js").Scope} Scope
 * @typedef {import("./words.js").Words} Words
 *
 * @typedef {object} Place where the listener is
 * @property {() => void} onLeft the listener has gone on in another tab
 */

/** Events travel together: they are sent this long after the first of them. */
const GATHER_SECONDS = 1;
/** How long a finished page waits for its last events; later ones are kept and sent by the next page. */
const LAST_EVENTS_SECONDS = 3;
/** Attempts without an answer before the listener is told in words. */
const TELL_AFTER = 3;
/** Of answers in words that travel with the finished page; a request holds 64 KiB, a character up to three bytes. */
const MOST_CHARACTERS = 15_000;
/** Under this name the tab remembers what was answered before the page was left. */
const SAID = "said";
/** How often it is looked whether longer answers have arrived by themselves. */
const LOOK_SECONDS = 0.1;

export class Delivery {
  /** @type {(() => void) | null} */
  #gathering = null;
  #told = false;
  #todo = "";
  /** @type {string} */
  #mood = "saved";
  /** @type {Promise<import("./rescue.js").Rescue> | null} */
  #rescued = null;
  /** What was answered while the page was open. @type {Map<string, Entry>} */
  #said = new Map();

  /**
   * @param {PageData} data
   * @param {{outbox: Outbox, scope: Scope, words: Words, fetch: typeof fetch, place: Place}} tools outbox: opened
   */
  constructor(data, { outbox, scope, words, fetch, place }) {
    this.data = data;
    this.outbox = outbox;
    this.scope = scope;
    this.words = words;
    this.fetch = fetch;
    this.memory = new TabMemory(data.page, () => sessionStorage);
    // A reload may have asked for the page before the server heard of these.
    for (const entry of /** @type {Entry[]} */ (this.memory.find(SAID) ?? [])) void outbox.add(entry);
    this.sender = new Sender({
      outbox, scope, fetch, page: data.page, ...place,
      onSignedOut: () => this.#rescue().then((rescue) => rescue.signIn()),
      onStatus: () => this.drawSaved(),
      onRefused: (entry, status, detail) => {
        if (entry.kind !== "event") say(words.say("not_taken", { reason: detail || status }));
      },
    });
    const events = new EventLog({
      page: data.page, now: () => performance.now(),
      add: (event) => this.#add({ kind: "event", page: data.page, url: data.events_url, body: event }),
    });
    /** Note that something happened, for those who study how people listen. */
    this.log = events.log.bind(events);
  }

  /** Send what earlier pages left behind, and keep an eye on the connection. */
  open() {
    const { scope, sender } = this;
    scope.listen(globalThis, "offline", () => this.drawSaved());
    scope.listen(globalThis, "online", () => {
      this.#prepare();
      sender.kick();
    });
    scope.listen(document, "visibilitychange", () => {
      this.log("visibility", null, { hidden: document.hidden });
      sender.kick();
    });
    this.outbox.onUnkept = () => this.#sayUnkept();
    if (!this.outbox.lasting) this.#sayUnkept();
    this.drawSaved();
    sender.kick();
    this.#prepare();
  }

  /** Fetch the next page's audio. Call it when this page has its own. */
  async fetchAhead() {
    try {
      // Its program comes now and not with the page, which does not wait for it.
      const { Preload } = await import("./preload.js");
      await new Preload({ fetch: this.fetch, scope: this.scope, log: this.log }).begin(this.data.next_audio);
    } catch {
      // Without it, the next page fetches its audio itself.
    }
  }

  /** Answers that this browser holds and the server may not have. */
  waiting() {
    const entries = this.outbox.entries();
    return {
      ratings: entries.flatMap((entry) => (entry.kind === "rating" ? [entry.body] : [])),
      written: entries.flatMap((entry) => (entry.kind === "answer" && entry.page === this.data.page ? [entry.body] : [])),
    };
  }

  /** @param {Answer} answer */
  rate(answer) {
    this.#add({ kind: "rating", page: this.data.page, url: this.data.ratings_url, body: answer });
  }

  /** @param {WrittenAnswer} answer */
  write(answer) {
    this.#add({ kind: "answer", page: this.data.page, url: this.data.answers_url, body: answer });
  }

  /**
   * Hand in the page and go on to the next; resolves when the server wants something more first.
   * @param {{ratings: Answer[], answers: WrittenAnswer[], sequence: number}} body
   * @returns {Promise<Todo | null>} what is still to do, or null where the server said something else
   */
  async handIn(body) {
    const { sender, data, words } = this;
    const answers = await this.#fewEnough(body.answers);
    const reply = await sender.complete(data.complete_url, { ...body, answers });
    // In another tab: this page is at rest now.
    if (reply.body?.held === false) return new Promise(() => {});
    // 409: the page is finished already, by a former request whose answer was lost or on another device.
    if (reply.verdict === "yes" || reply.status === 409) {
      this.#goTo(reply.body?.next ?? data.next_url);
      return new Promise(() => {});
    }
    if (reply.body?.missing) return reply.body.missing;
    say(words.say("page_not_taken", { reason: reply.body?.detail ?? reply.status }));
    return null;
  }

  /**
   * What the server has confirmed it need not be told again: many long answers would not fit one request.
   * @param {WrittenAnswer[]} answers
   */
  async #fewEnough(answers) {
    for (let few = answers; ; few = this.waiting().written) {
      if (JSON.stringify(few).length <= MOST_CHARACTERS) return few;
      await new Promise((go) => this.scope.after(LOOK_SECONDS, () => go(null)));
    }
  }

  /** Whether leaving the page now would lose an answer. */
  get wouldLose() {
    return !this.outbox.lasting && this.sender.status.waiting > 0;
  }

  #sayUnkept() {
    say(this.words.say("no_store"));
  }

  /** What a broken connection may ask for later must be here before it breaks, so it comes beside the sound. */
  #prepare() {
    void this.#rescue().catch(() => (this.#rescued = null));
  }

  /**
   * What helps where nothing gets through; it is here by then.
   * @returns {Promise<import("./rescue.js").Rescue>}
   */
  #rescue() {
    const { data, words, scope, fetch, outbox, sender } = this;
    this.#rescued ??= import("./rescue.js").then(({ Rescue }) => new Rescue({ data, words, scope, fetch, outbox, sender }));
    return this.#rescued;
  }

  /**
   * Say what is still to do, because the listener wanted to go on.
   * @param {Todo} todo
   */
  refuse(todo) {
    this.log("next_refused", null, todo);
    byId("todo").classList.add("asked");
    // Those who see read it beside the button already.
    byId("announcement").textContent = `${todoLines(todo, this.words).join(". ")}.`;
  }

  /** @param {Todo} todo */
  drawTodo(todo) {
    const lines = todoLines(todo, this.words);
    if (lines.length === 0) byId("announcement").textContent = "";
    // Drawn anew only when it has changed: a screen reader may stand in the middle of it.
    const drawn = lines.join("\n");
    if (drawn === this.#todo) return;
    this.#todo = drawn;
    byId("todo").replaceChildren(...lines.map((line) => Object.assign(document.createElement("span"), { textContent: line })));
  }

  drawSaved() {
    const { status } = this.sender;
    const { text, mood } = savedState(status, navigator.onLine, this.words);
    byId("saved").textContent = text;
    byId("saved").dataset["mood"] = mood;
    // Said when the way to the server is lost and when all is saved again, and not at each answer.
    if (mood === "waiting" ? this.#mood !== "waiting" : mood === "saved" && this.#mood === "waiting") byId("saved-said").textContent = text;
    if (mood !== "saving") this.#mood = mood;
    if (this.#told && status.failures === 0) say("");
    const tell = status.failures >= TELL_AFTER && (this.#told || status.waiting > 0);
    if (tell && !this.#told) say(this.words.say(this.outbox.lasting ? "kept" : "stay_open"));
    this.#told = tell;
    void this.#rescued?.then((rescue) => rescue.look(status), () => {});
  }

  /** @param {Entry} entry */
  #add(entry) {
    const kept = this.outbox.add(entry);
    if (entry.kind === "event") {
      this.#gathering ??= this.scope.after(GATHER_SECONDS, () => {
        this.#gathering = null;
        this.sender.send();
      });
      return;
    }
    this.#said.set(keyOf(entry), newest(this.#said.get(keyOf(entry)), entry));
    this.drawSaved();
    // Kept first, sent then: a crash in between finds the answer here.
    void kept.then(() => this.sender.send());
  }

  /** Keep and send what is under way, while the page closes. */
  leave() {
    if (this.#said.size > 0) this.memory.keep(SAID, [...this.#said.values()]);
    this.sender.leave();
  }

  /** @param {string} url */
  #goTo(url) {
    const limit = performance.now() + LAST_EVENTS_SECONDS * 1000;
    this.sender.kick();
    const cancel = this.scope.every(0.02, () => {
      if (!this.sender.empty && performance.now() < limit) return;
      cancel();
      location.assign(url);
    });
  }
}
