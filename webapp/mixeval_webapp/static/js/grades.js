/** Two mixes beside an open reference, each graded on a slider of its own; one of them is the reference again. */

import { PlayCard } from "./play-card.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 * @typedef {import("./interfaces.js").Given} Given
 */

/** The grade of what cannot be told from the reference. */
const IMPERCEPTIBLE = 5;
const LOWEST = 1;
/** Where a mix is drawn that has no grade. */
const MIDDLE = 3;

export class Grades {
  /** @type {PlayCard[]} */
  #cards;
  /** @type {Grade[]} */
  #grades;

  /**
   * Both are graded, one with 5.0.
   * @param {Given[]} sounds
   */
  static rule(sounds) {
    const rated = sounds.filter((sound) => sound.rated);
    const place = rated.filter(({ unplayable, values }) => !unplayable && values.includes(null));
    const found = rated.some(({ values }) => values.includes(IMPERCEPTIBLE)) || sounds.some(({ unplayable }) => unplayable);
    /** @param {Given[]} mixes */
    const names = (mixes) => mixes.map(({ label }) => label);
    /** @type {import("./rating-page.js").Todo} */
    const todo = place.length > 0 ? { place: names(place) } : found ? {} : { match: names(rated) };
    return todo;
  }

  /**
   * @param {HTMLElement} section holds a `.candidate` for the reference and a `.grade` for each mix
   * @param {Tools} tools
   */
  constructor(section, tools) {
    this.#cards = PlayCard.all(section, tools);
    this.#grades = [...section.querySelectorAll(".grade")].map(
      (element) => new Grade(/** @type {HTMLElement} */ (element), tools),
    );
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    for (const card of this.#cards) card.draw(look(card.token));
    for (const grade of this.#grades) grade.draw(look(grade.token));
  }

  settle() {
    for (const grade of this.#grades) grade.settle();
  }

  /** @param {string} token */
  reveal(token) {
    [...this.#cards, ...this.#grades.map(({ card }) => card)].find((card) => card.token === token)?.reveal();
  }

  /** @param {Element} element */
  tokenAt(element) {
    return this.#grades.find(({ slider }) => slider === element)?.token;
  }
}

class Grade {
  /** @type {number | null} */
  #value = null;
  #moving = false;
  #by = "keys";

  /**
   * @param {HTMLElement} element
   * @param {Tools} tools
   */
  constructor(element, tools) {
    this.element = element;
    this.tools = tools;
    this.card = new PlayCard(element, tools);
    this.token = this.card.token;
    const [slider, shown] = [element.querySelector("input"), element.querySelector("output")];
    if (!slider || !shown) throw new TypeError("A grade lacks its slider or its number.");
    this.slider = slider;
    this.shown = shown;
    const { scope } = tools;
    scope.listen(slider, "pointerdown", () => (this.#by = "pointer"));
    scope.listen(slider, "keydown", (/** @type {KeyboardEvent} */ event) => {
      this.#by = "keys";
      if (event.key === "Enter" && !event.repeat) this.#place(event.timeStamp);
    });
    scope.listen(slider, "input", () => {
      this.#moving = true;
      this.#show(slider.valueAsNumber);
    });
    scope.listen(slider, "change", (event) => this.#place(event.timeStamp));
    // Pressed where it is drawn a slider does not change; for one without a grade that is an answer, too.
    scope.listen(slider, "click", (event) => {
      if (this.#value === null) this.#place(event.timeStamp);
    });
  }

  /** @param {Look} look */
  draw(look) {
    this.card.draw(look);
    this.#value = look.value;
    if (!this.#moving) this.#show(look.value);
  }

  settle() {
    if (this.#moving) this.#place(performance.now());
  }

  /** @param {number} at */
  #place(at) {
    this.#moving = false;
    const [from, to] = [this.#value, this.slider.valueAsNumber];
    if (from !== to) this.tools.onMove(this.token, { from, to, by: this.#by }, at);
    this.tools.onPlace(this.token, to);
  }

  /** @param {number | null} value */
  #show(value) {
    const { words, axis } = this.tools;
    this.element.classList.toggle("unrated", value === null);
    this.slider.valueAsNumber = value ?? MIDDLE;
    this.shown.textContent = value === null ? "?" : words.number(value.toFixed(1));
    this.slider.setAttribute("aria-valuetext", value === null ? words.say("not_rated") : inWords(value, axis.scale, words));
  }
}

/**
 * @param {number} value
 * @param {string[]} scale from the lowest grade to the highest
 * @param {import("./words.js").Words} words
 */
function inWords(value, scale, words) {
  const below = scale[Math.floor(value - LOWEST)] ?? "";
  const above = scale[Math.ceil(value - LOWEST)] ?? "";
  const shown = words.number(value.toFixed(1));
  return below === above ? words.say("at", { value: shown, word: below }) : words.say("between", { value: shown, below, above });
}
