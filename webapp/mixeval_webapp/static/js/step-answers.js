/** What the listener has answered so far on a page that rates nothing. Knows no DOM and no network. */

/**
 * @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer
 */

export class StepAnswers {
  /** @type {Map<string, WrittenAnswer>} */
  #written = new Map();
  #sequence;

  /**
   * @param {{answers: WrittenAnswer[], next_sequence: number}} data what the server holds
   * @param {{waiting?: WrittenAnswer[], onWrite?: (answer: WrittenAnswer) => void}} [tools]
   *   waiting: what this browser holds and the server may not have
   */
  constructor(data, { waiting = [], onWrite = () => {} } = {}) {
    this.onWrite = onWrite;
    for (const answer of [...data.answers, ...waiting]) {
      const held = this.#written.get(key(answer));
      if (!held || answer.sequence > held.sequence) this.#written.set(key(answer), answer);
    }
    // The server begins above what an earlier view of this page may have sent, by its own clock.
    this.#sequence = Math.max(data.next_sequence, ...waiting.map(({ sequence }) => sequence + 1));
  }

  /**
   * @param {string} name
   * @param {string} [subject] a sound's token, or empty
   * @returns {any} null while there is none
   */
  value(name, subject = "") {
    return this.#written.get(key({ subject, name }))?.value ?? null;
  }

  /**
   * Keep an answer, and hand it on if it is new.
   * @param {string} name
   * @param {any} value null takes it back
   * @param {string} [subject]
   */
  write(name, value, subject = "") {
    if (JSON.stringify(this.value(name, subject)) === JSON.stringify(value)) return;
    const answer = { subject, name, value, sequence: this.takeSequence() };
    this.#written.set(key(answer), answer);
    this.onWrite(answer);
  }

  all() {
    return [...this.#written.values()];
  }

  takeSequence() {
    return this.#sequence++;
  }
}

/** @param {{subject: string, name: string}} answer */
function key({ subject, name }) {
  return `${subject} ${name}`;
}
