/** A rating page put together: the server's data, the sound, the board, and the way back to the server. */

import { Board } from "./board.js";
import { Downloads } from "./download.js";
import { EventLog } from "./event-log.js";
import { KeptVolume } from "./kept-volume.js";
import { PLAYED_SECONDS, RatingPage } from "./rating-page.js";
import { savedState, todoLines } from "./saved-state.js";
import { Sender } from "./sender.js";
import { Sound, browserEngine } from "./sound.js";
import { Transport } from "./transport.js";

/**
 * @typedef {import("./page-data.js").PageData} PageData
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./outbox.js").PageEvent} PageEvent
 * @typedef {import("./rating-page.js").Answer} Answer
 * @typedef {import("./scope.js").Scope} Scope
 */

/** Listening time is written down this often while a mix plays. */
const LISTENING_SECONDS = 5;
/** Shorter listening is not worth a message of its own. */
const NOTABLE_SECONDS = 0.05;
/** Events travel together: they are sent this long after the first of them. */
const GATHER_SECONDS = 1;
/** How long a finished page waits for its last events; later ones are kept and sent by the next page. */
const LAST_EVENTS_SECONDS = 3;
/** Attempts without an answer before the listener is told in words. */
const TELL_AFTER = 3;
const NO_CONNECTION = "No connection.";

export class RatingScreen {
  #finishing = false;
  #noted = 0;
  /** @type {(() => void) | null} */
  #gathering = null;

