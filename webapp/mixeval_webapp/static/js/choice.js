/**
 * Two mixes, of which one is chosen; with a third sound, X, what is chosen is which of them X is.
 *
 * The choice is a group of radio buttons, one for each mix (its value is the mix's token) and perhaps one for none.
 */

import { PlayCard } from "./play-card.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 * @typedef {import("./interfaces.js").Given} Given
 */

const CHOSEN = 1;
const NEITHER = 0.5;
const NOT_CHOSEN = 0;

export class Choice {
  /** @type {PlayCard[]} */
  #cards;
  /** @type {HTMLInputElement[]} */
  #options;
  /** @type {Map<string, number | null>} */
  #values = new Map();
  #by = "keys";

  /**
   * One of two is chosen, or neither. Nobody can compare what does not play, but half a choice is none.
   * @param {Given[]} sounds
   */
  static rule(sounds) {
    const given = sounds.flatMap(({ rated, values }) => (rated ? values : [])).filter((value) => value !== null);
    const excused = given.length === 0 && sounds.some(({ unplayable }) => unplayable);
    const chosen = given.length === 2 && given.reduce((sum, value) => sum + value) === CHOSEN;
    /** @type {import("./rating-page.js").Todo} */
    const todo = excused || chosen ? {} : { choose: [] };
    return todo;
  }

  /**
   * @param {HTMLElement} section holds a `.candidate` for each sound and an `.option` for each answer
   * @param {Tools} tools
   */
  constructor(section, tools) {
    const { scope, data } = tools;
    this.onPlaceAll = tools.onPlaceAll;
    this.onMove = tools.onMove;
    this.#cards = PlayCard.all(section, tools);
    this.#options = [...section.querySelectorAll("input")];
    for (const { token, role } of data.stimuli) if (role === "rated") this.#values.set(token, null);
    scope.listen(section, "pointerdown", () => (this.#by = "pointer"), { capture: true });
    scope.listen(section, "keydown", () => (this.#by = "keys"), { capture: true });
    for (const option of this.#options) {
      scope.listen(option, "change", (event) => this.#choose(option.value, event.timeStamp));
      // As on other pages; browsers choose by Space and the arrows alone.
      scope.listen(option, "keydown", (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter" && !event.repeat) option.click();
      });
    }
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    for (const card of this.#cards) card.draw(look(card.token));
    for (const token of this.#values.keys()) this.#values.set(token, look(token).value);
    const tie = [...this.#values.values()].every((value) => value === NEITHER);
    for (const option of this.#options) {
      option.checked = option.value === "" ? tie : this.#values.get(option.value) === CHOSEN && !this.#isDouble();
      option.closest(".option")?.classList.toggle("chosen", option.checked);
    }
  }

  settle() {}

  /** @param {string} token */
  reveal(token) {
    this.#cards.find((card) => card.token === token)?.reveal();
  }

  /** @param {Element} element */
  tokenAt(element) {
    return this.#cards.find((card) => card.element.contains(element))?.token;
  }

  /**
   * @param {string} chosen a token, or nothing for neither
   * @param {number} at
   */
  #choose(chosen, at) {
    /** @type {[string, number][]} */
    const values = [...this.#values.keys()].map((token) => [
      token, chosen === "" ? NEITHER : token === chosen ? CHOSEN : NOT_CHOSEN,
    ]);
    for (const [token, to] of values) {
      const from = this.#values.get(token) ?? null;
      if (from !== to) this.onMove(token, { from, to, by: this.#by }, at);
    }
    this.onPlaceAll(values);
  }

  /** Of two tabs or devices each may have chosen another mix: then nothing is chosen. */
  #isDouble() {
    return [...this.#values.values()].every((value) => value === CHOSEN);
  }
}
