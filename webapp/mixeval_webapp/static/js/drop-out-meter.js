/**
 * Runs on the audio thread and reports, each half second, how far that thread is behind the wall clock.
 *
 * `currentFrame` grows by one render quantum a call even where calls were missed, so a drop-out cannot be seen in it
 * alone. Against a clock it can: audio that was not rendered in time leaves the context's time behind for good. A
 * device asks for several quanta at once, which makes single readings early by up to its buffer; the smallest of half a
 * second is steady. What it means is for drop-outs.js to say.
 */

/**
 * @typedef {object} AudioThread the global scope of an audio worklet, which TypeScript's DOM library does not know
 * @property {number} currentFrame
 * @property {number} sampleRate
 * @property {new () => {port: MessagePort}} AudioWorkletProcessor
 * @property {(name: string, processor: new () => {process: () => boolean}) => void} registerProcessor
 */
const thread = /** @type {AudioThread} */ (/** @type {unknown} */ (globalThis));

const REPORT_SECONDS = 0.5;

thread.registerProcessor(
  "drop-out-meter",
  class extends thread.AudioWorkletProcessor {
    #behindMs = Infinity;
    #reportAt = thread.currentFrame + REPORT_SECONDS * thread.sampleRate;

    process() {
      const { currentFrame, sampleRate } = thread;
      // Audio threads have no finer clock; drop-outs.js takes out what somebody sets it by.
      this.#behindMs = Math.min(this.#behindMs, Date.now() - (1000 * currentFrame) / sampleRate);
      if (currentFrame >= this.#reportAt) {
        this.port.postMessage({ behindMs: this.#behindMs });
        this.#behindMs = Infinity;
        this.#reportAt = currentFrame + REPORT_SECONDS * sampleRate;
      }
      return true;
    }
  },
);
