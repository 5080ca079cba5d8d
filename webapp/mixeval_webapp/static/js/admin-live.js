/**
 * Keeps a page of the researcher's up to date: fetches it again every few seconds and puts in what has changed.
 * Without this script the page says the same after a reload.
 */

import { Scope } from "./scope.js";

const EVERY_SECONDS = 5;
/** Attempts without an answer before the reader is told. */
const TELL_AFTER = 2;

/**
 * @typedef {object} Tools
 * @property {Document} document
 * @property {(url: string) => Promise<Response>} fetch
 * @property {(html: string) => Document} parse
 */

export class LivePage {
  #failures = 0;
  #busy = false;

  /**
   * @param {Tools} tools
   * @param {() => void} [onEnd] when the page is out of date for good
   */
  constructor({ document, fetch, parse }, onEnd = () => {}) {
    this.document = document;
    this.fetch = fetch;
    this.parse = parse;
    this.onEnd = onEnd;
  }

  /** Fetch the page once and put in what has changed. */
  async refresh() {
    const status = this.document.getElementById("live");
    if (this.#busy || !status || this.document.hidden) return;
    this.#busy = true;
    try {
      const answer = await this.fetch(status.dataset["url"] ?? "");
      if (answer.redirected) {
        this.#say("You are logged out. Reload this page to log in again.");
        this.onEnd();
        return;
      }
      if (!answer.ok) throw new Error(String(answer.status));
      this.put(this.parse(await answer.text()));
      this.#failures = 0;
      this.#say("");
    } catch {
      this.#failures += 1;
      if (this.#failures >= TELL_AFTER) this.#say("The server does not answer: what you see may be old. It is asked again every few seconds.");
    } finally {
      this.#busy = false;
    }
  }

  /**
   * Replace the parts that differ from those of `newer`.
   * @param {Document} newer
   */
  put(newer) {
    for (const part of this.document.querySelectorAll("[data-live]")) {
      const now = newer.getElementById(part.id);
      if (!now || now.isEqualNode(part)) continue;
      // Where there are details to open, or somebody is inside, only another version is worth the disturbance.
      const version = /** @type {HTMLElement} */ (part).dataset["version"];
      if (version !== undefined && version === now.dataset["version"]) continue;
      if (part.contains(this.document.activeElement) && version === undefined) continue;
      const open = new Set([...part.querySelectorAll("details[open]")].map((details) => details.id));
      part.replaceChildren(...now.childNodes);
      if (version !== undefined) {
        /** @type {HTMLElement} */ (part).dataset["version"] = now.dataset["version"] ?? "";
        for (const details of part.querySelectorAll("details")) details.open ||= open.has(details.id);
      }
    }
  }

  /** @param {string} text */
  #say(text) {
    const status = this.document.getElementById("live");
    if (status && status.textContent !== text) status.textContent = text;
  }
}

if (globalThis.document) {
  const scope = new Scope();
  const page = new LivePage(
    {
      document,
      fetch: (url) => fetch(url, { headers: { Accept: "text/html" }, cache: "no-store" }),
      parse: (html) => new DOMParser().parseFromString(html, "text/html"),
    },
    () => scope.end(),
  );
  scope.every(EVERY_SECONDS, () => void page.refresh());
  scope.listen(document, "visibilitychange", () => void page.refresh());
}
