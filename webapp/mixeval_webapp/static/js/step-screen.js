/** A page on which nothing is rated: a break, questions, a check. It is read, filled in and left with Next. */

import { Delivery } from "./delivery.js";
import { byId } from "./page-elements.js";
import { Words } from "./words.js";

/**
 * @typedef {import("./page-data.js").PageData} PageData
 * @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer
 */

export class StepScreen {
  #finishing = false;
  #sequence;

  /**
   * @param {PageData} data
   * @param {import("./outbox.js").Outbox} outbox opened
   * @param {import("./scope.js").Scope} scope ends with the page
   */
  constructor(data, outbox, scope) {
    this.data = data;
    this.scope = scope;
    const words = new Words(data.words);
    this.delivery = new Delivery(data, { outbox, scope, words, fetch: globalThis.fetch.bind(globalThis) });
    const { written } = this.delivery.waiting();
    this.#sequence = Math.max(data.next_sequence, Date.now(), ...written.map(({ sequence }) => sequence + 1));
  }

  async open() {
    this.scope.listen(byId("next"), "click", () => void this.#next());
    byId("next").setAttribute("aria-disabled", "false");
    this.delivery.log("page_ready");
    this.delivery.open();
    await this.delivery.fetchAhead();
  }

  /** Another tab has this page now. */
  giveWay() {
    this.leave();
    byId("next").inert = true;
  }

  settle() {}

  leave() {
    if (this.scope.ended) return;
    this.delivery.sender.leave();
    this.scope.end();
  }

  async #next() {
    if (this.#finishing) return;
    this.#finishing = true;
    byId("next").setAttribute("aria-disabled", "true");
    const todo = await this.delivery.handIn({ ratings: [], answers: [], sequence: this.#sequence++ });
    this.#finishing = false;
    byId("next").setAttribute("aria-disabled", "false");
    if (todo) this.delivery.refuse(todo);
  }
}
