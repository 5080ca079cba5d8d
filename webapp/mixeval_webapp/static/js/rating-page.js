/** What the listener has said so far: a page's answers, and what is still to do. Knows no DOM and no network. */

/**
 * @typedef {import("./interfaces.js").Rule} Rule
 * @typedef {import("./page-data.js").RatingPageData} RatingPageData
 * @typedef {import("./page-data.js").Stimulus} Stimulus
 * @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer
 *
 * @typedef {object} Answer one row as the server stores it: a mix, for one attribute
 * @property {string} stimulus
 * @property {string} attribute
 * @property {number | null} value
 * @property {boolean} moved
 * @property {boolean} played
 * @property {number} listened_seconds
 * @property {boolean} unplayable
 * @property {number} sequence a newer answer has a higher one
 *
 * @typedef {Record<string, string[]>} Todo from the kind of task to the names that it is still to be done for
 */

/** A mix counts as played once it was audible for this long. */
export const PLAYED_SECONDS = 0.25;

export class RatingPage {
  /** @type {Map<string, Readonly<Answer>>} */
  #answers = new Map();
  /** @type {Map<string, WrittenAnswer>} */
  #written = new Map();
  #sequence;

  /**
   * @param {RatingPageData} data
   * @param {{ratings?: Iterable<Answer>, written?: Iterable<WrittenAnswer>}} [waiting] what this browser holds and
   *   the server may not have
   * @param {Rule} [rule] says what is still to be answered
   */
  constructor(data, { ratings = [], written = [] } = {}, rule = placeEach) {
    this.data = data;
    this.rule = rule;
    for (const stimulus of data.stimuli)
      for (const attribute of this.#attributesOf(stimulus)) {
        const stored = stimulus.answers.find((answer) => answer.attribute === attribute) ?? UNANSWERED;
        this.#put({ ...stored, stimulus: stimulus.token, attribute });
      }
    for (const answer of data.answers) this.#written.set(writtenKey(answer), answer);
    // By the server's clock, above what an earlier view of this page may have sent as it closed: of two answers
    // with one number the second would be taken for a repetition and lost.
    this.#sequence = data.next_sequence;
    for (const answer of ratings) {
      this.#sequence = Math.max(this.#sequence, answer.sequence + 1);
      const held = this.#answers.get(key(answer.stimulus, answer.attribute));
      if (held && answer.sequence > held.sequence) this.#put(answer);
    }
    for (const answer of written) {
      this.#sequence = Math.max(this.#sequence, answer.sequence + 1);
      const held = this.#written.get(writtenKey(answer));
      if (!held || answer.sequence > held.sequence) this.#written.set(writtenKey(answer), answer);
    }
  }

  /**
   * @param {string} token
   * @param {string} [attribute] the first that is asked for, if left out
   */
  answer(token, attribute = this.data.axes[0]?.attribute ?? "") {
    const answer = this.#answers.get(key(token, attribute));
    if (!answer) throw new RangeError(`No mix ${token} is rated for ${attribute} on this page.`);
    return answer;
  }

  answers() {
    return [...this.#answers.values()];
  }

  written() {
    return [...this.#written.values()];
  }

  /** The sequence number for whatever is written next. */
  takeSequence() {
    return this.#sequence++;
  }

  /**
   * Give a mix a value; giving it the one that is drawn counts, since the listener did it.
   * @param {string} token
   * @param {string} attribute
   * @param {number} value
   */
  place(token, attribute, value) {
    return this.#change(this.answer(token, attribute), { value: this.#allowed(value), moved: true });
  }

  /**
   * Note for how long a mix has been audible on this page in all; returns the rows that say so.
   * @param {string} token
   * @param {number} seconds
   */
  hear(token, seconds) {
    const listened_seconds = Math.round(seconds * 1000) / 1000;
    return this.#rowsOf(token).map((row) =>
      this.#change(row, { listened_seconds, played: row.played || listened_seconds >= PLAYED_SECONDS }),
    );
  }

  /**
   * Note that this browser cannot play a mix, or that it can after all.
   * @param {string} token
   * @param {boolean} unplayable
   */
  setUnplayable(token, unplayable) {
    return this.#rowsOf(token).map((row) => this.#change(row, { unplayable }));
  }

  /**
   * @param {string} subject a mix's token, or empty
   * @param {string} name
   * @param {any} value
   * @returns {WrittenAnswer}
   */
  write(subject, name, value) {
    const answer = { subject, name, value, sequence: this.takeSequence() };
    this.#written.set(writtenKey(answer), answer);
    return answer;
  }

  /** @param {string} token */
  heardEnough(token) {
    const { listened_seconds, unplayable } = this.answer(token);
    return unplayable || listened_seconds >= this.data.minimum_seconds;
  }

  /** @returns {Todo} with the tasks that are not done */
  todo() {
    const play = this.data.stimuli.filter(({ token }) => !this.heardEnough(token)).map(({ label }) => label);
    const sounds = this.data.stimuli.map((stimulus) => {
      const rows = this.#rowsOf(stimulus.token);
      return {
        label: stimulus.label, rated: stimulus.role === "rated",
        unplayable: rows.some(({ unplayable }) => unplayable),
        values: rows.map(({ value, moved }) => (moved ? value : null)),
      };
    });
    return { ...(play.length > 0 ? { play } : {}), ...this.rule(sounds) };
  }

  /** @param {Stimulus} stimulus */
  #attributesOf(stimulus) {
    const attributes = this.data.axes.map(({ attribute }) => attribute);
    // What is only heard needs one row, to keep for how long.
    return stimulus.role === "rated" ? attributes : attributes.slice(0, 1);
  }

  /** @param {string} token */
  #rowsOf(token) {
    return this.answers().filter(({ stimulus }) => stimulus === token);
  }

  /** @param {number} value */
  #allowed(value) {
    const { lowest, highest, step } = this.data.values;
    const steps = Math.round((Math.min(highest, Math.max(lowest, value)) - lowest) / step);
    return Number((lowest + steps * step).toFixed(6));
  }

  /**
   * @param {Answer} answer
   * @param {Partial<Answer>} change
   */
  #change(answer, change) {
    return this.#put({ ...answer, ...change, sequence: this.takeSequence() });
  }

  /** @param {Answer} answer */
  #put(answer) {
    const frozen = Object.freeze({ ...answer });
    this.#answers.set(key(answer.stimulus, answer.attribute), frozen);
    return frozen;
  }
}

/** @type {Rule} each mix wants a value on each axis */
function placeEach(sounds) {
  const place = sounds
    .filter(({ rated, unplayable, values }) => rated && !unplayable && values.includes(null))
    .map(({ label }) => label);
  return place.length > 0 ? { place } : {};
}

const UNANSWERED = { value: null, moved: false, played: false, listened_seconds: 0, unplayable: false, sequence: -1 };

/**
 * @param {string} token
 * @param {string} attribute
 */
function key(token, attribute) {
  return `${token} ${attribute}`;
}

/** @param {WrittenAnswer} answer */
function writtenKey({ subject, name }) {
  return `${subject} ${name}`;
}
