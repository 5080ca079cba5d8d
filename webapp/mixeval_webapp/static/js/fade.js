/**
 * A gain that moves in straight lines, kept by ourselves.
 *
 * `AudioParam.value` read while a ramp runs is a render quantum or more late, and a ramp that is not pinned
 * starts at the last event, however long ago that was: the gain then jumps. So every breakpoint is known here,
 * and each new fade is pinned to the value that the curve has at its start. `cancelAndHoldAtTime` would do
 * the same, where it exists.
 */

/** @typedef {Pick<AudioParam, "cancelScheduledValues" | "setValueAtTime" | "linearRampToValueAtTime">} Automation */

export class Fade {
  /** @type {{time: number, value: number}[]} */
  #points;

  /**
   * @param {Automation} param
   * @param {number} value
   * @param {number} time seconds on the context's clock
   */
  constructor(param, value, time) {
    this.param = param;
    this.#points = [{ time, value }];
    param.setValueAtTime(value, time);
  }

  /** @param {number} time */
  at(time) {
    const next = this.#points.findIndex((point) => point.time > time);
    const before = this.#points.at(next === -1 ? -1 : Math.max(0, next - 1));
    const after = next === -1 ? before : this.#points[next];
    if (!before || !after) throw new RangeError("A fade has at least one point.");
    if (after.time <= before.time || time <= before.time) return before.value;
    return before.value + ((after.value - before.value) * (time - before.time)) / (after.time - before.time);
  }

  /**
   * Move to `value` in a straight line from `time` on; what was planned after `time` is given up.
   * @param {number} value
   * @param {number} time
   * @param {number} seconds
   */
  to(value, time, seconds) {
    const reached = this.at(time);
    const halfway = this.#points.some((point) => point.time > time);
    // The newest breakpoint before `time` is all of the past that the curve still needs.
    const past = this.#points.filter((point) => point.time < time).slice(-1);
    this.#points = [...past, { time, value: reached }, { time: time + seconds, value }];
    this.param.cancelScheduledValues(time);
    // Cancelling took away the end of the ramp that runs now: lay its first part again, up to `time`.
    if (halfway && past.length > 0) this.param.linearRampToValueAtTime(reached, time);
    this.param.setValueAtTime(reached, time);
    this.param.linearRampToValueAtTime(value, time + seconds);
  }
}
