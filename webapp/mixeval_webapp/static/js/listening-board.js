/** A button for each mix, on pages where mixes are only heard. */

import { nameOf } from "./scale.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 */

export class ListeningBoard {
  /**
   * @param {HTMLElement} section holds one `.strip` with its button for each mix
   * @param {Tools} tools
   */
  constructor(section, { scope, words, onPlay }) {
    this.words = words;
    this.strips = /** @type {HTMLElement[]} */ ([...section.querySelectorAll(".strip")]);
    for (const strip of this.strips)
      scope.listen(buttonOf(strip), "click", () => onPlay(strip.dataset["token"] ?? ""));
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    for (const strip of this.strips) {
      const seen = look(strip.dataset["token"] ?? "");
      const { played, playing, state } = seen;
      const button = buttonOf(strip);
      strip.classList.toggle("heard", played);
      strip.classList.toggle("playing", playing);
      strip.classList.toggle("loading", state === "loading");
      strip.classList.toggle("failed", state === "failed");
      strip.classList.toggle("unplayable", state === "unplayable");
      button.setAttribute("aria-pressed", String(playing));
      button.setAttribute("aria-disabled", String(state === "loading" || state === "unplayable"));
      button.setAttribute("aria-label", nameOf((button.textContent ?? "").trim(), seen, this.words, "play_mix"));
    }
  }

  settle() {}

  /** @param {string} token */
  reveal(token) {
    const strip = this.strips.find((candidate) => candidate.dataset["token"] === token);
    strip?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** @param {Element} _element */
  tokenAt(_element) {
    return undefined;
  }
}

/** @param {HTMLElement} strip */
function buttonOf(strip) {
  return /** @type {HTMLButtonElement} */ (strip.querySelector(".play"));
}
