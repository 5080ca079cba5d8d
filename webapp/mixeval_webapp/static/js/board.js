/** The board of sliders: draws what it is told, and tells what the listener does with pointer and keys. */

import { KeyRun } from "./key-run.js";
import { within } from "./page-elements.js";
import { MIDDLE, inWords, nameOf, partsOf, toScale } from "./scale.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 * @typedef {import("./page-data.js").ScalePageData} ScalePageData
 */

/** Parts into which lines divide a scale of few words. */
const LINES = 4;

/** @type {Record<string, (value: number, big: boolean) => number>} */
const STEPS = {
  ArrowUp: (value, big) => value + (big ? 10 : 1),
  ArrowDown: (value, big) => value - (big ? 10 : 1),
  PageUp: (value) => value + 10,
  PageDown: (value) => value - 10,
  Home: () => 0,
  End: () => 100,
  Enter: (value) => value,
};

export class Board {
  /** @type {Strip[]} */
  #strips;

  /**
   * @param {HTMLElement} section holds one `.strip` for each mix
   * @param {Tools} tools
   */
  constructor(section, tools) {
    const elements = [...section.querySelectorAll(".strip")];
    this.row = within(section, ".strips");
    section.style.setProperty("--mixes", String(elements.length));
    const { scale_as } = /** @type {ScalePageData} */ (tools.data);
    section.style.setProperty("--parts", String(partsOf(tools.axis.scale, scale_as, LINES)));
    this.#strips = elements.map(
      (element, index) =>
        new Strip(/** @type {HTMLElement} */ (element), tools, (step) =>
          this.#strips[(index + step + elements.length) % elements.length]?.focus(),
        ),
    );
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    for (const strip of this.#strips) strip.draw(look(strip.token));
  }

  /** End what the pointer or the keys have begun, so that it is kept. */
  settle() {
    for (const strip of this.#strips) strip.settle();
  }

  /**
   * Bring a mix into view where a row of many scrolls.
   * @param {string} token
   */
  reveal(token) {
    const strip = this.#strips.find((candidate) => candidate.token === token);
    if (!strip) return;
    const [seen, box] = [this.row.getBoundingClientRect(), strip.element.getBoundingClientRect()];
    // Sideways alone: the page itself stays where the listener has it.
    const left = Math.min(0, box.left - seen.left) + Math.max(0, box.right - seen.right);
    if (left !== 0) this.row.scrollBy({ left });
  }

  /** @param {Element} element */
  tokenAt(element) {
    return this.#strips.find((strip) => strip.slider === element)?.token;
  }
}

class Strip {
  /** @type {number | null} */
  #value = null;
  /** @type {{pointer: number, from: number | null, grip: number, moved: boolean} | null} */
  #drag = null;

