/** Mixes in an order: those without a place wait in a pool, the others stand in a list, the best on top. */

import { order, placed, valuesOf } from "./rank-order.js";
import { within } from "./page-elements.js";
import { RankCard } from "./rank-card.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 * @typedef {import("./interfaces.js").Given} Given
 */

export class Ranking {
  /** @type {RankCard[]} */
  #cards;
  /** @type {Map<string, number | null>} */
  #values = new Map();
  /** @type {string[]} */
  #order = [];
  #drawn = "nothing yet";
  /** @type {{card: RankCard, index: number | null} | null} */
  #drag = null;

  /**
   * Each mix has a place of its own.
   * @param {Given[]} sounds
   */
  static rule(sounds) {
    const rated = sounds.filter((sound) => sound.rated);
    const given = rated.map(({ values }) => values[0] ?? null);
    const place = rated
      .filter(({ unplayable }, index) => {
        const value = given[index] ?? null;
        return value === null ? !unplayable : given.filter((other) => other === value).length > 1;
      })
      .map(({ label }) => label);
    /** @type {import("./rating-page.js").Todo} */
    const todo = place.length > 0 ? { place } : {};
    return todo;
  }

  /**
   * @param {HTMLElement} section holds a `.pool` of cards, an empty `.places`, and a status `.said`
   * @param {Tools} tools
   */
  constructor(section, tools) {
    this.words = tools.words;
    this.onMove = tools.onMove;
    this.onPlaceAll = tools.onPlaceAll;
    this.pool = within(section, ".pool");
    this.places = within(section, ".places");
    this.waiting = within(section, ".waiting");
    this.said = within(section, ".said");
    this.#cards = [...section.querySelectorAll(".card")].map(
      (element) =>
        new RankCard(/** @type {HTMLElement} */ (element), tools, {
          onKey: (card, key, at) => this.#press(card, key, at),
          onStep: (card, step, at) => this.#step(card, step, { by: "button", at }),
          onDrag: (card, x, y) => this.#pull(card, x, y),
          onDrop: (card, kept, at) => this.#drop(card, kept, at),
          onTap: (card, at) => this.#tap(card, at),
        }),
    );
    for (const { token } of this.#cards) this.#values.set(token, null);
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    for (const card of this.#cards) {
      const own = look(card.token);
      this.#values.set(card.token, own.value);
      card.draw(own);
    }
    this.#order = order(this.#values);
    const drawn = this.#order.join(" ");
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#arrange();
  }

  settle() {
    if (this.#drag) this.#drop(this.#drag.card, true, performance.now());
  }

  /** @param {string} token */
  reveal(token) {
    this.#card(token)?.element.scrollIntoView({ block: "nearest" });
  }

  /** @param {Element} element */
  tokenAt(element) {
    return this.#cards.find((card) => card.grip === element)?.token;
  }

  /** @param {string} token */
  #card(token) {
    return this.#cards.find((card) => card.token === token);
  }

