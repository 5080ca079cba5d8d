/** A rating page put together: the server's data, the sound, the ways of answering, and the way back to the server. */

import { Delivery } from "./delivery.js";
import { Downloads } from "./download.js";
import { FailedMixes } from "./failed-mixes.js";
import { tokenForKey } from "./letters.js";
import { OwnKeys } from "./own-keys.js";
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
/** Under this name the tab remembers the volume that was set on the page. */
const VOLUME = "volume";
/** Mixes that take longer to come are spoken of to those who do not see the bar fill. */
const PATIENCE_SECONDS = 2;

export class RatingScreen {
  #finishing = false;
  #noted = 0;
  #drawn = false;
  #helped = false;

  /**
   * @param {RatingPageData} data
   * @param {Outbox} outbox opened
   * @param {Scope} scope ends with the page
   * @param {import("./delivery.js").Place} place
   * @param {InterfaceClass} Interface of the page's type
   * @param {typeof import("./comments.js") | null} comments where the page has boxes for them
   */
  constructor(data, outbox, scope, place, Interface, comments) {
    this.data = data;
    this.scope = scope;
    const fetch = globalThis.fetch.bind(globalThis);
    const words = new Words(data.words);
    this.delivery = new Delivery(data, { outbox, scope, words, fetch, place });
    this.page = new RatingPage(data, this.delivery.waiting(), Interface.rule);
    this.heardBefore = new Map(data.stimuli.map(({ token }) => [token, this.page.answer(token).listened_seconds]));
    const { log, memory } = this.delivery;
    const kept = memory.find(VOLUME);
    const volumeDb = typeof kept === "number" ? kept : data.volume_db;
    this.sound = new Sound({ ...data, volume_db: volumeDb }, {
      engine: browserEngine(data.sample_rate), downloads: new Downloads({ fetch, scope }),
      scope, words, log, say, onChange: () => this.#draw(), onReady: (token) => this.#declare([token], false),
    });
    this.ownKeys = new OwnKeys(() => localStorage);
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
    this.comments = comments && new comments.Comments(document.querySelectorAll("textarea[data-comment]"), {
      scope, memory, written: this.page.written(),
      onWrite: (subject, name, text) => this.delivery.write(this.page.write(subject, name, text)),
    });
    this.transport = new Transport(byId("transport"), {
      scope, words, volumeDb, itemSeconds: this.sound.itemSeconds,
      onStop: () => this.#stop(),
      onSeek: (seconds) => this.sound.seek(seconds),
      onRegion: (region) => this.sound.setRegion(region),
      onVolume: (db) => {
        memory.keep(VOLUME, db);
        this.sound.setVolume(db);
      },
      onVolumeSet: (db, at) => log("volume", null, { db }, at),
    });
    this.failedMixes = new FailedMixes(byId("failed-mixes"), {
      scope, words,
      onRetry: () => void this.sound.retryFailed(),
      onGiveUp: () => {
        this.#declare(this.sound.giveUp(), true);
        say("");
      },
    });
    // Set on this page before, when the server may not have heard of it.
    if (volumeDb !== data.volume_db) log("volume", null, { db: volumeDb });
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
    await this.#load();
    await this.delivery.fetchAhead();
  }

  /** Another tab has this page now. */
  giveWay() {
    this.#stop();
    this.leave();
    for (const element of [...answerable(), byId("transport"), byId("next")]) element.inert = true;
  }

  /** Write down what is under way, while the browser still has time to. */
  settle() {
    if (this.scope.ended) return;
    for (const asked of this.interfaces) asked.settle();
    this.comments?.settle();
    this.transport.settle();
    this.sound.settle();
    this.#noteListening();
  }

  /** Keep and send what is under way, then let go of everything. */
  leave() {
    if (this.scope.ended) return;
    this.settle();
    this.delivery.leave();
    this.scope.end();
  }

