/** A rating page put together: the server's data, the sound, the ways of answering, and the way back to the server. */

import { Comments, COMMENT } from "./comments.js";
import { Delivery } from "./delivery.js";
import { Downloads } from "./download.js";
import { KeptVolume } from "./kept-volume.js";
import { tokenForKey } from "./letters.js";
import { byId, say } from "./page-elements.js";
import { PLAYED_SECONDS, RatingPage } from "./rating-page.js";
import { Sound, browserEngine } from "./sound.js";
import { Transport } from "./transport.js";
import { Words } from "./words.js";

/**
 * @typedef {import("./interfaces.js").InterfaceClass} InterfaceClass
 * @typedef {import("./interfaces.js").Move} Move
 * @typedef {import("./page-data.js").RatingPageData} RatingPageData
 * @typedef {import("./outbox.js").Outbox} Outbox
 * @typedef {import("./rating-page.js").Answer} Answer
 * @typedef {import("./rating-page.js").Todo} Todo
 * @typedef {import("./scope.js").Scope} Scope
 */

/** Listening time is written down this often while a mix plays. */
const LISTENING_SECONDS = 5;
/** Shorter listening is not worth a message of its own. */
const NOTABLE_SECONDS = 0.05;
/** How often listening time is looked at. */
const LOOK_SECONDS = 0.25;

export class RatingScreen {
  #finishing = false;
  #noted = 0;

  /**
   * @param {RatingPageData} data
   * @param {Outbox} outbox opened
   * @param {Scope} scope ends with the page
   * @param {InterfaceClass} Interface of the page's type
   */
  constructor(data, outbox, scope, Interface) {
    this.data = data;
    this.scope = scope;
    const fetch = globalThis.fetch.bind(globalThis);
    const words = new Words(data.words);
    this.delivery = new Delivery(data, { outbox, scope, words, fetch });
    this.page = new RatingPage(data, this.delivery.waiting(), Date.now(), Interface.rule);
    this.heardBefore = new Map(data.stimuli.map(({ token }) => [token, this.page.answer(token).listened_seconds]));
    const kept = new KeptVolume(data.page, () => sessionStorage);
    const volumeDb = kept.db ?? data.volume_db;
    const { log } = this.delivery;
    this.sound = new Sound({ ...data, volume_db: volumeDb }, {
      engine: browserEngine(data.sample_rate), downloads: new Downloads({ fetch, scope }),
      scope, words, log, say, onChange: () => this.#draw(),
    });
    this.keys = tokenForKey(data.stimuli);
    this.interfaces = data.axes.map((axis, index) => {
      const { attribute } = axis;
      /** @type {(token: string, move: Move, at: number) => void} */
      const onMove = (token, move, at) => log("move", token, { ...move, attribute }, at);
      return new Interface(/** @type {HTMLElement} */ (sections()[index]), {
        scope, words, data, axis, onMove,
        onPlay: (token) => this.#press(token),
        onPlace: (token, value) => this.#keep([this.page.place(token, attribute, value)]),
        onPlaceAll: (values) => this.#keep(values.map(([token, value]) => this.page.place(token, attribute, value))),
      });
    });
    this.references = /** @type {HTMLButtonElement[]} */ ([...document.querySelectorAll("button[data-heard]")]);
    this.comments = new Comments(byId("asides"), {
      scope, written: this.page.written(),
      onWrite: (subject, text) => this.delivery.write(this.page.write(subject, COMMENT, text)),
    });
    this.transport = new Transport(byId("transport"), {
      scope, words, volumeDb,
      onStop: () => this.#stop(),
      onVolume: (db) => {
        kept.keep(db);
        this.sound.setVolume(db);
      },
      onVolumeSet: (db, at) => log("volume", null, { db }, at),
    });
    this.words = words;
  }

  /** Show the page as it stands and load its sound. */
  async open() {
    this.#listen();
    for (const section of sections()) section.inert = false;
    this.delivery.log("page_ready", null, {
      width: innerWidth, height: innerHeight, pixel_ratio: devicePixelRatio,
      touch: navigator.maxTouchPoints > 0, lasting: this.delivery.outbox.lasting,
    });
    this.delivery.open();
    this.#draw();
    await this.sound.loadAll();
  }

  /** Another tab has this page now. */
  giveWay() {
    this.leave();
    for (const element of [...sections(), byId("transport"), byId("next")]) element.inert = true;
    say(this.words.say("other_tab"));
  }

  /** Write down what is under way, while the browser still has time to. */
  settle() {
    if (this.scope.ended) return;
    for (const asked of this.interfaces) asked.settle();
    this.comments.settle();
    this.transport.settle();
    this.#noteListening();
  }

