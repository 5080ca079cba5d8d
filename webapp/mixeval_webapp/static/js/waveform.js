/**
 * A picture of the loudest moments along the item, by option. It is the mean over all mixes of the page, never of one:
 * a picture of the mix that plays would tell the mixes apart by eye.
 */

/** @typedef {import("./scope.js").Scope} Scope */

/**
 * Largest magnitude in each of `bins` equal parts of a mix, over its channels.
 * @param {AudioBuffer} buffer
 * @param {number} bins
 */
export function peaksOf(buffer, bins) {
  const peaks = new Float64Array(bins);
  const part = new Float32Array(Math.ceil(buffer.length / bins) + 1);
  for (let channel = 0; channel < buffer.numberOfChannels; channel++) {
    for (let bin = 0; bin < bins; bin++) {
      const from = Math.floor((bin * buffer.length) / bins);
      const upTo = Math.floor(((bin + 1) * buffer.length) / bins);
      const samples = part.subarray(0, upTo - from);
      buffer.copyFromChannel(samples, channel, from);
      for (const sample of samples) peaks[bin] = Math.max(peaks[bin] ?? 0, Math.abs(sample));
    }
  }
  return peaks;
}

/**
 * Mean of the mixes' peaks, scaled so that the largest is 1; null where it would be the picture of one mix.
 * @param {Float64Array[]} mixes
 */
export function meanPeaks(mixes) {
  const [first] = mixes;
  if (!first || mixes.length < 2) return null;
  const mean = first.map((_, bin) => mixes.reduce((sum, peaks) => sum + (peaks[bin] ?? 0), 0) / mixes.length);
  const largest = Math.max(...mean);
  return largest > 0 ? mean.map((peak) => peak / largest) : mean;
}

export class Waveform {
  /** @type {Float64Array | null} */
  #peaks = null;

  /**
   * @param {HTMLCanvasElement} canvas its CSS colour is the ink
   * @param {{scope: Scope}} tools
   */
  constructor(canvas, { scope }) {
    this.canvas = canvas;
    this.scope = scope;
    scope.listen(globalThis, "resize", () => this.#draw());
    for (const query of ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"])
      scope.listen(matchMedia(query), "change", () => this.#draw());
  }

  /**
   * Draw all mixes of the page as one. Call it once, when nothing is on its way any more: drawn as mixes come in, each
   * would show by what it changes.
   * @param {AudioBuffer[]} mixes
   */
  async show(mixes) {
    /** @type {Float64Array[]} */
    const found = [];
    for (const mix of mixes) {
      found.push(peaksOf(mix, 400));
      // A mix takes some milliseconds; in between, keys and clicks have their turn.
      await new Promise((go) => this.scope.after(0, () => go(null)));
    }
    this.#peaks = meanPeaks(found);
    this.#draw();
  }

  #draw() {
    const { canvas } = this;
    const pen = canvas.getContext("2d");
    if (!this.#peaks || !pen) return;
    canvas.hidden = false;
    canvas.width = Math.max(1, Math.round(canvas.clientWidth * devicePixelRatio));
    canvas.height = Math.max(1, Math.round(canvas.clientHeight * devicePixelRatio));
    pen.fillStyle = getComputedStyle(canvas).color;
    const { width, height } = canvas;
    const step = width / this.#peaks.length;
    this.#peaks.forEach((peak, bin) => {
      const tall = Math.max(1, peak * height * 0.9);
      pen.fillRect(bin * step, (height - tall) / 2, Math.max(1, step * 0.7), tall);
    });
  }
}