  /** Bring the cards to where they belong; what has the focus keeps it. */
  #arrange() {
    const focused = document.activeElement;
    const count = this.#cards.length;
    const waiting = this.#cards.filter(({ token }) => !this.#order.includes(token));
    for (const card of waiting) card.showRank(null, count);
    const inOrder = this.#order.flatMap((token) => this.#card(token) ?? []);
    inOrder.forEach((card, index) => card.showRank(index + 1, count));
    this.pool.replaceChildren(...waiting.map(({ element }) => element));
    const empty = waiting.map((_, index) => emptyPlace(inOrder.length + index + 1));
    this.places.replaceChildren(...inOrder.map(({ element }) => element), ...empty);
    this.waiting.classList.toggle("done", waiting.length === 0);
    if (focused instanceof HTMLElement && focused.isConnected && focused !== document.activeElement)
      focused.focus({ preventScroll: true });
  }

  /**
   * @param {RankCard} card
   * @param {string} key
   * @param {number} at
   */
  #press(card, key, at) {
    const by = "keys";
    const last = this.#order.length;
    const isPlaced = this.#order.includes(card.token);
    if (key === "ArrowLeft" || key === "ArrowRight") this.#focusNeighbour(card, key === "ArrowRight" ? 1 : -1);
    else if (key === "Home") this.#place(card, 0, { by, at });
    else if (key === "End" || !isPlaced) this.#place(card, last, { by, at });
    else if (key === "ArrowUp") this.#step(card, -1, { by, at });
    else if (key === "ArrowDown") this.#step(card, 1, { by, at });
  }

  /**
   * @param {RankCard} card
   * @param {number} step
   */
  #focusNeighbour(card, step) {
    const shown = [...this.pool.children, ...this.places.children];
    const cards = shown.flatMap((element) => this.#cards.find((candidate) => candidate.element === element) ?? []);
    cards[(cards.indexOf(card) + step + cards.length) % cards.length]?.grip.focus();
  }

  /**
   * @param {RankCard} card
   * @param {number} step
   * @param {{by: string, at: number}} act
   */
  #step(card, step, act) {
    const from = this.#order.indexOf(card.token);
    if (from !== -1) this.#place(card, from + step, act);
  }

  /**
   * @param {RankCard} card
   * @param {number} index among the others
   * @param {{by: string, at: number}} act
   */
  #place(card, index, { by, at }) {
    const { token } = card;
    const from = this.#values.get(token) ?? null;
    const before = new Map(this.#values);
    const values = valuesOf(placed(this.#order, token, index), this.#cards.length);
    const changed = values.filter(([other, value]) => before.get(other) !== value);
    const to = values.find(([other]) => other === token)?.[1];
    if (changed.length === 0 || to === undefined) return;
    if (from !== to) this.onMove(token, { from, to, by }, at);
    this.onPlaceAll(changed);
    // A slider's own value is read out by itself.
    if (by !== "keys") {
      const rank = this.#order.indexOf(token) + 1;
      this.said.textContent = this.words.say("rank_said", { label: card.label, rank, count: this.#cards.length });
    }
  }

  /**
   * @param {RankCard} card
   * @param {number} at
   */
  #tap(card, at) {
    if (!this.#order.includes(card.token)) this.#place(card, this.#order.length, { by: "pointer", at });
  }

  /**
   * @param {RankCard} card
   * @param {number} x
   * @param {number} y
   */
  #pull(card, x, y) {
    const { left, right, top, bottom } = this.places.getBoundingClientRect();
    const over = x >= left - REACH && x <= right + REACH && y >= top - REACH && y <= bottom + REACH;
    const others = this.#order.filter((token) => token !== card.token).flatMap((token) => this.#card(token) ?? []);
    const next = others.findIndex(({ element }) => y < middle(element));
    const index = over ? (next === -1 ? others.length : next) : null;
    this.#drag = { card, index };
    this.#mark(index === null ? null : (others[index]?.element ?? this.places.querySelector(".empty")), "drop");
    this.#mark(index !== null && index === others.length ? (others.at(-1)?.element ?? null) : null, "drop-after");
  }

  /**
   * @param {RankCard} card
   * @param {boolean} kept
   * @param {number} at
   */
  #drop(card, kept, at) {
    const index = this.#drag?.index ?? null;
    this.#drag = null;
    this.#mark(null, "drop");
    this.#mark(null, "drop-after");
    card.letGo();
    if (kept && index !== null) this.#place(card, index, { by: "pointer", at });
  }

  /**
   * @param {Element | null} where
   * @param {string} name
   */
  #mark(where, name) {
    for (const row of this.places.children) row.classList.toggle(name, row === where);
  }
}

/** How far beside the list a card may be let go, in CSS pixels. */
const REACH = 48;

/** @param {Element} element */
function middle(element) {
  const { top, height } = element.getBoundingClientRect();
  return top + height / 2;
}

/** @param {number} rank */
function emptyPlace(rank) {
  const element = Object.assign(document.createElement("li"), { className: "empty", textContent: String(rank) });
  element.setAttribute("aria-hidden", "true");
  return element;
}
