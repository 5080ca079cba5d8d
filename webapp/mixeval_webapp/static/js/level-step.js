/** Setting a level that the listener likes, on a clip of the study that goes round and round. */

import { Clip } from "./clip.js";
import { Downloads } from "./download.js";
import { KeysHelp } from "./keys-help.js";
import { OwnKeys } from "./own-keys.js";
import { byId, say } from "./page-elements.js";
import { LOWEST_DB } from "./player.js";
import { browserEngine } from "./sound.js";

const VOLUME = "volume_db";
/** A volume is kept once the control rests this long. */
const REST_SECONDS = 0.3;

export class LevelStep {
  /** @type {(() => void) | null} */
  #resting = null;
  /** @type {AudioBuffer | null} */
  #buffer = null;
  #failed = false;
  #movedAt = 0;

  /**
   * @param {import("./page-data.js").PageData} data
   * @param {import("./steps.js").StepTools} tools
   */
  constructor(data, tools) {
    this.data = data;
    this.tools = tools;
    const { scope, fetch, answers } = tools;
    this.ownKeys = new OwnKeys(() => localStorage);
    KeysHelp.ofPage(scope, this.ownKeys);
    const volume_db = answers.value(VOLUME) ?? data.volume_db;
    this.clip = new Clip({ bytes: data.bytes, volume_db }, {
      scope, engine: browserEngine(data.sample_rate), downloads: new Downloads({ fetch, scope }),
    });
    this.button = byId("play-clip");
    this.volume = /** @type {HTMLInputElement} */ (byId("volume"));
    this.volume.min = String(LOWEST_DB);
    this.volume.valueAsNumber = Math.min(0, Math.max(LOWEST_DB, volume_db));
  }

  open() {
    const { scope } = this.tools;
    scope.listen(this.button, "click", () => void this.#press());
    scope.listen(this.volume, "input", (event) => {
      this.#movedAt = event.timeStamp;
      this.#draw();
      this.clip.setVolume(this.volume.valueAsNumber);
      this.#resting?.();
      this.#resting = scope.after(REST_SECONDS, () => this.settle());
    });
    scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== " " || event.repeat || !this.ownKeys.takes(event)) return;
      if (/** @type {Element} */ (event.target).closest("button, summary, a, input[type=checkbox]")) return;
      event.preventDefault();
      void this.#press();
    });
    this.#draw();
    return this.#load();
  }

  /** Keep a volume that was moved just now. */
  settle() {
    if (!this.#resting) return;
    this.#resting();
    this.#resting = null;
    this.tools.log("volume", null, { db: this.volume.valueAsNumber }, this.#movedAt);
    this.#keep();
  }

  todo() {
    const { answers, words } = this.tools;
    return answers.value(VOLUME) === null ? { play: [words.say("the_recording")] } : {};
  }

  point() {
    this.button.focus();
  }

  async #load() {
    const { scope, log, words } = this.tools;
    this.#failed = false;
    this.#draw();
    try {
      this.#buffer = await this.clip.load(this.data.stimuli[0]?.url ?? "");
    } catch (error) {
      if (scope.ended) return;
      this.#failed = true;
      // Whoever cannot get the clip goes on all the same, at the level where the control stands.
      this.tools.answers.write(VOLUME, this.volume.valueAsNumber);
      this.tools.onChange();
      log("load_failed", this.data.stimuli[0]?.token, { reason: String(error).slice(0, 200) });
      say(words.say("sound_failed"));
    }
    this.#draw();
  }

  async #press() {
    const { log, words } = this.tools;
    const token = this.data.stimuli[0]?.token ?? null;
    if (this.#failed) return this.#load();
    if (!this.#buffer) return;
    if (this.clip.playing) {
      this.clip.stop();
      log("stop", token);
    } else if (await this.clip.play(this.#buffer, { loop: true })) {
      log("play", token);
      // Whoever has heard it and leaves the control where it is has chosen too.
      if (this.tools.answers.value(VOLUME) === null) {
        log("volume", null, { db: this.volume.valueAsNumber });
        this.#keep();
      }
    } else say(words.say("not_started"));
    this.#draw();
  }

  #keep() {
    // Before it was heard, a moved control says nothing about the level.
    if (!this.clip.playing && this.tools.answers.value(VOLUME) === null) return;
    this.tools.answers.write(VOLUME, this.volume.valueAsNumber);
    this.tools.onChange();
  }

  #draw() {
    const { words } = this.tools;
    this.button.setAttribute("aria-disabled", String(!this.#buffer && !this.#failed));
    this.button.setAttribute("aria-pressed", String(this.clip.playing));
    const decibels = words.say("decibels", { db: this.volume.value.replace("-", "\u2212") });
    byId("decibels").textContent = decibels;
    this.volume.setAttribute("aria-valuetext", decibels);
  }
}
