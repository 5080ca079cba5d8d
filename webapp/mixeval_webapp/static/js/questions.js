/** Which of a page's questions are to be answered, and what an answer is. Knows no DOM. */

/**
 * @typedef {object} Question
 * @property {string} id
 * @property {"text" | "long_text" | "number" | "choice" | "choices" | "scale"} type
 * @property {string} name how it is called where something is still to do
 * @property {boolean} required
 * @property {string | null} decline the answer of those who would rather give none
 * @property {number | null} low
 * @property {number | null} high
 * @property {boolean} whole
 * @property {{question: string, is: (string | number)[]} | null} only_if
 */

/** @param {any} value */
export function isAnswered(value) {
  return value !== null && value !== "" && !(Array.isArray(value) && value.length === 0);
}

/**
 * The ids of the questions that are to be answered, given the answers so far.
 * @param {Question[]} questions
 * @param {(id: string) => any} answer
 * @returns {Set<string>}
 */
export function shownQuestions(questions, answer) {
  /** @type {Set<string>} */
  const shown = new Set();
  for (const { id, only_if } of questions) {
    if (!only_if) {
      shown.add(id);
      continue;
    }
    const value = answer(only_if.question);
    const given = Array.isArray(value) ? value : [value];
    // What hangs on a hidden question is hidden too, whatever was answered before it was.
    if (shown.has(only_if.question) && given.some((one) => only_if.is.includes(one))) shown.add(id);
  }
  return shown;
}

/**
 * Read a number as people write it, with a point or a comma; null where it is none that the question takes.
 * @param {string} text
 * @param {Question} question
 */
export function readNumber(text, { low, high, whole }) {
  const plain = text.trim().replace(",", ".");
  const value = Number(plain);
  if (plain === "" || !Number.isFinite(value) || (whole && !Number.isInteger(value))) return null;
  return (low !== null && value < low) || (high !== null && value > high) || Math.abs(value) > 1e9 ? null : value;
}

/**
 * What to say of a question that is not answered, or not as it can be.
 * @param {Question} question
 * @param {boolean} written whether something stands there
 * @param {import("./words.js").Words} words
 */
export function complaint({ type, low, high, whole }, written, words) {
  if (type !== "number" || !written) return words.say("answer_this");
  const bounded = low !== null && high !== null;
  const key = `answer_${whole ? "whole" : "number"}${bounded ? "_between" : ""}`;
  return words.say(key, { low: words.number(low ?? ""), high: words.number(high ?? "") });
}
