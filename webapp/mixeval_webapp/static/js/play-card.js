/** A large button that plays one sound, where a page has few of them. */

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 */

export class PlayCard {
  /**
   * @param {HTMLElement} section holds a `.candidate` for each sound
   * @param {Tools} tools
   */
  static all(section, tools) {
    return [...section.querySelectorAll(".candidate")].map(
      (element) => new PlayCard(/** @type {HTMLElement} */ (element), tools),
    );
  }

  /**
   * @param {HTMLElement} element a `.candidate` with a `.play` button
   * @param {Tools} tools
   */
  constructor(element, { scope, words, data, onPlay }) {
    this.element = element;
    this.words = words;
    this.token = element.dataset["token"] ?? "";
    const stimulus = data.stimuli.find(({ token }) => token === this.token);
    this.label = stimulus?.label ?? "";
    this.rated = stimulus?.role === "rated";
    const button = element.querySelector("button.play");
    if (!(button instanceof HTMLButtonElement)) throw new TypeError("A candidate lacks its button.");
    this.button = button;
    this.name = button.querySelector("b")?.textContent ?? this.label;
    scope.listen(button, "click", () => onPlay(this.token));
  }

  /** @param {Look} look */
  draw({ played, playing, state }) {
    const { classList } = this.element;
    classList.toggle("heard", played);
    classList.toggle("playing", playing);
    classList.toggle("loading", state === "loading");
    classList.toggle("failed", state === "failed");
    this.button.setAttribute("aria-pressed", String(playing));
    this.button.setAttribute("aria-disabled", String(state === "loading"));
    const ready = this.rated ? "play_mix" : "play_heard";
    const key = { loading: "mix_loading", failed: "mix_failed", ready }[state];
    this.button.setAttribute("aria-label", this.words.say(key, { label: this.label, name: this.name }));
  }

  reveal() {
    this.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
