/** One mix to be ranked: its button, its grip for pointer and keys, and two buttons that move it by one place. */

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
  constructor(element, { scope, words, data, onPlay }, handlers) {
    this.element = element;
    this.words = words;
    this.handlers = handlers;
    this.token = element.dataset["token"] ?? "";
    this.label = data.stimuli.find(({ token }) => token === this.token)?.label ?? "";
    this.rank = part(element, ".rank");
    this.button = part(element, ".play");
    this.grip = part(element, ".grip");
    this.up = part(element, ".up");
    this.down = part(element, ".down");
    scope.listen(this.button, "click", () => onPlay(this.token));
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

  /** @param {Look} look */
  draw({ played, playing, state }) {
    const { classList } = this.element;
    classList.toggle("heard", played);
    classList.toggle("playing", playing);
    classList.toggle("loading", state === "loading");
    classList.toggle("failed", state === "failed");
    this.button.setAttribute("aria-pressed", String(playing));
    this.button.setAttribute("aria-disabled", String(state === "loading"));
    const key = { loading: "mix_loading", failed: "mix_failed", ready: "play_mix" }[state];
    this.button.setAttribute("aria-label", this.words.say(key, { label: this.label }));
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

/**
 * @param {Element} root
 * @param {string} selector
 */
function part(root, selector) {
  const found = root.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new TypeError(`A card lacks ${selector}.`);
  return found;
}
