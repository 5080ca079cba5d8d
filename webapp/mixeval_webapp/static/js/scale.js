/** A continuous scale from 0 to 100 under its words. */

export const MIDDLE = 50;

/** @param {number} value */
export function toScale(value) {
  return Math.round(Math.min(100, Math.max(0, value)));
}

/**
 * Say where on the scale a value stands, for those who do not see it.
 * @param {number | null} value
 * @param {string[]} scale words from the low end to the high end
 * @param {import("./words.js").Words} words
 */
export function inWords(value, scale, words) {
  if (value === null) return words.say("not_rated");
  const place = (value / 100) * (scale.length - 1);
  const below = scale[Math.floor(place)] ?? "";
  const above = scale[Math.ceil(place)] ?? "";
  return below === above ? words.say("at", { value, word: below }) : words.say("between", { value, below, above });
}
