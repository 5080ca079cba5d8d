/** A large button that plays one sound, where a page has few of them. */

import { within } from "./page-elements.js";
import { nameOf } from "./scale.js";

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
    this.rated = stimulus?.role === "rated";
    this.button = within(element, ".play");
    // The reference has a word for its name.
    this.name = this.button.querySelector("b")?.textContent ?? stimulus?.label ?? "";
    scope.listen(this.button, "click", () => onPlay(this.token));
  }

  /** @param {Look} look */
  draw(look) {
    const { played, playing, state } = look;
    const { classList, style } = this.element;
    style.setProperty("--heard", String(look.heard));
    classList.toggle("heard", played);
    classList.toggle("playing", playing);
    classList.toggle("loading", state === "loading");
    classList.toggle("failed", state === "failed");
    classList.toggle("unplayable", state === "unplayable");
    this.button.setAttribute("aria-pressed", String(playing));
    this.button.setAttribute("aria-disabled", String(state === "loading" || state === "unplayable"));
    this.button.setAttribute("aria-label", nameOf(this.name, look, this.words, this.rated ? "play_mix" : "play_heard"));
  }

  reveal() {
    this.button.scrollIntoView({ block: "nearest", inline: "nearest" });
  }
}
