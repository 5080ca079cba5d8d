/** One mix, and a group of radio buttons: the words that it may be given, each with its score as its value. */

import { Options } from "./options.js";
import { PlayCard } from "./play-card.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 * @typedef {import("./interfaces.js").Given} Given
 */

export class Categories {
  /** @type {number | null} */
  #score = null;

  /** @param {Given[]} sounds */
  static rule(sounds) {
    const lacking = sounds.some(({ rated, unplayable, values }) => rated && !unplayable && values.includes(null));
    /** @type {import("./rating-page.js").Todo} */
    const todo = lacking ? { choose: [] } : {};
    return todo;
  }

  /**
   * @param {HTMLElement} section holds one `.candidate`, and an `.option` for each score
   * @param {Tools} tools
   */
  constructor(section, tools) {
    const [card] = PlayCard.all(section, tools);
    if (!card) throw new TypeError("The page lacks its mix.");
    this.card = card;
    const { onMove, onPlace } = tools;
    this.options = new Options(section, tools.scope, (value, { by, at }) => {
      const to = Number(value);
      if (to !== this.#score) onMove(card.token, { from: this.#score, to, by }, at);
      onPlace(card.token, to);
    });
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    const own = look(this.card.token);
    this.#score = own.value;
    this.card.draw(own);
    this.options.draw(String(own.value));
  }

  settle() {}

  reveal() {
    this.card.reveal();
  }

  /** @param {Element} element */
  tokenAt(element) {
    return this.card.element.contains(element) ? this.card.token : undefined;
  }
}
