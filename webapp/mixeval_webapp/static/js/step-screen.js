/** A page on which nothing is rated: a break, questions, a check. It is read, filled in and left with Next. */

import { Delivery } from "./delivery.js";
import { byId } from "./page-elements.js";
import { StepAnswers } from "./step-answers.js";
import { Words } from "./words.js";

/**
 * @typedef {import("./page-data.js").PageData} PageData
 * @typedef {import("./steps.js").Step} Step
 * @typedef {import("./steps.js").StepClass} StepClass
 */

export class StepScreen {
  #finishing = false;
  #asked = false;
  /** @type {Step | null} */
  #step;

  /**
   * @param {PageData} data
   * @param {import("./outbox.js").Outbox} outbox opened
   * @param {import("./scope.js").Scope} scope ends with the page
   * @param {import("./delivery.js").Place} place
   * @param {StepClass | null} StepOfPage what the page does besides being read
   */
  constructor(data, outbox, scope, place, StepOfPage) {
    this.scope = scope;
    this.words = new Words(data.words);
    const fetch = globalThis.fetch.bind(globalThis);
    this.delivery = new Delivery(data, { outbox, scope, words: this.words, fetch, place });
    this.answers = new StepAnswers(data, {
      waiting: this.delivery.waiting().written,
      onWrite: (answer) => this.delivery.write(answer),
    });
    const onChange = () => this.#draw();
    const { log, memory } = this.delivery;
    this.#step = StepOfPage && new StepOfPage(data, { scope, words: this.words, answers: this.answers, memory, log, fetch, onChange });
  }

  async open() {
    this.scope.listen(byId("next"), "click", () => void this.#next());
    this.delivery.log("page_ready");
    this.delivery.open();
    const opening = this.#step?.open();
    this.#draw();
    await opening;
    await this.delivery.fetchAhead();
  }

  /** Another tab has this page now. */
  giveWay() {
    this.leave();
    for (const element of document.querySelectorAll("main")) element.inert = true;
  }

  /** Write down what is under way, while the browser still has time to. */
  settle() {
    if (!this.scope.ended) this.#step?.settle();
  }

  leave() {
    if (this.scope.ended) return;
    this.settle();
    this.delivery.leave();
    this.scope.end();
  }

  #draw() {
    const todo = this.#step?.todo() ?? {};
    // A page says what it still wants once it was asked to let go; the questions stand there to be read.
    if (this.#asked) this.delivery.drawTodo(todo);
    byId("next").setAttribute("aria-disabled", String(this.#finishing || Object.keys(todo).length > 0));
  }

  async #next() {
    if (this.#finishing) return;
    this.settle();
    const todo = this.#step?.todo() ?? {};
    if (Object.keys(todo).length > 0) return this.#refuse(todo);
    this.#finishing = true;
    this.#draw();
    const { written: answers } = this.delivery.waiting();
    const wanted = await this.delivery.handIn({ ratings: [], answers, sequence: this.answers.takeSequence() });
    this.#finishing = false;
    this.#draw();
    if (wanted) this.#refuse(wanted);
  }

  /** @param {import("./rating-page.js").Todo} todo */
  #refuse(todo) {
    this.#asked = true;
    this.delivery.drawTodo(todo);
    this.delivery.refuse(todo);
    this.#step?.point();
  }
}
