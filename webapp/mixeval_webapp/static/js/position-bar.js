/**
 * The bar that shows where the item is, for pointer, keys and screen readers.
 *
 * A click goes there, a drag marks a stretch that loops, its ends can be dragged, a double click takes it away; a click
 * outside puts it aside. The same by keys: the two ends and the position are sliders, and key() knows the page's own.
 */

import { LoopRegion } from "./loop-region.js";

/**
 * @typedef {import("./scope.js").Scope} Scope
 * @typedef {import("./loop-region.js").Region} Region
 * @typedef {import("./words.js").Words} Words
 */

/** A pointer that moves less is a click, in CSS pixels. */
const CLICK_PIXELS = 6;
/** The sound follows ends that move when they have rested for this long. */
const REST_SECONDS = 0.3;
const STEP_SECONDS = 0.1;
const BIG_STEP_SECONDS = 1;

export class PositionBar {
  #position = 0;
  #drawn = -1;
  /** @type {{pointer: number, x: number, what: "mark" | "start" | "end", moved: boolean, before: {kept: Region | null, on: boolean}} | null} */
  #drag = null;
  /** @type {(() => void) | null} */
  #resting = null;

  /**
   * @param {HTMLElement} bar
   * @param {{scope: Scope, itemSeconds: number, words: Words, calm?: () => boolean,
   *   onSeek: (seconds: number) => void, onRegion: (region: Region | null) => void}} tools
   *   calm: whether the listener wants no motion
   */
  constructor(bar, { scope, itemSeconds, words, calm = wantsCalm, onSeek, onRegion }) {
    this.bar = bar;
    this.scope = scope;
    this.itemSeconds = itemSeconds;
    this.words = words;
    this.calm = calm;
    this.onSeek = onSeek;
    this.onRegion = onRegion;
    this.region = new LoopRegion(itemSeconds);
    this.stretch = add(bar, "i", "stretch");
    this.start = this.#slider("handle from", words.say("loop_start"));
    this.now = this.#slider("now", words.say("position"));
    this.end = this.#slider("handle to", words.say("loop_end"));
    this.told = add(bar, "p", "heard-only");
    this.told.setAttribute("role", "status");
    scope.listen(bar, "pointerdown", (/** @type {PointerEvent} */ event) => this.#grab(event));
    scope.listen(bar, "pointermove", (/** @type {PointerEvent} */ event) => this.#pull(event));
    scope.listen(bar, "pointerup", (/** @type {PointerEvent} */ event) => this.#drop(event));
    scope.listen(bar, "pointercancel", () => this.#giveUp());
    scope.listen(bar, "dblclick", () => this.#clear());
    scope.listen(this.start, "keydown", (/** @type {KeyboardEvent} */ event) => this.#onEndKey("start", event));
    scope.listen(this.end, "keydown", (/** @type {KeyboardEvent} */ event) => this.#onEndKey("end", event));
    scope.listen(this.now, "keydown", (/** @type {KeyboardEvent} */ event) => this.#onPositionKey(event));
    scope.listen(this.now, "focus", () => this.#tellPosition());
    this.#draw();
  }

  /** A canvas between what has passed and what is marked. */
  canvas() {
    const canvas = document.createElement("canvas");
    canvas.hidden = true;
    canvas.setAttribute("aria-hidden", "true");
    this.stretch.before(canvas);
    return canvas;
  }

  /** @param {number} seconds into the item; drawn, but not read out as it runs */
  showPosition(seconds) {
    this.#position = seconds;
    const drawn = this.calm() ? Math.floor(seconds) : seconds;
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.bar.style.setProperty("--now", String(drawn / this.itemSeconds));
  }

  /**
   * A key that was pressed anywhere on the page: L loops the marked stretch or all of it, [ and ] set its ends where
   * the sound is, T tells the time. Returns whether it was one of these.
   * @param {string} key
   */
  key(key) {
    switch (key) {
      case "l": case "L":
        this.#toggle();
        return true;
      case "[":
        this.region.beginAt(this.#position);
        this.#commit();
        return true;
      case "]":
        this.region.endAt(this.#position);
        this.#commit();
        return true;
      case "t": case "T":
        this.#announce(this.#positionInWords());
        return true;
      default:
        return false;
    }
  }

  /** End what the pointer or the keys have begun. */
  settle() {
    if (this.#drag) this.#giveUp();
    if (this.#resting) this.#commit();
  }

  #toggle() {
    if (this.region.toggle()) this.#commit();
    else this.#announce(this.words.say("no_loop"));
  }

  #clear() {
    if (!this.region.kept) return;
    this.region.clear();
    this.#commit();
  }

  /** @param {PointerEvent} event */
  #grab(event) {
    if (event.button !== 0 || this.#drag) return;
    event.preventDefault();
    const target = /** @type {Node} */ (event.target);
    const what = target === this.start ? "start" : target === this.end ? "end" : "mark";
    if (what !== "mark") this[what].focus({ preventScroll: true });
    this.bar.setPointerCapture(event.pointerId);
    this.#drag = { pointer: event.pointerId, x: event.clientX, what, moved: false, before: this.region.state };
  }

  /** @param {PointerEvent} event */
  #pull(event) {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    if (Math.abs(event.clientX - drag.x) >= CLICK_PIXELS) drag.moved = true;
    if (!drag.moved) return;
    if (drag.what === "mark") this.region.mark(this.#secondsAt(drag.x), this.#secondsAt(event.clientX));
    else this.region.move(drag.what, this.#endOf(drag) + this.#secondsAt(event.clientX) - this.#secondsAt(drag.x));
    this.#draw();
    this.#rest();
  }

  /** @param {PointerEvent} event */
  #drop(event) {
    const drag = this.#drag;
    if (drag?.pointer !== event.pointerId) return;
    this.#drag = null;
    if (drag.moved) this.#commit();
    else this.#click(this.#secondsAt(event.clientX));
  }

  /** The browser took the pointer for itself, to scroll: then nothing was marked. */
  #giveUp() {
    if (!this.#drag) return;
    const { before, moved } = this.#drag;
    this.#drag = null;
    this.region.restore(before);
    if (moved) this.#commit();
  }

  /** @param {number} seconds */
  #click(seconds) {
    if (this.region.active && !this.region.holds(seconds)) {
      this.region.putAside();
      this.#commit();
    }
    this.onSeek(seconds);
  }

  /**
   * @param {"start" | "end"} which
   * @param {KeyboardEvent} event
   */
  #onEndKey(which, event) {
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      return this.#clear();
    }
    const to = steppedBy(event, this.region.ends[which], this.itemSeconds);
    if (to === null) return;
    this.region.move(which, to);
    this.#draw();
    this.#rest();
  }

  /** @param {KeyboardEvent} event */
  #onPositionKey(event) {
    const to = steppedBy(event, this.#position, this.itemSeconds, BIG_STEP_SECONDS);
    if (to === null) return;
    this.showPosition(to);
    this.#click(to);
    this.#tellPosition();
  }

  #rest() {
    this.#resting?.();
    this.#resting = this.scope.after(REST_SECONDS, () => this.#commit());
  }

  /** Let the sound follow, and say what loops now. */
  #commit() {
    this.#resting?.();
    this.#resting = null;
    this.#draw();
    const { active } = this.region;
    this.onRegion(active);
    const { words } = this;
    this.#announce(
      active
        ? words.say("looping", { start: words.number(inSeconds(active.start)), end: words.number(inSeconds(active.end)) })
        : words.say("all_plays"),
    );
  }

  #draw() {
    const { ends, active, kept } = this.region;
    this.bar.style.setProperty("--start", String(ends.start / this.itemSeconds));
    this.bar.style.setProperty("--end", String(ends.end / this.itemSeconds));
    this.bar.classList.toggle("marked", kept !== null);
    this.bar.classList.toggle("looping", active !== null);
    this.#tell(this.start, ends.start, this.#inWords(ends.start));
    this.#tell(this.end, ends.end, this.#inWords(ends.end));
  }

  #tellPosition() {
    this.#tell(this.now, this.#position, this.#positionInWords());
  }

  #positionInWords() {
    const seconds = this.words.number(inSeconds(this.#position));
    const length = this.words.number(inSeconds(this.itemSeconds));
    return this.words.say("position_at", { seconds, length });
  }

  /** @param {number} seconds */
  #inWords(seconds) {
    return this.words.say("seconds", { seconds: this.words.number(inSeconds(seconds)) });
  }

  /** @param {string} text for those who do not see the bar */
  #announce(text) {
    this.told.textContent = text;
  }

  /**
   * @param {HTMLElement} slider
   * @param {number} seconds
   * @param {string} words
   */
  #tell(slider, seconds, words) {
    slider.setAttribute("aria-valuenow", inSeconds(seconds));
    slider.setAttribute("aria-valuetext", words);
  }

  /**
   * @param {string} classes
   * @param {string} name
   */
  #slider(classes, name) {
    const slider = add(this.bar, "span", classes);
    slider.tabIndex = 0;
    slider.setAttribute("role", "slider");
    slider.setAttribute("aria-label", name);
    slider.setAttribute("aria-valuemin", "0");
    slider.setAttribute("aria-valuemax", inSeconds(this.itemSeconds));
    this.#tell(slider, 0, this.#inWords(0));
    return slider;
  }

