/** An order that grows from the top, and the values that say it: of k mixes the first has k, the next k - 1. */

/**
 * The mixes that have a place, the best first.
 * @param {Map<string, number | null>} values by token, in the order in which mixes that share a value are taken
 */
export function order(values) {
  return [...values.entries()]
    .flatMap(([token, value]) => (value === null ? [] : [{ token, value }]))
    .sort((one, other) => other.value - one.value)
    .map(({ token }) => token);
}

/**
 * The order with one mix put at a place, which it may have had no place before.
 * @param {string[]} tokens
 * @param {string} token
 * @param {number} index among the other mixes; the nearest one that there is
 */
export function placed(tokens, token, index) {
  const others = tokens.filter((other) => other !== token);
  const at = Math.min(others.length, Math.max(0, index));
  return [...others.slice(0, at), token, ...others.slice(at)];
}

/**
 * @param {string[]} tokens the best first
 * @param {number} count of all mixes, placed or not
 * @returns {[string, number][]}
 */
export function valuesOf(tokens, count) {
  return tokens.map((token, index) => [token, count - index]);
}