  /**
   * @param {HTMLElement} element
   * @param {Tools} tools
   * @param {(step: number) => void} onNeighbour
   */
  constructor(element, { scope, words, data, axis, onPlay, onPlace, onMove }, onNeighbour) {
    this.element = element;
    const { starts, scale_as, show_values } = /** @type {ScalePageData} */ (data);
    this.words = words;
    this.scale = axis.scale;
    this.scaleAs = scale_as;
    this.onPlace = onPlace;
    this.onMove = onMove;
    this.onNeighbour = onNeighbour;
    this.token = element.dataset["token"] ?? "";
    this.start = starts[this.token] ?? MIDDLE;
    this.showsValue = show_values;
    this.rail = within(element, ".rail");
    this.slider = within(element, ".thumb");
    this.button = within(element, ".play");
    this.keys = new KeyRun(scope, (from, at) =>
      this.onMove(this.token, { from, to: this.#value ?? this.start, by: "keys" }, at),
    );
    this.label = (this.button.textContent ?? "").trim();
    scope.listen(this.button, "click", () => onPlay(this.token));
    scope.listen(this.rail, "pointerdown", (/** @type {PointerEvent} */ event) => this.#grab(event));
    scope.listen(this.rail, "pointermove", (/** @type {PointerEvent} */ event) => this.#pull(event));
    scope.listen(this.rail, "pointerup", (/** @type {PointerEvent} */ event) => this.#drop(event));
    scope.listen(this.rail, "pointercancel", () => this.#giveUp());
    scope.listen(this.slider, "keydown", (/** @type {KeyboardEvent} */ event) => this.#press(event));
    scope.listen(this.slider, "blur", () => this.keys.end());
  }

  focus() {
    this.slider.focus();
  }

  settle() {
    if (this.#drag?.moved) this.#finish(this.#drag, performance.now());
    this.#drag = null;
    this.keys.end();
  }

  /** @param {Look} look */
  draw(look) {
    const { value, played, playing, state } = look;
    const { classList, style } = this.element;
    style.setProperty("--heard", String(look.heard));
    classList.toggle("heard", played);
    classList.toggle("playing", playing);
    classList.toggle("loading", state === "loading");
    classList.toggle("failed", state === "failed");
    classList.toggle("unplayable", state === "unplayable");
    this.button.setAttribute("aria-pressed", String(playing));
    this.button.setAttribute("aria-disabled", String(state === "loading" || state === "unplayable"));
    this.button.setAttribute("aria-label", nameOf(this.label, look, this.words, "play_mix"));
    if (!this.#drag) this.#show(value);
  }

  /** @param {number | null} value */
  #show(value) {
    this.#value = value;
    this.element.classList.toggle("unrated", value === null);
    this.slider.style.setProperty("--value", String(value ?? this.start));
    this.slider.setAttribute("aria-valuenow", String(value ?? this.start));
    this.slider.setAttribute("aria-valuetext", inWords(value, this.scale, this.words, this.scaleAs));
    if (this.showsValue) this.slider.dataset["value"] = value === null ? "" : String(value);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0 || this.#drag) return;
    this.keys.end();
    event.preventDefault();
    this.slider.focus({ preventScroll: true });
    this.rail.setPointerCapture(event.pointerId);
    const at = this.#valueAt(event);
    const onThumb = this.slider.contains(/** @type {Node} */ (event.target));
    // Taken by its thumb a slider keeps its place under the pointer; pressed elsewhere it comes to the pointer.
    const grip = onThumb ? (this.#value ?? this.start) - at : 0;
    this.#drag = { pointer: event.pointerId, from: this.#value, grip, moved: !onThumb || this.#value === null };
    if (this.#drag.moved) this.#show(toScale(at + grip));
  }

  /** @param {PointerEvent} event */
  #pull(event) {
    if (this.#drag?.pointer !== event.pointerId) return;
    const value = toScale(this.#valueAt(event) + this.#drag.grip);
    if (value === this.#value) return;
    this.#drag.moved = true;
    this.#show(value);
  }

  /** @param {PointerEvent} event */
  #drop(event) {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    this.#drag = null;
    if (drag.moved) this.#finish(drag, event.timeStamp);
  }

  /** The browser took the pointer for itself, to scroll: then nothing was placed. */
  #giveUp() {
    const drag = this.#drag;
    this.#drag = null;
    if (drag) this.#show(drag.from);
  }

  /**
   * @param {{from: number | null}} drag
   * @param {number} at
   */
  #finish({ from }, at) {
    const to = this.#value ?? this.start;
    this.onPlace(this.token, to);
    this.onMove(this.token, { from, to, by: "pointer" }, at);
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const right = getComputedStyle(this.element).direction === "rtl" ? -1 : 1;
    const sideways = { ArrowLeft: -right, ArrowRight: right }[event.key];
    const step = STEPS[event.key];
    if (!sideways && !step) return;
    event.preventDefault();
    if (sideways) this.onNeighbour(sideways);
    else if (step) this.#put(toScale(step(this.#value ?? this.start, event.shiftKey)), event.timeStamp);
  }

  /**
   * @param {number} to
   * @param {number} at
   */
  #put(to, at) {
    if (to === this.#value) return;
    this.keys.press(this.#value, at);
    this.#show(to);
    this.onPlace(this.token, to);
  }

  /** @param {PointerEvent} event */
  #valueAt({ clientY }) {
    const { bottom, height } = this.rail.getBoundingClientRect();
    return (100 * (bottom - clientY)) / height;
  }
}
