/**
 * Drop-outs: moments of which the audio thread rendered nothing, told from how far it falls behind the wall clock.
 *
 * The meter (drop-out-meter.js) reports the smallest lag of each half second. Two clocks drift apart by some 0.01 % and
 * schedulers jitter by a few milliseconds; a lag that grows by more than LOST_MS from one report to the next is audio that
 * was lost. What is lost and caught up within half a second, what a device swallows after the browser handed it over
 * (radio headphones), and gaps below LOST_MS are not seen. Setting the computer's clock looks the same to the meter;
 * it is told by the page's steady clock and taken out.
 */

/** @typedef {import("./scope.js").Scope} Scope */

const LOST_MS = 10;
const QUANTUM_FRAMES = 128;
/** Reports that may still speak of the time before a suspension. */
const STALE_REPORTS = 2;
/** More drop-outs within this time are told together. */
const GATHER_SECONDS = 5;

export class DropOuts {
  /** @type {number | null} */
  #behindMs = null;
  /** @type {number | null} */
  #shiftMs = null;
  #stale = STALE_REPORTS;
  #count = 0;
  #lostMs = 0;
  #longestMs = 0;
  /** @type {(() => void) | null} */
  #gathering = null;

  /**
   * @param {MessagePort | EventTarget} port of the meter's node
   * @param {{scope: Scope, sampleRate: number, now: () => {wall: number, steady: number},
   *   situation: () => {stimulus: string | null, hidden: boolean},
   *   log: (kind: string, stimulus: string | null, detail: object) => void}} tools
   *   now: the computer's clock and one that nobody sets, milliseconds
   */
  constructor(port, { scope, sampleRate, now, situation, log }) {
    this.scope = scope;
    this.sampleRate = sampleRate;
    this.now = now;
    this.situation = situation;
    this.log = log;
    scope.listen(port, "message", (/** @type {MessageEvent} */ { data }) => this.#take(data));
    if ("start" in port) port.start();
  }

  /** The context stood still or goes on: the lag starts anew. */
  reset() {
    this.#behindMs = null;
    this.#stale = STALE_REPORTS;
  }

  /** Tell what has been gathered. */
  settle() {
    this.#gathering?.();
    this.#gathering = null;
    if (this.#count === 0) return;
    const { stimulus, hidden } = this.situation();
    this.log("drop_out", stimulus, {
      count: this.#count, lost_ms: Math.round(this.#lostMs), longest_ms: Math.round(this.#longestMs),
      quanta: Math.round((this.#lostMs * this.sampleRate) / 1000 / QUANTUM_FRAMES), hidden,
    });
    this.#count = this.#lostMs = this.#longestMs = 0;
  }

  /** @param {{behindMs: number}} report */
  #take({ behindMs }) {
    const { wall, steady } = this.now();
    const shiftMs = wall - steady;
    const set = this.#shiftMs === null ? 0 : shiftMs - this.#shiftMs;
    this.#shiftMs = shiftMs;
    const before = this.#behindMs;
    this.#behindMs = behindMs;
    if (this.#stale > 0) {
      this.#stale--;
      return;
    }
    const lostMs = before === null ? 0 : behindMs - before - set;
    if (lostMs > LOST_MS && this.situation().stimulus !== null) this.#note(lostMs);
  }

  /** @param {number} lostMs */
  #note(lostMs) {
    this.#count++;
    this.#lostMs += lostMs;
    this.#longestMs = Math.max(this.#longestMs, lostMs);
    if (this.#gathering) return;
    this.settle();
    this.#gathering = this.scope.after(GATHER_SECONDS, () => {
      this.#gathering = null;
      this.settle();
    });
  }
}
