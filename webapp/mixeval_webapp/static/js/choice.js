/**
 * Two mixes, of which one is chosen; with a third sound, X, what is chosen is which of them X is.
 *
 * The choice is a group of radio buttons, one for each mix (its value is the mix's token) and perhaps one for none.
 */

import { Options } from "./options.js";
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
  /** @type {Map<string, number | null>} */
  #values = new Map();

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
    this.onPlaceAll = tools.onPlaceAll;
    this.onMove = tools.onMove;
    this.#cards = PlayCard.all(section, tools);
    for (const { token, role } of tools.data.stimuli) if (role === "rated") this.#values.set(token, null);
    this.options = new Options(section, tools.scope, (value, act) => this.#choose(value, act));
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    for (const card of this.#cards) card.draw(look(card.token));
    for (const token of this.#values.keys()) this.#values.set(token, look(token).value);
    this.options.draw(this.#chosen());
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

  /** The value of the option that is chosen: a token, nothing for neither, or null. */
  #chosen() {
    const values = [...this.#values];
    if (values.every(([, value]) => value === NEITHER)) return "";
    const chosen = values.filter(([, value]) => value === CHOSEN);
    // Two tabs or devices may each have chosen another mix: then nothing is chosen.
    return chosen.length === 1 ? (chosen[0]?.[0] ?? null) : null;
  }

  /**
   * @param {string} chosen a token, or nothing for neither
   * @param {import("./options.js").Act} act
   */
  #choose(chosen, { by, at }) {
    /** @type {[string, number][]} */
    const values = [...this.#values.keys()].map((token) => [
      token, chosen === "" ? NEITHER : token === chosen ? CHOSEN : NOT_CHOSEN,
    ]);
    for (const [token, to] of values) {
      const from = this.#values.get(token) ?? null;
      if (from !== to) this.onMove(token, { from, to, by }, at);
    }
    this.onPlaceAll(values);
  }
}
