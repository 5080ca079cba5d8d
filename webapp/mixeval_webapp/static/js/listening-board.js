/** A button for each mix, on pages where mixes are only heard. */

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
      const { played, playing, state } = look(strip.dataset["token"] ?? "");
      const button = buttonOf(strip);
      strip.classList.toggle("heard", played);
      strip.classList.toggle("playing", playing);
      strip.classList.toggle("loading", state === "loading");
      strip.classList.toggle("failed", state === "failed");
      button.setAttribute("aria-pressed", String(playing));
      button.setAttribute("aria-disabled", String(state === "loading"));
      const key = { loading: "mix_loading", failed: "mix_failed", ready: "play_mix" }[state];
      button.setAttribute("aria-label", this.words.say(key, { label: (button.textContent ?? "").trim() }));
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
