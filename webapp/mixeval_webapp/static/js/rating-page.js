/** What the listener has said so far: a page's answers, and what is still to do. Knows no DOM and no network. */

/** @typedef {import("./page-data.js").PageData} PageData */

/**
 * @typedef {object} Answer one row as the server stores it
 * @property {string} stimulus
 * @property {string} attribute
 * @property {number | null} value
 * @property {boolean} moved
 * @property {boolean} played
 * @property {number} listened_seconds
 * @property {number} sequence a newer answer has a higher one
 */

/** A mix counts as played once it was audible for this long. */
export const PLAYED_SECONDS = 0.25;
export const MIDDLE = 50;

export class RatingPage {
  /** @type {Map<string, Readonly<Answer>>} */
  #answers = new Map();
  #sequence;

  /**
   * @param {PageData} data
   * @param {Iterable<Answer>} waiting answers that this browser holds and the server may not have
   * @param {number} openedAt milliseconds on the wall clock
   */
  constructor(data, waiting = [], openedAt = 0) {
    this.labels = new Map(data.stimuli.map(({ token, label }) => [token, label]));
    const { attribute } = data;
    for (const { token, value, moved, played, listened_seconds, sequence } of data.stimuli) {
      const answer = { stimulus: token, attribute, value, moved, played, listened_seconds, sequence: sequence ?? -1 };
      this.#answers.set(token, Object.freeze(answer));
    }
    // Above what an earlier view of this page sent as it closed, which the server had not seen when it wrote this
    // page: of two answers with one number the second would be taken for a repetition and lost.
    this.#sequence = Math.max(data.next_sequence, openedAt);
    for (const answer of waiting) {
      this.#sequence = Math.max(this.#sequence, answer.sequence + 1);
      const held = this.#answers.get(answer.stimulus);
      if (held?.attribute === answer.attribute && answer.sequence > held.sequence)
        this.#answers.set(answer.stimulus, Object.freeze({ ...answer }));
    }
  }

  /** @param {string} token */
  answer(token) {
    const answer = this.#answers.get(token);
    if (!answer) throw new RangeError(`No mix ${token} on this page.`);
    return answer;
  }

  answers() {
    return [...this.#answers.values()];
  }

  /** The sequence number for whatever is written next. */
  takeSequence() {
    return this.#sequence++;
  }

  /**
   * Put a mix on the scale; putting it where it is drawn counts, since the listener did it.
   * @param {string} token
   * @param {number} value
   */
  place(token, value) {
    return this.#change(token, { value: toScale(value), moved: true });
  }

  /**
   * Note for how long a mix has been audible on this page in all.
   * @param {string} token
   * @param {number} seconds
   */
  hear(token, seconds) {
    const listened_seconds = Math.round(seconds * 1000) / 1000;
    return this.#change(token, {
      listened_seconds,
      played: this.answer(token).played || listened_seconds >= PLAYED_SECONDS,
    });
  }

  /** @returns {{play: string[], place: string[]}} letters of the mixes that still want something */
  todo() {
    /** @param {(answer: Answer) => boolean} wants */
    const letters = (wants) =>
      this.answers().filter(wants).map(({ stimulus }) => this.labels.get(stimulus) ?? "?");
    return { play: letters(({ played }) => !played), place: letters(({ value, moved }) => value === null || !moved) };
  }

  get complete() {
    const { play, place } = this.todo();
    return play.length + place.length === 0;
  }

  /**
   * @param {string} token
   * @param {Partial<Answer>} change
   */
  #change(token, change) {
    const answer = Object.freeze({ ...this.answer(token), ...change, sequence: this.takeSequence() });
    this.#answers.set(token, answer);
    return answer;
  }
}

/** @param {number} value */
export function toScale(value) {
  return Math.round(Math.min(100, Math.max(0, value)));
}

/**
 * Say where on the scale a value stands, for those who do not see it.
 * @param {number | null} value
 * @param {string[]} scale words from the bottom to the top
 */
export function inWords(value, scale) {
  if (value === null) return "not rated yet";
  const place = (value / 100) * (scale.length - 1);
  const below = scale[Math.floor(place)];
  const above = scale[Math.ceil(place)];
  return below === above ? `${value}, ${below}` : `${value}, between ${below} and ${above}`;
}