  /**
   * @param {PageData} data
   * @param {Outbox} outbox opened
   * @param {Scope} scope ends with the page
   */
  constructor(data, outbox, scope) {
    this.data = data;
    this.outbox = outbox;
    this.scope = scope;
    const waiting = outbox.entries().flatMap((entry) => (entry.kind === "rating" ? [entry.body] : []));
    this.page = new RatingPage(data, waiting, Date.now());
    this.heardBefore = new Map(this.page.answers().map((answer) => [answer.stimulus, answer.listened_seconds]));
    const kept = new KeptVolume(data.page, () => sessionStorage);
    const volumeDb = kept.db ?? data.volume_db;
    const fetch = globalThis.fetch.bind(globalThis);
    this.sender = new Sender({
      outbox, scope, fetch, page: data.page,
      onStatus: () => this.#drawSaved(),
      onRefused: (entry, status, detail) => {
        if (entry.kind === "rating") say(`The server did not take an answer (${detail || status}). Please reload the page.`);
      },
    });
    this.events = new EventLog({ page: data.page, now: () => performance.now(), add: (event) => this.#keepEvent(event) });
    const log = this.events.log.bind(this.events);
    this.sound = new Sound({ ...data, volume_db: volumeDb }, {
      engine: browserEngine(data.sample_rate), downloads: new Downloads({ fetch, scope }),
      scope, log, say, onChange: () => this.#draw(),
    });
    this.board = new Board(byId("board"), {
      scope, scale: data.scale,
      onPlay: (token) => this.#press(token),
      onPlace: (token, value) => this.#keep(this.page.place(token, value)),
      onMove: (token, move, at) => log("move", token, move, at),
    });
    this.transport = new Transport(byId("transport"), {
      scope, volumeDb,
      onStop: () => this.#stop(),
      onVolume: (db) => {
        kept.keep(db);
        this.sound.setVolume(db);
      },
      onVolumeSet: (db, at) => log("volume", null, { db }, at),
    });
  }

  /** Show the page as it stands and load its sound. */
  async open() {
    this.#listen();
    byId("board").inert = false;
    this.#draw();
    this.#drawSaved();
    if (!this.outbox.lasting)
      say("This browser cannot keep answers by itself: please leave the page open until all is saved.");
    this.events.log("page_ready", null, {
      width: innerWidth, height: innerHeight, pixel_ratio: devicePixelRatio,
      touch: navigator.maxTouchPoints > 0, lasting: this.outbox.lasting,
    });
    this.sender.kick();
    await this.sound.loadAll();
  }

  /** Another tab has this page now. */
  giveWay() {
    this.leave();
    for (const id of ["board", "transport", "next"]) byId(id).inert = true;
    say("This page is open in another tab. Go on there, or reload this one.");
  }

  /** Write down what is under way, while the browser still has time to. */
  settle() {
    if (this.scope.ended) return;
    this.board.settle();
    this.transport.settle();
    this.#noteListening();
  }

  /** Keep and send what is under way, then let go of everything. */
  leave() {
    if (this.scope.ended) return;
    this.settle();
    this.sender.leave();
    this.scope.end();
  }

  #listen() {
    const { scope, sender, sound } = this;
    scope.listen(byId("next"), "click", () => void this.#next());
    scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => this.#onKey(event));
    scope.listen(globalThis, "offline", () => this.#drawSaved());
    scope.listen(globalThis, "online", () => {
      sender.kick();
      void sound.retryFailed();
    });
    scope.listen(document, "visibilitychange", () => {
      this.events.log("visibility", null, { hidden: document.hidden });
      this.#noteListening();
      sender.kick();
    });
    scope.eachFrame(() => this.transport.showPosition(sound.progress));
    scope.every(PLAYED_SECONDS, () => {
      if (sound.playing === null) return;
      const due = performance.now() - this.#noted > LISTENING_SECONDS * 1000;
      if (due || !this.page.answer(sound.playing).played) this.#noteListening();
    });
    const copy = byId("copy-link");
    scope.listen(copy, "click", () => void this.#copyLink());
    copy.hidden = !navigator.clipboard;
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(this.data.resume_url);
      byId("copy-link").textContent = "Copied";
    } catch {
      // The browser keeps its clipboard to itself: the link stands there to be copied by hand.
      byId("copy-link").hidden = true;
    }
  }

  /** @param {Answer} answer */
  #keep(answer) {
    const kept = this.outbox.add({ kind: "rating", page: this.data.page, url: this.data.ratings_url, body: answer });
    this.#draw();
    this.#drawSaved();
    // Kept first, sent then: a crash in between finds the answer here.
    void kept.then(() => this.sender.send());
  }

  /** @param {PageEvent} event */
  #keepEvent(event) {
    void this.outbox.add({ kind: "event", page: this.data.page, url: this.data.events_url, body: event });
    this.#gathering ??= this.scope.after(GATHER_SECONDS, () => {
      this.#gathering = null;
      this.sender.send();
    });
  }

  #noteListening() {
    this.#noted = performance.now();
    for (const { stimulus, listened_seconds, played } of this.page.answers()) {
      const seconds = (this.heardBefore.get(stimulus) ?? 0) + this.sound.heardSeconds(stimulus);
      const justPlayed = !played && seconds >= PLAYED_SECONDS;
      if (justPlayed || seconds - listened_seconds >= NOTABLE_SECONDS) this.#keep(this.page.hear(stimulus, seconds));
    }
  }

  /** @param {string} token */
  #press(token) {
    if (this.#finishing) return;
    const { sound } = this;
    const stimulus = this.data.stimuli.find((candidate) => candidate.token === token);
    if (sound.state(token) === "failed" && stimulus) void sound.load(stimulus);
    else if (sound.playing === token) sound.pause();
    else void sound.play(token);
    this.#noteListening();
  }

  #stop() {
    this.sound.stop();
    this.#noteListening();
  }

  async #next() {
    if (this.#finishing) return;
    this.board.settle();
    this.#noteListening();
    if (!this.page.complete) return this.#refuse(this.page.todo());
    this.#finishing = true;
    this.transport.settle();
    this.#stop();
    byId("board").inert = true;
    byId("next").textContent = "Saving…";
    const { page, sender, data } = this;
    const reply = await sender.complete(data.complete_url, page.answers(), page.takeSequence());
    // 409: the page is finished already, by a former request whose answer was lost or on another device.
    if (reply.verdict === "yes" || reply.status === 409) return this.#goTo(reply.body?.next ?? data.next_url);
    this.#finishing = false;
    byId("board").inert = false;
    byId("next").textContent = byId("next").dataset["words"] ?? "Next";
    this.#draw();
    if (reply.body?.missing) this.#refuse(reply.body.missing);
    else say(`The server did not take this page (${reply.body?.detail ?? reply.status}). Please reload it.`);
  }

  /** @param {{play: string[], place: string[]}} missing */
  #refuse(missing) {
    this.events.log("next_refused", null, { play: missing.play, place: missing.place });
    byId("todo").classList.add("asked");
    // Those who see read it beside the button already.
    byId("announcement").textContent = `${todoLines(missing).join(". ")}.`;
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

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const target = /** @type {Element} */ (event.target);
    // A key that is held down would press its button again and again.
    if (event.repeat && event.key === "Enter" && target.matches("button")) event.preventDefault();
    const typing = target.matches("input:not([type=range])");
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing) return;
    const token = this.board.tokenFor(event.key);
    if (token) {
      this.board.reveal(token);
      this.#press(token);
    } else if (event.key === "Escape") this.#stop();
    else if (event.key === " " && !target.closest("button, summary, a")) {
      event.preventDefault();
      const current = this.board.tokenAt(target) ?? this.sound.current ?? this.data.stimuli[0]?.token;
      if (current) this.#press(current);
    }
  }

  #draw() {
    const { page, sound } = this;
    this.board.draw((token) => {
      const { value, played } = page.answer(token);
      return { value, played, playing: sound.playing === token, state: sound.state(token) };
    });
    this.transport.showLoading(sound.loaded);
    const lines = todoLines(page.todo());
    if (lines.length === 0) byId("announcement").textContent = "";
    byId("todo").replaceChildren(...lines.map((line) => Object.assign(document.createElement("span"), { textContent: line })));
    byId("next").setAttribute("aria-disabled", String(this.#finishing || !page.complete));
  }

  #drawSaved() {
    const { status } = this.sender;
    const { words, mood } = savedState(status, navigator.onLine);
    byId("saved").textContent = words;
    byId("saved").dataset["mood"] = mood;
    const told = byId("message").textContent?.startsWith(NO_CONNECTION);
    if (told && status.failures === 0) say("");
    if (!told && status.failures >= TELL_AFTER && status.waiting > 0)
      say(
        this.outbox.lasting
          ? `${NO_CONNECTION} Your answers are kept in this browser and sent as soon as it is back.`
          : `${NO_CONNECTION} Please leave this page open until all is saved.`,
      );
  }
}

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new TypeError(`The page lacks #${id}.`);
  return found;
}

/** @param {string} text */
function say(text) {
  byId("message").textContent = text;
}
