/** The stretch that a listener loops: set by its ends, put aside and taken up again. Knows no DOM and no sound. */

import { SHORTEST_SECONDS } from "./stretch.js";

/** @typedef {{start: number, end: number}} Region seconds into the item */

export class LoopRegion {
  /** @type {Region | null} */
  #kept = null;
  #on = false;

  /** @param {number} itemSeconds */
  constructor(itemSeconds) {
    this.itemSeconds = itemSeconds;
    this.shortest = Math.min(SHORTEST_SECONDS, itemSeconds);
  }

  /** What loops; null: all of the item. */
  get active() {
    return this.#on ? this.#kept : null;
  }

  /** What is marked, whether it loops at present or not. */
  get kept() {
    return this.#kept;
  }

  /** Where the handles stand. @returns {Region} */
  get ends() {
    return this.#kept ?? { start: 0, end: this.itemSeconds };
  }

  /**
   * Mark the stretch between two moments, in either order, and loop it; all of the item marks nothing.
   * @param {number} one
   * @param {number} other
   */
  mark(one, other) {
    const end = clamp(Math.max(one, other), this.shortest, this.itemSeconds);
    const start = clamp(Math.min(one, other), 0, end - this.shortest);
    const whole = start === 0 && end === this.itemSeconds;
    this.#kept = whole ? null : { start, end };
    this.#on = !whole;
  }

  /**
   * Let it begin here; where it ended before that, it ends with the item.
   * @param {number} seconds
   */
  beginAt(seconds) {
    const { end } = this.ends;
    this.mark(seconds, end - seconds >= this.shortest ? end : this.itemSeconds);
  }

  /**
   * Let it end here; where it began after that, it begins with the item.
   * @param {number} seconds
   */
  endAt(seconds) {
    const { start } = this.ends;
    this.mark(seconds - start >= this.shortest ? start : 0, seconds);
  }

  /**
   * Move one end by so much, not past the other.
   * @param {"start" | "end"} which
   * @param {number} seconds where to
   */
  move(which, seconds) {
    const { start, end } = this.ends;
    if (which === "start") this.mark(clamp(seconds, 0, end - this.shortest), end);
    else this.mark(start, clamp(seconds, start + this.shortest, this.itemSeconds));
  }

  /** Loop what is marked, or all; false where nothing is marked. */
  toggle() {
    if (this.#kept) this.#on = !this.#on;
    return this.#kept !== null;
  }

  /** @param {number} seconds */
  holds(seconds) {
    return this.active !== null && seconds >= this.active.start && seconds <= this.active.end;
  }

  putAside() {
    this.#on = false;
  }

  clear() {
    this.#kept = null;
    this.#on = false;
  }

  /**
   * Come back to an earlier state.
   * @param {{kept: Region | null, on: boolean}} state
   */
  restore({ kept, on }) {
    this.#kept = kept;
    this.#on = on && kept !== null;
  }

  get state() {
    return { kept: this.#kept, on: this.#on };
  }
}

/**
 * @param {number} value
 * @param {number} least
 * @param {number} most
 */
function clamp(value, least, most) {
  return Math.max(least, Math.min(most, value));
}