  async #load() {
    const { scope, sound, words } = this;
    let told = false;
    const cancel = scope.after(PATIENCE_SECONDS, () => {
      told = true;
      void this.#help();
      byId("announcement").textContent = words.say("loading", { percent: Math.floor(100 * sound.loaded) });
    });
    await sound.loadAll();
    cancel();
    await this.#help();
    if (told && sound.files.failed.length === 0) byId("announcement").textContent = words.say("loaded");
  }

  /** The list of keys comes after the sound, which does not wait for it. */
  async #help() {
    if (this.#helped) return;
    this.#helped = true;
    try {
      const { KeysHelp } = await import("./keys-help.js");
      if (!this.scope.ended) KeysHelp.ofPage(this.scope, this.ownKeys);
    } catch {
      // The list opens with a click, too; nothing that is asked depends on it.
    }
  }

  #listen() {
    const { scope, sound } = this;
    scope.listen(byId("next"), "click", () => void this.#next());
    scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => this.#onKey(event));
    scope.listen(globalThis, "online", () => void sound.retryFailed());
    scope.listen(document, "visibilitychange", () => this.#noteListening());
    for (const button of this.references)
      scope.listen(button, "click", () => this.#press(button.dataset["heard"] ?? ""));
    scope.eachFrame(() => this.transport.position.showPosition(sound.position));
    scope.every(LOOK_SECONDS, () => {
      if (sound.playing === null) return;
      const due = performance.now() - this.#noted > LISTENING_SECONDS * 1000;
      const heard = this.#isHeard(sound.playing);
      if (due || (!heard && this.#heardPart(sound.playing) >= 1)) this.#noteListening();
      else if (!heard) this.#draw();
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

  /**
   * For how long a mix was audible on this page in all.
   * @param {string} token
   */
  #heardSeconds(token) {
    return (this.heardBefore.get(token) ?? 0) + this.sound.heardSeconds(token);
  }

  /**
   * Which part of the time that the page asks for a mix was heard.
   * @param {string} token
   */
  #heardPart(token) {
    return this.#isHeard(token) ? 1 : Math.min(1, this.#heardSeconds(token) / this.#enoughSeconds);
  }

  get #enoughSeconds() {
    return Math.max(PLAYED_SECONDS, this.data.minimum_seconds);
  }

  #noteListening() {
    this.#noted = performance.now();
    const enough = this.#enoughSeconds;
    for (const { token } of this.data.stimuli) {
      const { listened_seconds, played } = this.page.answer(token);
      const seconds = this.#heardSeconds(token);
      const justPlayed = (!played && seconds >= PLAYED_SECONDS) || (listened_seconds < enough && seconds >= enough);
      if (justPlayed || seconds - listened_seconds >= NOTABLE_SECONDS) this.#keep(this.page.hear(token, seconds));
    }
  }

  /**
   * Say of mixes that this browser cannot play them, or that it can after all.
   * @param {string[]} tokens
   * @param {boolean} unplayable
   */
  #declare(tokens, unplayable) {
    for (const token of tokens)
      if (this.page.answer(token).unplayable !== unplayable) this.#keep(this.page.setUnplayable(token, unplayable));
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
    this.comments?.settle();
    this.#noteListening();
    const todo = this.page.todo();
    if (Object.keys(todo).length > 0) return this.delivery.refuse(todo);
    this.#finishing = true;
    this.transport.settle();
    this.sound.settle();
    this.#stop();
    for (const part of answerable()) part.inert = true;
    byId("next").textContent = this.words.say("saving");
    const { page } = this;
    const wanted = await this.delivery.handIn({
      ratings: page.answers(), answers: page.written(), sequence: page.takeSequence(),
    });
    this.#finishing = false;
    for (const part of answerable()) part.inert = false;
    byId("next").textContent = byId("next").dataset["words"] ?? "";
    this.#draw();
    if (wanted) this.delivery.refuse(wanted);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const target = /** @type {Element} */ (event.target);
    // A key that is held down would press its button again and again.
    if (event.repeat && event.key === "Enter" && target.matches("button")) event.preventDefault();
    if (event.repeat || !this.ownKeys.takes(event)) return;
    // With Shift, L loops also where it is the letter of a mix.
    const token = event.shiftKey && event.key === "L" ? undefined : this.keys(event.key);
    if (token) {
      for (const asked of this.interfaces) asked.reveal(token);
      this.#press(token);
    } else if (this.transport.position.key(event.key)) event.preventDefault();
    else if (event.key === "Escape") this.#stop();
    else if (event.key === " " && !target.closest("button, summary, a, input[type=radio], input[type=checkbox]")) {
      event.preventDefault();
      const own = this.interfaces.map((asked) => asked.tokenAt(target)).find((found) => found !== undefined);
      const current = own ?? this.sound.current ?? this.data.stimuli[0]?.token;
      if (current) this.#press(current);
    }
  }

  /** Draw all mixes as one, once none of them is on its way any more. */
  async #drawWaveform() {
    const { files } = this.sound;
    if (this.#drawn || !files.settled || files.failed.length > 0) return;
    this.#drawn = true;
    try {
      const { Waveform } = await import("./waveform.js");
      await new Waveform(this.transport.position.canvas(), { scope: this.scope }).show([...files.buffers.values()]);
    } catch {
      // A picture less; nothing that is asked depends on it.
    }
  }

  #draw() {
    const { page, sound, data } = this;
    this.interfaces.forEach((asked, index) =>
      asked.draw((token) => ({
        value: page.answer(token, data.axes[index]?.attribute).value,
        played: this.#isHeard(token), heard: this.#heardPart(token),
        playing: sound.playing === token, state: sound.state(token),
      })),
    );
    for (const button of this.references) {
      const token = button.dataset["heard"] ?? "";
      const state = sound.state(token);
      const { classList } = /** @type {HTMLElement} */ (button.parentElement);
      button.setAttribute("aria-pressed", String(sound.playing === token));
      button.setAttribute("aria-disabled", String(state === "loading" || state === "unplayable"));
      button.style.setProperty("--heard", String(this.#heardPart(token)));
      classList.toggle("heard", this.#isHeard(token));
      classList.toggle("playing", sound.playing === token);
      classList.toggle("loading", state === "loading");
      classList.toggle("failed", state === "failed");
    }
    this.transport.showLoading(sound.loaded);
    this.failedMixes.draw(sound.files.failed, sound.files.hopeless);
    if (data.waveform) void this.#drawWaveform();
    const todo = page.todo();
    this.delivery.drawTodo(todo);
    byId("next").setAttribute("aria-disabled", String(this.#finishing || Object.keys(todo).length > 0));
  }
}

/** One for each axis. */
function sections() {
  return /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-attribute]")]);
}

/** What the listener answers in. */
function answerable() {
  return /** @type {HTMLElement[]} */ ([...sections(), ...document.querySelectorAll(".comments")]);
}
