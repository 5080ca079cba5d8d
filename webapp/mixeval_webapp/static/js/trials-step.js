/** A check of the set-up: one sound after the other, and of each the listener says where something is. */

import { Clip } from "./clip.js";
import { Downloads } from "./download.js";
import { KeysHelp } from "./keys-help.js";
import { OwnKeys } from "./own-keys.js";
import { byId, say } from "./page-elements.js";
import { browserEngine } from "./sound.js";

/**
 * @typedef {import("./page-data.js").PageData & {choices: string[], replay: boolean}} CheckPageData
 * @typedef {import("./steps.js").StepTools} StepTools
 */

const ANSWER = "answer";
const UNPLAYABLE = "unplayable";
/** @type {Record<string, string>} */
const SIDE_KEYS = { ArrowLeft: "left", ArrowRight: "right" };

export class TrialsStep {
  /** Tokens of the sounds that were heard to their end on this page. @type {Set<string>} */
  #heard = new Set();
  /** @type {AudioBuffer | null} */
  #buffer = null;
  #failed = false;

  /**
   * @param {CheckPageData} data
   * @param {StepTools} tools
   */
  constructor(data, tools) {
    this.data = data;
    this.tools = tools;
    const { scope, fetch } = tools;
    this.ownKeys = new OwnKeys(() => localStorage);
    KeysHelp.ofPage(scope, this.ownKeys);
    this.clip = new Clip(data, {
      scope, engine: browserEngine(data.sample_rate), downloads: new Downloads({ fetch, scope }),
    });
  }

  open() {
    const { scope } = this.tools;
    for (const { token } of this.data.stimuli) {
      const trial = this.#trial(token);
      scope.listen(part(trial, ".play-sound"), "click", () => void this.#play(token));
      scope.listen(part(trial, ".skip"), "click", () => this.#answer(token, UNPLAYABLE));
      for (const button of /** @type {NodeListOf<HTMLElement>} */ (trial.querySelectorAll(".choose")))
        scope.listen(button, "click", () => this.#choose(token, button.dataset["choice"] ?? ""));
    }
    scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => this.#onKey(event));
    this.#show();
  }

  settle() {}

  todo() {
    const open = this.#open();
    const words = open.map(({ label }) => this.tools.words.say("sound_number", { number: label }));
    return open.length > 0 ? { answer: words } : {};
  }

  point() {
    const [current] = this.#open();
    if (!current) return;
    const trial = this.#trial(current.token);
    const first = this.#heard.has(current.token) ? part(trial, "fieldset") : part(trial, ".play-sound");
    first.focus();
  }

  #open() {
    return this.data.stimuli.filter(({ token }) => this.tools.answers.value(ANSWER, token) === null);
  }

  /** Show the first trial that is open, and fetch its sound and the next one's. */
  #show() {
    const [current, following] = this.#open();
    for (const { token } of this.data.stimuli) this.#trial(token).hidden = token !== current?.token;
    byId("trials-done").hidden = current !== undefined;
    this.#buffer = null;
    if (!current) return;
    void this.#load(current.token);
    if (following) this.clip.load(following.url).catch(() => {});
  }

  /** @param {string} token */
  async #load(token) {
    const url = this.data.stimuli.find((stimulus) => stimulus.token === token)?.url ?? "";
    this.#failed = false;
    this.#draw(token);
    try {
      const buffer = await this.clip.load(url);
      if (this.#open()[0]?.token !== token) return;
      this.#buffer = buffer;
    } catch (error) {
      if (this.tools.scope.ended) return;
      this.#failed = true;
      this.tools.log("load_failed", token, { reason: String(error).slice(0, 200) });
      say(this.tools.words.say("sound_failed"));
    }
    this.#draw(token);
  }

  /** @param {string} token */
  async #play(token) {
    const { words, log } = this.tools;
    if (this.#failed) return this.#load(token);
    const spent = this.#heard.has(token) && !this.data.replay;
    if (!this.#buffer || this.clip.playing || spent) return;
    say("");
    const onEnd = () => this.#onHeard(token);
    const started = await this.clip.play(this.#buffer, { onEnd });
    if (started) log("play", token);
    else say(words.say("not_started"));
    this.#draw(token);
  }

  /** @param {string} token */
  #onHeard(token) {
    const trial = this.#trial(token);
    this.#heard.add(token);
    this.#draw(token);
    // To the question, and not to one of its answers: a key pressed too soon would give that one.
    if (document.activeElement === part(trial, ".play-sound")) part(trial, "fieldset").focus();
  }

  /**
   * @param {string} token
   * @param {string} choice
   */
  #choose(token, choice) {
    if (this.#heard.has(token) && !this.clip.playing) this.#answer(token, choice);
  }

  /**
   * @param {string} token
   * @param {string} answer
   */
  #answer(token, answer) {
    say("");
    this.tools.answers.write(ANSWER, answer, token);
    this.#show();
    this.tools.onChange();
    const [current] = this.#open();
    const onward = current ? part(this.#trial(current.token), ".play-sound") : byId("next");
    onward.focus();
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const [current] = this.#open();
    if (!current || event.repeat || !this.ownKeys.takes(event)) return;
    const onButton = /** @type {Element} */ (event.target).closest("button, summary, a, input");
    const choice = SIDE_KEYS[event.key] ?? event.key;
    if (this.data.choices.includes(choice)) this.#choose(current.token, choice);
    else if (event.key === " " && !onButton) void this.#play(current.token);
    else return;
    event.preventDefault();
  }

  /** @param {string} token */
  #draw(token) {
    const { words } = this.tools;
    const trial = this.#trial(token);
    const button = part(trial, ".play-sound");
    const heard = this.#heard.has(token);
    button.dataset["words"] ??= button.textContent ?? "";
    const { playing } = this.clip;
    const state = playing ? "sound_playing" : heard && this.data.replay ? "sound_again" : null;
    button.textContent = state ? words.say(state) : button.dataset["words"];
    button.classList.toggle("playing", playing);
    button.classList.toggle("spent", heard && !this.data.replay);
    button.setAttribute("aria-disabled", String((!this.#buffer && !this.#failed) || (heard && !this.data.replay)));
    part(trial, ".skip").hidden = !this.#failed;
    const choices = /** @type {HTMLFieldSetElement} */ (part(trial, "fieldset"));
    choices.disabled = !heard || playing;
  }

  /** @param {string} token */
  #trial(token) {
    return /** @type {HTMLElement} */ (document.querySelector(`[data-trial="${token}"]`));
  }
}

/**
 * @param {Element} parent
 * @param {string} selector
 */
function part(parent, selector) {
  const found = parent.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new TypeError(`The page lacks ${selector}.`);
  return found;
}
