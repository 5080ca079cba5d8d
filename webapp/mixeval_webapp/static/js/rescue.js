/** What helps a page where nothing gets through to the server: the way back in, and a file of what waits. */

import { byId, say } from "./page-elements.js";
import { ReEntry } from "./re-entry.js";
import { saveWaiting } from "./waiting-file.js";

/** Attempts without an answer before the listener is offered a file: about two minutes. */
const OFFER_AFTER = 8;

export class Rescue {
  /** @type {HTMLButtonElement | null} */
  #offer = null;

  /**
   * @param {{data: import("./page-data.js").PageData, words: import("./words.js").Words, fetch: typeof fetch,
   *   scope: import("./scope.js").Scope, outbox: import("./outbox.js").Outbox, sender: import("./sender.js").Sender}} tools
   */
  constructor({ data, words, scope, fetch, outbox, sender }) {
    this.words = words;
    this.scope = scope;
    this.save = () => void saveWaiting(outbox.entries(), data.resume_url, scope);
    this.reEntry = new ReEntry({
      resumeUrl: data.resume_url, words, scope, fetch, onBack: () => sender.kick(), onSave: this.save,
    });
  }

  /** Get the cookie back. What waits goes on waiting until it is there. */
  signIn() {
    return this.reEntry.open();
  }

  /** @param {import("./sender.js").Status} status */
  look({ failures, waiting }) {
    if (failures === 0) this.reEntry.reset();
    const offer = failures >= OFFER_AFTER && waiting > 0;
    if (offer === (this.#offer !== null)) return;
    this.#offer?.remove();
    this.#offer = null;
    if (!offer) return;
    say(this.words.say("stuck"));
    this.#offer = document.createElement("button");
    Object.assign(this.#offer, { type: "button", id: "save-file", textContent: this.words.say("save_file") });
    this.scope.listen(this.#offer, "click", this.save);
    byId("message").after(this.#offer);
  }
}
