/** The bar below the board: stop, where the item is and what of it loops, volume. */

import { LOWEST_DB } from "./player.js";
import { PositionBar } from "./position-bar.js";

/** @typedef {import("./scope.js").Scope} Scope */

/** A volume is logged once the control rests this long, however it was moved. */
const REST_SECONDS = 0.3;

export class Transport {
  /** @type {(() => void) | null} */
  #resting = null;
  #movedAt = 0;

  /**
   * @param {HTMLElement} root
   * @param {{scope: Scope, words: import("./words.js").Words, volumeDb: number, itemSeconds: number,
   *   onStop: () => void, onSeek: (seconds: number) => void,
   *   onRegion: (region: import("./loop-region.js").Region | null) => void,
   *   onVolume: (db: number) => void, onVolumeSet: (db: number, at: number) => void}} tools
   *   at: when it was last moved, on the clock of performance.now()
   */
  constructor(root, { scope, words, volumeDb, itemSeconds, onStop, onSeek, onRegion, onVolume, onVolumeSet }) {
    this.bar = /** @type {HTMLElement} */ (root.querySelector(".loop"));
    this.position = new PositionBar(this.bar, { scope, words, itemSeconds, onSeek, onRegion });
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

  /** Finish what was moved just now, and log it. */
  settle() {
    this.position.settle();
    if (!this.#resting) return;
    this.#resting();
    this.#resting = null;
    this.onVolumeSet(this.volume.valueAsNumber, this.#movedAt);
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
