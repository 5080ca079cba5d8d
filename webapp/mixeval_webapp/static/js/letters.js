/** Which mix a key plays: its letter, or its number from the left; R and 0 the reference, X the unknown one. */

/** @typedef {import("./page-data.js").Stimulus} Stimulus */

/**
 * @param {Stimulus[]} stimuli
 * @returns {(key: string) => string | undefined} from a key's name to a token
 */
export function tokenForKey(stimuli) {
  /** @type {Map<string, string>} */
  const tokens = new Map();
  const rated = stimuli.filter(({ role }) => role === "rated" || role === "heard");
  for (const { role, token } of stimuli) {
    if (role === "reference") tokens.set("r", token).set("0", token);
    if (role === "x") tokens.set("x", token);
  }
  rated.slice(0, 9).forEach(({ token }, index) => tokens.set(String(index + 1), token));
  for (const { label, token } of rated) tokens.set(label.toLowerCase(), token);
  return (key) => tokens.get(key.toLowerCase());
}