  /** Keep and send what is under way, then let go of everything. */
  leave() {
    if (this.scope.ended) return;
    this.settle();
    this.delivery.sender.leave();
    this.scope.end();
  }

  #listen() {
    const { scope, sound } = this;
    scope.listen(byId("next"), "click", () => void this.#next());
    scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => this.#onKey(event));
    scope.listen(globalThis, "online", () => void sound.retryFailed());
    scope.listen(document, "visibilitychange", () => this.#noteListening());
    for (const button of this.references)
      scope.listen(button, "click", () => this.#press(button.dataset["heard"] ?? ""));
    scope.eachFrame(() => this.transport.showPosition(sound.progress));
    scope.every(LOOK_SECONDS, () => {
      if (sound.playing === null) return;
      const due = performance.now() - this.#noted > LISTENING_SECONDS * 1000;
      if (due || !this.#isHeard(sound.playing)) this.#noteListening();
    });
    const copy = byId("copy-link");
    scope.listen(copy, "click", () => void this.#copyLink());
    copy.hidden = !navigator.clipboard;
  }

  async #copyLink() {
    try {
      await navigator.clipboard.writeText(this.data.resume_url);
      byId("copy-link").textContent = this.words.say("copied");
    } catch {
      // The browser keeps its clipboard to itself: the link stands there to be copied by hand.
      byId("copy-link").hidden = true;
    }
  }

  /** @param {Answer[]} answers */
  #keep(answers) {
    for (const answer of answers) this.delivery.rate(answer);
    this.#draw();
  }

  /** @param {string} token */
  #isHeard(token) {
    return this.page.answer(token).played && this.page.heardEnough(token);
  }

  #noteListening() {
    this.#noted = performance.now();
    for (const { token } of this.data.stimuli) {
      const { listened_seconds, played } = this.page.answer(token);
      const seconds = (this.heardBefore.get(token) ?? 0) + this.sound.heardSeconds(token);
      const enough = Math.max(PLAYED_SECONDS, this.data.minimum_seconds);
      const justPlayed = (!played && seconds >= PLAYED_SECONDS) || (listened_seconds < enough && seconds >= enough);
      if (justPlayed || seconds - listened_seconds >= NOTABLE_SECONDS) this.#keep(this.page.hear(token, seconds));
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
    for (const asked of this.interfaces) asked.settle();
    this.comments.settle();
    this.#noteListening();
    const todo = this.page.todo();
    if (Object.keys(todo).length > 0) return this.delivery.refuse(todo);
    this.#finishing = true;
    this.transport.settle();
    this.#stop();
    for (const section of sections()) section.inert = true;
    byId("next").textContent = this.words.say("saving");
    const { page } = this;
    const wanted = await this.delivery.handIn({
      ratings: page.answers(), answers: page.written(), sequence: page.takeSequence(),
    });
    this.#finishing = false;
    for (const section of sections()) section.inert = false;
    byId("next").textContent = byId("next").dataset["words"] ?? "";
    this.#draw();
    if (wanted) this.delivery.refuse(wanted);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const target = /** @type {Element} */ (event.target);
    // A key that is held down would press its button again and again.
    if (event.repeat && event.key === "Enter" && target.matches("button")) event.preventDefault();
    const typing = target.matches("textarea, input:not([type=range], [type=radio])");
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || typing) return;
    const token = this.keys(event.key);
    if (token) {
      for (const asked of this.interfaces) asked.reveal(token);
      this.#press(token);
    } else if (event.key === "Escape") this.#stop();
    else if (event.key === " " && !target.closest("button, summary, a, input[type=radio]")) {
      event.preventDefault();
      const own = this.interfaces.map((asked) => asked.tokenAt(target)).find((found) => found !== undefined);
      const current = own ?? this.sound.current ?? this.data.stimuli[0]?.token;
      if (current) this.#press(current);
    }
  }

  #draw() {
    const { page, sound, data } = this;
    this.interfaces.forEach((asked, index) =>
      asked.draw((token) => ({
        value: page.answer(token, data.axes[index]?.attribute).value,
        played: this.#isHeard(token), playing: sound.playing === token, state: sound.state(token),
      })),
    );
    for (const button of this.references) {
      const token = button.dataset["heard"] ?? "";
      button.setAttribute("aria-pressed", String(sound.playing === token));
      button.classList.toggle("heard", this.#isHeard(token));
      button.classList.toggle("failed", sound.state(token) === "failed");
    }
    this.transport.showLoading(sound.loaded);
    const todo = page.todo();
    this.delivery.drawTodo(todo);
    byId("next").setAttribute("aria-disabled", String(this.#finishing || Object.keys(todo).length > 0));
  }
}

/** One for each axis. */
function sections() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-attribute]")]);
}
