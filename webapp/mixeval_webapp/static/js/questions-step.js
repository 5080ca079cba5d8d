/** A page of questions: every answer is kept as it is given, and questions come and go with earlier answers. */

import { byId } from "./page-elements.js";
import { complaint, isAnswered, readNumber, shownQuestions } from "./questions.js";

/**
 * @typedef {import("./questions.js").Question} Question
 * @typedef {import("./steps.js").StepTools} StepTools
 */

/** What is typed is kept once the writing rests this long. */
const REST_SECONDS = 0.8;

export class QuestionsStep {
  /** @type {Asked[]} */
  #asked;

  /**
   * @param {{questions: Question[]}} data
   * @param {StepTools} tools
   */
  constructor({ questions }, tools) {
    this.questions = questions;
    this.tools = tools;
    this.#asked = questions.map((question) => new Asked(question, tools, () => this.#answered()));
  }

  open() {
    for (const asked of this.#asked) asked.fill();
    this.#answered();
    // Until now nothing could be answered, since nobody would have kept it.
    byId("questions").inert = false;
  }

  settle() {
    for (const asked of this.#asked) asked.settle();
  }

  todo() {
    const names = this.#open().map(({ question }) => question.name);
    return names.length > 0 ? { answer: names } : {};
  }

  point() {
    const open = this.#open();
    for (const asked of this.#asked) asked.complain(open.includes(asked));
    open[0]?.focus();
  }

  /** @returns {Asked[]} questions that must still be answered, or whose answer cannot be read */
  #open() {
    return this.#asked.filter((asked) => !asked.hidden && (asked.unreadable || (asked.question.required && !asked.answered)));
  }

  #answered() {
    const { answers } = this.tools;
    const shown = shownQuestions(this.questions, (id) => answers.value(id));
    for (const asked of this.#asked) asked.show(shown.has(asked.question.id));
    this.tools.onChange();
  }
}

class Asked {
  /** @type {(() => void) | null} */
  #resting = null;

  /**
   * @param {Question} question
   * @param {StepTools} tools
   * @param {() => void} onAnswer
   */
  constructor(question, { scope, words, answers, memory }, onAnswer) {
    this.question = question;
    this.scope = scope;
    this.words = words;
    this.answers = answers;
    this.memory = memory;
    this.onAnswer = onAnswer;
    const { id } = question;
    this.block = /** @type {HTMLElement} */ (document.querySelector(`[data-question="${id}"]`));
    this.picks = /** @type {HTMLInputElement[]} */ ([...this.block.querySelectorAll(".pick input")]);
    this.box = /** @type {HTMLInputElement | HTMLTextAreaElement | null} */ (
      this.block.querySelector("input[type=text], textarea")
    );
    this.error = /** @type {HTMLElement} */ (this.block.querySelector(".error"));
    for (const pick of this.picks) scope.listen(pick, "change", () => this.#pick(pick));
    if (!this.box) return;
    scope.listen(this.box, "input", () => {
      memory.keep(draftOf(question), this.box?.value ?? "");
      this.#rest();
    });
    scope.listen(this.box, "change", () => this.#finish());
  }

  get hidden() {
    return this.block.hidden;
  }

  get answered() {
    return isAnswered(this.answers.value(this.question.id));
  }

  /** Whether something stands in the box that is no answer. */
  get unreadable() {
    return this.#written && !this.answered;
  }

  get #written() {
    return this.box !== null && !this.box.disabled && this.box.value.trim() !== "";
  }

  /** Show what was answered before. */
  fill() {
    const value = this.answers.value(this.question.id);
    const given = (Array.isArray(value) ? value : [value]).map(String);
    for (const pick of this.picks) pick.checked = value !== null && given.includes(pick.value);
    const declined = value !== null && value === this.question.decline;
    if (!this.box) return;
    this.box.disabled = declined;
    this.box.value = declined || value === null ? "" : String(value);
    const draft = this.memory.find(draftOf(this.question));
    if (declined || typeof draft !== "string") return;
    this.box.value = draft;
    this.#rest();
  }

  /** @param {boolean} shown */
  show(shown) {
    this.block.hidden = !shown;
    if (shown || !this.answered) return;
    // A hidden question has no answer: what was said before it was hidden is taken back.
    this.answers.write(this.question.id, null);
    this.memory.forget(draftOf(this.question));
    this.fill();
  }

  /** Keep what was typed just now; its draft stays, in case the page closes before the browser has written it. */
  settle() {
    if (this.#resting) this.#keep();
  }

  #rest() {
    this.#resting?.();
    this.#resting = this.scope.after(REST_SECONDS, () => this.#finish());
  }

  #finish() {
    this.#keep();
    this.memory.forget(draftOf(this.question));
  }

  focus() {
    const target = this.box && !this.box.disabled ? this.box : (this.picks.find(({ checked }) => checked) ?? this.picks[0]);
    target?.focus();
  }

  /** @param {boolean} wrong whether it stands in the way of Next */
  complain(wrong) {
    if (wrong) this.error.textContent = complaint(this.question, this.#written, this.words);
    this.error.classList.toggle("settled", !wrong);
    const marked = this.box ? [this.box] : this.question.type === "choices" ? this.picks : [this.block];
    for (const element of marked)
      if (wrong) element.setAttribute("aria-invalid", "true");
      else element.removeAttribute("aria-invalid");
  }

  /** @param {HTMLInputElement} pick */
  #pick(pick) {
    const declining = pick.value === this.question.decline;
    // Who would rather not say has said nothing else.
    if (pick.checked && this.question.type === "choices")
      for (const other of this.picks)
        if ((other.value === this.question.decline) !== declining) other.checked = false;
    if (this.box) {
      this.box.disabled = pick.checked;
      if (pick.checked) this.box.value = "";
    }
    this.#finish();
  }

  #keep() {
    this.#resting?.();
    this.#resting = null;
    this.answers.write(this.question.id, this.#read());
    this.complain(false);
    this.onAnswer();
  }

  #read() {
    const { type, decline } = this.question;
    const picked = this.picks.filter(({ checked }) => checked).map(({ value }) => value);
    const [first] = picked;
    if (first !== undefined && first === decline) return decline;
    if (this.box && type === "number") return readNumber(this.box.value, this.question);
    if (this.box) return this.box.value.trim() || null;
    if (type === "choices") return picked.length > 0 ? picked : null;
    if (first === undefined) return null;
    return type === "scale" ? Number(first) : first;
  }
}

/** @param {Question} question */
function draftOf({ id }) {
  return `draft ${id}`;
}
