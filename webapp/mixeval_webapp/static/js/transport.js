/** The bar below the board: stop, where the loop is, volume. */

import { LOWEST_DB } from "./player.js";

/** @typedef {import("./scope.js").Scope} Scope */

/** A volume is logged once the control rests this long, however it was moved. */
const REST_SECONDS = 0.3;

export class Transport {
  /** @type {(() => void) | null} */
  #resting = null;
  #position = 0;
  #movedAt = 0;

  /**
   * @param {HTMLElement} root
   * @param {{scope: Scope, words: import("./words.js").Words, volumeDb: number, onStop: () => void, onVolume: (db: number) => void,
   *   onVolumeSet: (db: number, at: number) => void}} tools
   *   at: when it was last moved, on the clock of performance.now()
   */
  constructor(root, { scope, words, volumeDb, onStop, onVolume, onVolumeSet }) {
    this.bar = /** @type {HTMLElement} */ (root.querySelector(".loop"));
    this.filled = /** @type {HTMLElement} */ (root.querySelector(".loop b"));
    this.volume = /** @type {HTMLInputElement} */ (root.querySelector("#volume"));
    this.decibels = /** @type {HTMLElement} */ (root.querySelector("#decibels"));
    this.words = words;
    this.onVolumeSet = onVolumeSet;
    this.volume.min = String(LOWEST_DB);
    this.volume.valueAsNumber = Math.min(0, Math.max(LOWEST_DB, volumeDb));
    this.#showVolume();
    scope.listen(/** @type {HTMLElement} */ (root.querySelector("#stop")), "click", onStop);
    scope.listen(this.volume, "input", (event) => {
      this.#movedAt = event.timeStamp;
      this.#showVolume();
      onVolume(this.volume.valueAsNumber);
      this.#resting?.();
      this.#resting = scope.after(REST_SECONDS, () => this.settle());
    });
  }

  /** Log a volume that was moved just now. */
  settle() {
    if (!this.#resting) return;
    this.#resting();
    this.#resting = null;
    this.onVolumeSet(this.volume.valueAsNumber, this.#movedAt);
  }

  /** @param {number} part of the loop that has passed, 0 to 1 */
  showPosition(part) {
    if (part === this.#position) return;
    this.#position = part;
    this.filled.style.inlineSize = `${100 * part}%`;
  }

  /** @param {number} part of the audio that has arrived; 1 ends the showing */
  showLoading(part) {
    this.bar.classList.toggle("loading", part < 1);
    const loading = this.words.say("loading", { percent: Math.floor(100 * part) });
    this.bar.setAttribute("aria-label", part < 1 ? loading : this.words.say("position"));
    this.bar.dataset["words"] = part < 1 ? loading : "";
  }

  #showVolume() {
    const words = this.words.say("decibels", { db: this.volume.value.replace("-", "\u2212") });
    this.decibels.textContent = words;
    this.volume.setAttribute("aria-valuetext", words);
  }
}
