/** One horizontal axis with a bar for each mix: a click plays it, a drag or the arrow keys place it. */

import { inOrder, rowsOf } from "./axis-layout.js";
import { KeyRun } from "./key-run.js";
import { within } from "./page-elements.js";
import { MIDDLE, inWords, nameOf, partsOf, toScale } from "./scale.js";

/**
 * @typedef {import("./interfaces.js").Tools} Tools
 * @typedef {import("./interfaces.js").Look} Look
 * @typedef {import("./page-data.js").ScalePageData} ScalePageData
 *
 * @typedef {object} Drag
 * @property {number} pointer
 * @property {number} x where it began
 * @property {number} y
 * @property {number} at
 * @property {number} value of the bar then
 * @property {boolean} begun it has moved far enough to be no click
 */

/** A handle with room around it for a finger, in CSS pixels. */
const HANDLE_PIXELS = 46;
/** A press that moves less than this is no drag. */
const DRAG_PIXELS = 5;
/** A press that rests for longer is no click. */
const CLICK_MILLISECONDS = 500;

/** Parts into which lines divide an axis of few words. */
const LINES = 10;

/** @type {Record<string, (value: number, big: boolean) => number>} */
const STEPS = {
  higher: (value, big) => value + (big ? 10 : 1),
  lower: (value, big) => value - (big ? 10 : 1),
  PageUp: (value) => value + 10,
  PageDown: (value) => value - 10,
  Home: () => 0,
  End: () => 100,
  Enter: (value) => value,
};

export class AxisBoard {
  /** @type {Bar[]} */
  #bars;
  /** @type {HTMLElement} */
  #field;
  /** @type {HTMLElement} */
  #trayWords;
  /** Rows that there is room for: never fewer again, so that the page does not move by itself. */
  #rows = 4;

