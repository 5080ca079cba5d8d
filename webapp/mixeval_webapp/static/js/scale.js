/** A continuous scale from 0 to 100 under its words. */

export const MIDDLE = 50;

/** @param {number} value */
export function toScale(value) {
  return Math.round(Math.min(100, Math.max(0, value)));
}

/**
 * Into how many parts lines divide a scale.
 * @param {string[]} scale
 * @param {"points" | "intervals"} scaleAs
 * @param {number} ofFewWords the parts of a scale whose own words are too few to guide the eye
 */
export function partsOf(scale, scaleAs, ofFewWords) {
  if (scaleAs === "intervals") return scale.length;
  return scale.length < 4 ? ofFewWords : scale.length - 1;
}

/**
 * Say where on the scale a value stands, for those who do not see it.
 * @param {number | null} value
 * @param {string[]} scale words from the low end to the high end
 * @param {import("./words.js").Words} words
 * @param {"points" | "intervals"} [scaleAs] whether a word names a point of the scale, or a part of it
 */
export function inWords(value, scale, words, scaleAs = "points") {
  if (value === null) return words.say("not_rated");
  if (scaleAs === "intervals") {
    const part = Math.min(scale.length - 1, Math.floor((value / 100) * scale.length));
    return words.say("at", { value, word: scale[part] ?? "" });
  }
  const place = (value / 100) * (scale.length - 1);
  const below = scale[Math.floor(place)] ?? "";
  const above = scale[Math.ceil(place)] ?? "";
  return below === above ? words.say("at", { value, word: below }) : words.say("between", { value, below, above });
}

/**
 * Name a mix's control, with what those hear who do not see how it is drawn.
 * @param {string} label
 * @param {import("./interfaces.js").Look} look
 * @param {import("./words.js").Words} words
 * @param {"mix" | "play_mix" | "play_heard"} [key] what it is called while there is nothing to tell
 */
export function nameOf(label, { state, playing, heard }, words, key = "mix") {
  if (state === "loading") return words.say("mix_loading", { label });
  if (state === "failed") return words.say("mix_failed", { label });
  if (state === "unplayable") return words.say("mix_unplayable", { label });
  if (key === "mix" && playing) return words.say("mix_playing", { label });
  // While it plays the part grows all the time, and a name that changes is read out again and again.
  if (!playing && heard > 0 && heard < 1) return words.say("mix_heard", { name: words.say(key, { label }), percent: Math.floor(100 * heard) });
  return words.say(key, { label });
}
