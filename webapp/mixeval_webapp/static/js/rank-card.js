/** One mix to be ranked: its button, its grip for pointer and keys, and two buttons that move it by one place. */

import { PlayCard } from "./play-card.js";
import { within } from "./page-elements.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 *
 * @typedef {object} Handlers at: on the clock of performance.now()
 * @property {(card: RankCard, key: string, at: number) => void} onKey
 * @property {(card: RankCard, step: number, at: number) => void} onStep up (-1) or down (1)
 * @property {(card: RankCard, x: number, y: number) => void} onDrag the pointer has taken it to there
 * @property {(card: RankCard, kept: boolean, at: number) => void} onDrop it was let go, or taken away by the browser
 * @property {(card: RankCard, at: number) => void} onTap pressed without being moved
 */

const KEYS = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight", "Home", "End", "Enter"];
/** A pointer that moves less has pressed, not dragged; in CSS pixels. */
const STILL = 6;

export class RankCard {
  /** @type {{pointer: number, x: number, y: number, moved: boolean} | null} */
  #drag = null;

  /**
   * @param {HTMLElement} element
   * @param {Tools} tools
   * @param {Handlers} handlers
   */
  constructor(element, tools, handlers) {
    const { scope } = tools;
    this.element = element;
    this.words = tools.words;
    this.handlers = handlers;
    this.mix = new PlayCard(element, tools);
    this.rank = within(element, ".rank");
    this.grip = within(element, ".grip");
    this.up = within(element, ".up");
    this.down = within(element, ".down");
    scope.listen(this.up, "click", (event) => handlers.onStep(this, -1, event.timeStamp));
    scope.listen(this.down, "click", (event) => handlers.onStep(this, 1, event.timeStamp));
    scope.listen(this.grip, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (!KEYS.includes(event.key) || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      handlers.onKey(this, event.key, event.timeStamp);
    });
    scope.listen(element, "pointerdown", (/** @type {PointerEvent} */ event) => this.#grab(event));
    scope.listen(element, "pointermove", (/** @type {PointerEvent} */ event) => this.#pull(event));
    scope.listen(element, "pointerup", (/** @type {PointerEvent} */ event) => this.#drop(event));
    scope.listen(element, "pointercancel", (/** @type {PointerEvent} */ event) => {
      if (this.#drag?.pointer === event.pointerId) handlers.onDrop(this, false, event.timeStamp);
    });
  }

  get token() {
    return this.mix.token;
  }

  get label() {
    return this.mix.name;
  }

  /** @param {Look} look */
  draw(look) {
    this.mix.draw(look);
  }

  /**
   * @param {number | null} rank from 1, or none yet
   * @param {number} count of all mixes
   */
  showRank(rank, count) {
    this.rank.textContent = rank === null ? "" : String(rank);
    // Up is better, as on every other slider; what is not placed has the lowest value there is.
    this.grip.setAttribute("aria-valuenow", String(rank === null ? 1 : count + 1 - rank));
    const text = rank === null ? this.words.say("not_placed") : this.words.say("rank", { rank, count });
    this.grip.setAttribute("aria-valuetext", text);
    this.up.setAttribute("aria-disabled", String(rank === 1));
    this.down.setAttribute("aria-disabled", String(rank === count));
  }

  letGo() {
    this.#drag = null;
    this.element.classList.remove("dragged");
    this.element.style.translate = "";
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    const target = /** @type {Element} */ (event.target);
    if (event.button !== 0 || this.#drag || target.closest("button")) return;
    // A finger beside the grip scrolls the page.
    if (event.pointerType === "touch" && !this.grip.contains(target)) return;
    event.preventDefault();
    this.grip.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    this.#drag = { pointer: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
  }

  /** @param {PointerEvent} event */
  #pull(event) {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    const [dx, dy] = [event.clientX - drag.x, event.clientY - drag.y];
    drag.moved ||= Math.hypot(dx, dy) > STILL;
    if (!drag.moved) return;
    this.element.classList.add("dragged");
    this.element.style.translate = `${dx}px ${dy}px`;
    this.handlers.onDrag(this, event.clientX, event.clientY);
  }

  /** @param {PointerEvent} event */
  #drop(event) {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    this.handlers.onDrop(this, drag.moved, event.timeStamp);
    if (!drag.moved) this.handlers.onTap(this, event.timeStamp);
  }
}