  /**
   * @param {HTMLElement} section holds a `.field`, and in its tray a `.slot` with a `.bar` for each mix
   * @param {Tools} tools
   */
  constructor(section, tools) {
    this.section = section;
    this.words = tools.words;
    this.#field = within(section, ".field");
    this.#trayWords = within(section, ".tray-words");
    const elements = [...section.querySelectorAll(".bar")];
    const { scale_as } = /** @type {ScalePageData} */ (tools.data);
    section.style.setProperty("--words", String(tools.axis.scale.length));
    section.style.setProperty("--parts", String(partsOf(tools.axis.scale, scale_as, LINES)));
    this.#bars = elements.map((element) => new Bar(/** @type {HTMLElement} */ (element), tools, this));
    // Whatever the order in the document, each keeps its place in the tray.
    this.#bars.forEach(({ slot }, place) => slot.style.setProperty("order", String(place)));
    const watch = new ResizeObserver(() => this.arrange());
    watch.observe(this.#field);
    tools.scope.hold(() => watch.disconnect());
  }

  /** @param {(token: string) => Look} look */
  draw(look) {
    for (const bar of this.#bars) bar.draw(look(bar.token));
    this.arrange();
  }

  settle() {
    for (const bar of this.#bars) bar.settle();
  }

  reveal() {
    // All bars are in view together.
  }

  /** @param {Element} element */
  tokenAt(element) {
    return this.#bars.find((bar) => bar.element === element)?.token;
  }

  /** Give every handle a row, and every bar its place among those that Tab and a screen reader come to. */
  arrange() {
    const { width } = this.#field.getBoundingClientRect();
    if (width === 0) return;
    const moving = this.#bars.find((bar) => bar.moving)?.token ?? null;
    const rows = rowsOf(this.#bars, (100 * HANDLE_PIXELS) / width, moving);
    for (const bar of this.#bars) bar.element.style.setProperty("--row", String(rows.get(bar.token) ?? 0));
    this.#rows = Math.max(this.#rows, ...[...rows.values()].map((row) => row + 1));
    this.section.style.setProperty("--rows", String(this.#rows));
    if (moving === null) this.#sort();
    const waiting = this.#bars.some((bar) => bar.waiting);
    this.#trayWords.textContent = this.words.say(waiting ? "not_placed" : "all_placed");
  }

  /**
   * @param {Bar} bar
   * @param {number} step
   */
  focusNeighbour(bar, step) {
    const order = inOrder(this.#bars);
    const next = order[(order.indexOf(bar) + step + order.length) % order.length];
    next?.element.focus();
  }

  /** @param {number} clientX */
  valueAt(clientX) {
    const { left, right, width } = this.#field.getBoundingClientRect();
    return (100 * (this.mirrored ? right - clientX : clientX - left)) / width;
  }

  /** @param {number} clientY */
  reaches(clientY) {
    return clientY < this.#field.getBoundingClientRect().bottom;
  }

  /** Whether the low end is on the right. */
  get mirrored() {
    return getComputedStyle(this.section).direction === "rtl";
  }

  #sort() {
    const order = inOrder(this.#bars).map(({ slot }) => slot);
    const parent = order[0]?.parentElement;
    const slots = [...(parent?.children ?? [])].filter((child) => child.matches(".slot"));
    if (!parent || order.every((slot, place) => slot === slots[place])) return;
    // A bar that is moved in the document loses the focus, so the others are moved around it.
    const still = order.findIndex((slot) => slot.contains(document.activeElement));
    order.forEach((slot, place) => {
      if (place < still) parent.insertBefore(slot, order[still] ?? null);
      else if (place > still) parent.append(slot);
    });
  }
}

class Bar {
  /** What is stored of it. @type {number | null} */
  #value = null;
  /** Where a drag has it over the axis. @type {number | null} */
  #held = null;
  /** @type {Drag | null} */
  #drag = null;
  /** The press that a click may follow was none. */
  #dragged = false;

  /**
   * @param {HTMLElement} element
   * @param {Tools} tools
   * @param {AxisBoard} board
   */
  constructor(element, { scope, words, data, axis, onPlay, onPlace, onMove }, board) {
    const { starts, unrated, scale_as, show_values } = /** @type {ScalePageData} */ (data);
    this.element = element;
    this.slot = /** @type {HTMLElement} */ (element.parentElement);
    this.board = board;
    this.words = words;
    this.scale = axis.scale;
    this.scaleAs = scale_as;
    this.onPlay = onPlay;
    this.onPlace = onPlace;
    this.onMove = onMove;
    this.token = element.dataset["token"] ?? "";
    this.label = data.stimuli.find(({ token }) => token === this.token)?.label ?? "";
    this.start = starts[this.token] ?? MIDDLE;
    this.fromTray = unrated === "tray";
    this.number = show_values ? within(element, "small") : null;
    this.keys = new KeyRun(scope, (from, at) => {
      this.onMove(this.token, { from, to: this.value, by: "keys" }, at);
      this.board.arrange();
    });
    scope.listen(element, "click", (/** @type {MouseEvent} */ event) => this.#click(event));
    scope.listen(element, "pointerdown", (/** @type {PointerEvent} */ event) => this.#grab(event));
    scope.listen(element, "pointermove", (/** @type {PointerEvent} */ event) => this.#pull(event));
    scope.listen(element, "pointerup", (/** @type {PointerEvent} */ event) => this.#drop(event));
    scope.listen(element, "pointercancel", () => this.#letGo());
    scope.listen(element, "keydown", (/** @type {KeyboardEvent} */ event) => this.#press(event));
    scope.listen(element, "blur", () => this.keys.end());
  }

  /** Where it stands, or would stand. */
  get value() {
    return this.#held ?? this.#value ?? this.start;
  }

  get unrated() {
    return this.#held === null && this.#value === null;
  }

  get waiting() {
    return this.fromTray && this.unrated;
  }

  get moving() {
    return this.#held !== null || this.keys.underWay;
  }

  settle() {
    if (this.#drag) this.#end(this.#drag, performance.now());
    this.keys.end();
  }

  /** @param {Look} look */
  draw(look) {
    const { classList } = this.element;
    this.#value = look.value;
    classList.toggle("heard", look.played);
    classList.toggle("playing", look.playing);
    classList.toggle("loading", look.state === "loading");
    classList.toggle("failed", look.state === "failed");
    this.element.style.setProperty("--heard", String(look.heard));
    this.element.setAttribute("aria-label", nameOf(this.label, look, this.words));
    this.#show();
  }

  #show() {
    const { classList, style } = this.element;
    classList.toggle("unrated", this.unrated);
    classList.toggle("waiting", this.waiting);
    classList.toggle("lifted", this.waiting && this.#drag?.begun === true);
    classList.toggle("held", this.#held !== null);
    style.setProperty("--value", String(this.value));
    const shown = this.unrated ? null : this.value;
    if (this.number) this.number.textContent = shown === null ? "" : String(shown);
    this.element.setAttribute("aria-valuenow", String(this.value));
    this.element.setAttribute("aria-valuetext", inWords(shown, this.scale, this.words, this.scaleAs));
  }

  /** @param {MouseEvent} event */
  #click({ detail }) {
    // Without a count it comes from a screen reader's own gesture, which has no pointer.
    if (detail === 0 || !this.#dragged) this.onPlay(this.token);
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0 || this.#drag) return;
    this.keys.end();
    event.preventDefault();
    this.element.focus({ preventScroll: true });
    this.element.setPointerCapture(event.pointerId);
    const { pointerId: pointer, clientX: x, clientY: y, timeStamp: at } = event;
    this.#drag = { pointer, x, y, at, value: this.value, begun: false };
  }

  /** @param {PointerEvent} event */
  #pull({ pointerId, clientX, clientY }) {
    const drag = this.#drag;
    if (drag?.pointer !== pointerId) return;
    const [right, down] = [clientX - drag.x, clientY - drag.y];
    const fromTray = this.fromTray && this.#value === null;
    const far = fromTray ? Math.hypot(right, down) : Math.abs(right);
    if (!drag.begun && far < DRAG_PIXELS) return;
    drag.begun = true;
    const { board, element } = this;
    if (fromTray) this.#held = board.reaches(clientY) ? toScale(board.valueAt(clientX)) : null;
    // It keeps its place under the pointer.
    else this.#held = toScale(drag.value + board.valueAt(clientX) - board.valueAt(drag.x));
    element.style.setProperty("--right", `${right}px`);
    element.style.setProperty("--down", `${down}px`);
    this.#show();
    board.arrange();
  }

  /** @param {PointerEvent} event */
  #drop(event) {
    if (this.#drag?.pointer === event.pointerId) this.#end(this.#drag, event.timeStamp);
  }

  /**
   * @param {Drag} drag
   * @param {number} at
   */
  #end({ begun, at: since }, at) {
    const rested = at - since >= CLICK_MILLISECONDS;
    // Dashed on the axis, a bar that is held and let go where it is has been placed there.
    const to = this.#held ?? (rested && !begun && this.unrated && !this.waiting ? this.start : null);
    const from = this.#value;
    this.#dragged = begun || rested;
    this.#letGo();
    if (to === null) return;
    this.onPlace(this.token, to);
    this.onMove(this.token, { from, to, by: "pointer" }, at);
  }

  /** Also when the browser has taken the pointer for itself, to scroll: then nothing was placed. */
  #letGo() {
    this.#drag = null;
    this.#held = null;
    this.#show();
    this.board.arrange();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const neighbour = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    const ahead = this.board.mirrored ? "ArrowLeft" : "ArrowRight";
    const key = event.key === "ArrowLeft" || event.key === "ArrowRight" ? (event.key === ahead ? "higher" : "lower") : event.key;
    const step = STEPS[key];
    if (!neighbour && !step) return;
    event.preventDefault();
    if (neighbour) this.board.focusNeighbour(this, neighbour);
    else if (step) this.#put(toScale(step(this.value, event.shiftKey)), event.timeStamp);
  }

  /**
   * @param {number} to
   * @param {number} at
   */
  #put(to, at) {
    if (to === this.#value) return;
    this.keys.press(this.#value, at);
    this.onPlace(this.token, to);
  }
}
