/** The way back into a session whose cookie is gone, such as after a month or a cleaned browser. */

import { ask } from "./dialog.js";
import { TIMEOUT_SECONDS } from "./sender.js";

/**
 * @typedef {import("./words.js").Words} Words
 */

export class ReEntry {
  /** Whether the page's own link has been tried already. */
  #tried = false;
  /** @type {import("./dialog.js").Asked | null} */
  #asked = null;

  /**
   * @param {{resumeUrl: string, words: Words, scope: import("./scope.js").Scope, fetch: typeof fetch, onBack: () => void, onSave: () => void}} tools
   *   onBack: the cookie is there again; onSave: the listener wants a file of what waits
   */
  constructor({ resumeUrl, words, scope, fetch, onBack, onSave }) {
    this.resumeUrl = resumeUrl;
    this.words = words;
    this.scope = scope;
    this.fetch = fetch;
    this.onBack = onBack;
    this.onSave = onSave;
  }

  /** Go back in by the page's own link, and ask the listener where that leads nowhere; resolves before they answer. */
  async open() {
    if (this.#asked) return;
    const known = new URL(this.resumeUrl).pathname;
    const isBack = !this.#tried && (await this.#follow(known));
    this.#tried = true;
    if (isBack) this.onBack();
    else this.#ask();
  }

  /** An answer was taken: the next time the page's own link may do again. */
  reset() {
    this.#tried = false;
  }

  #ask() {
    const { words } = this;
    const asked = ask({
      text: words.say("signed_out"),
      field: words.say("code_or_link"),
      buttons: [
        { words: words.say("continue_here"), main: true, act: (typed) => void this.#enter(typed.trim(), asked) },
        { words: words.say("save_file"), act: () => this.onSave() },
      ],
    }, this.scope);
    this.#asked = asked;
  }

  /**
   * @param {string} typed
   * @param {import("./dialog.js").Asked} asked
   */
  async #enter(typed, asked) {
    asked.say("");
    const secret = encodeURIComponent(typed.split("/").pop() ?? "");
    const base = new URL(".", new URL(this.resumeUrl)).pathname;
    if (secret !== "" && (await this.#follow(`${base}${secret}`))) {
      asked.close();
      this.#asked = null;
      // The session may be another one: the server knows where it is.
      this.onBack();
      location.reload();
    } else asked.say(this.words.say("code_wrong"));
  }

  /**
   * Follow a link into a session; the server answers with a cookie and sends on to the test.
   * @param {string} path
   */
  async #follow(path) {
    try {
      // What is to be saved waits for it.
      const signal = AbortSignal.timeout(TIMEOUT_SECONDS * 1000);
      const { type, ok } = await this.fetch(path, { redirect: "manual", signal });
      return type === "opaqueredirect" || ok;
    } catch {
      return false;
    }
  }
}
