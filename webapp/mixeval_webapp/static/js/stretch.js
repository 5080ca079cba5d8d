/**
 * A stretch of the item that plays or loops, in whole frames.
 *
 * Loop points of a source are given in seconds and cut to frames by each browser in its own way, and setting them
 * on seven sources that run is not one act. So a stretch is rounded to frames here, once, and its mixes are cut out
 * into buffers of that many frames, which loop whole: they cannot slide apart, however often they come round.
 */

/**
 * @typedef {object} Stretch
 * @property {number} start first frame, counted from the item's first
 * @property {number} frames how many
 */

/** A listener's loop is at least this long, in seconds. */
export const SHORTEST_SECONDS = 0.1;
/** Fade at either end of a stretch, in seconds: cut anywhere, it would click each time it comes round. */
export const EDGE_SECONDS = 0.004;

/**
 * The stretch between two moments, in either order, inside the item and not shorter than SHORTEST_SECONDS.
 * @param {number} one seconds into the item
 * @param {number} other
 * @param {{frames: number, sampleRate: number}} item
 * @returns {Stretch}
 */
export function stretchBetween(one, other, { frames, sampleRate }) {
  const shortest = Math.min(frames, Math.round(SHORTEST_SECONDS * sampleRate));
  /** @param {number} seconds */
  const frameAt = (seconds) => Math.min(frames, Math.max(0, Math.round(seconds * sampleRate)));
  const end = Math.max(shortest, frameAt(Math.max(one, other)));
  const start = Math.min(frameAt(Math.min(one, other)), end - shortest);
  return { start, frames: end - start };
}

/**
 * Cut a stretch out of a mix, faded in and out at its ends by half a cosine.
 * @param {BaseAudioContext} context
 * @param {AudioBuffer} buffer
 * @param {Stretch} stretch
 */
export function cutOut(context, buffer, { start, frames }) {
  const { numberOfChannels, sampleRate } = buffer;
  const piece = context.createBuffer(numberOfChannels, frames, sampleRate);
  const edge = Math.min(Math.round(EDGE_SECONDS * sampleRate), Math.floor(frames / 2));
  const samples = new Float32Array(frames);
  for (let channel = 0; channel < numberOfChannels; channel++) {
    // Not getChannelData: Firefox copies the whole mix for it.
    buffer.copyFromChannel(samples, channel, start);
    fadeEdges(samples, edge);
    piece.copyToChannel(samples, channel);
  }
  return piece;
}

/**
 * @param {Float32Array} samples
 * @param {number} edge frames
 */
export function fadeEdges(samples, edge) {
  const last = samples.length - 1;
  for (let frame = 0; frame < edge; frame++) {
    const gain = 0.5 - 0.5 * Math.cos((Math.PI * (frame + 0.5)) / edge);
    samples[frame] = (samples[frame] ?? 0) * gain;
    samples[last - frame] = (samples[last - frame] ?? 0) * gain;
  }
}