  /** @param {{what: "mark" | "start" | "end", before: {kept: Region | null}}} drag */
  #endOf({ what, before }) {
    const ends = before.kept ?? { start: 0, end: this.itemSeconds };
    return what === "start" ? ends.start : ends.end;
  }

  /** @param {number} x of the window */
  #secondsAt(x) {
    const { left, width } = this.bar.getBoundingClientRect();
    return Math.min(1, Math.max(0, (x - left) / width)) * this.itemSeconds;
  }
}

/**
 * Where a slider's key moves to; null for other keys.
 * @param {KeyboardEvent} event
 * @param {number} from seconds
 * @param {number} most
 * @param {number} [step]
 */
function steppedBy(event, from, most, step = STEP_SECONDS) {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const small = event.shiftKey ? BIG_STEP_SECONDS : step;
  /** @type {Record<string, number>} */
  const places = {
    ArrowRight: from + small, ArrowUp: from + small, ArrowLeft: from - small, ArrowDown: from - small,
    PageUp: from + BIG_STEP_SECONDS, PageDown: from - BIG_STEP_SECONDS, Home: 0, End: most,
  };
  const to = places[event.key];
  if (to === undefined) return null;
  event.preventDefault();
  return Math.min(most, Math.max(0, to));
}

/** @param {number} seconds */
function inSeconds(seconds) {
  return (Math.round(seconds * 10) / 10).toFixed(1);
}

/**
 * @param {HTMLElement} parent
 * @param {string} tag
 * @param {string} classes
 */
function add(parent, tag, classes) {
  const element = document.createElement(tag);
  element.className = classes;
  parent.append(element);
  return element;
}

function wantsCalm() {
  return matchMedia("(prefers-reduced-motion: reduce)").matches;
}
