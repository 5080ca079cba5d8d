/** Boxes to write in, about the page or about a mix: what is written is kept as it is written. */

/** @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer */

export const COMMENT = "comment";
/** A comment is kept once the writing rests this long. */
const REST_SECONDS = 0.8;

export class Comments {
  /** @type {{box: HTMLTextAreaElement, resting: (() => void) | null}[]} */
  #boxes;

  /**
   * @param {HTMLElement} root holds a textarea with data-comment (a mix's token, or empty) for each
   * @param {{scope: import("./scope.js").Scope, written: WrittenAnswer[], onWrite: (subject: string, text: string) => void}} tools
   */
  constructor(root, { scope, written, onWrite }) {
    this.onWrite = onWrite;
    this.#boxes = [...root.querySelectorAll("textarea[data-comment]")].map((element) => ({
      box: /** @type {HTMLTextAreaElement} */ (element), resting: null,
    }));
    for (const entry of this.#boxes) {
      const { box } = entry;
      const subject = box.dataset["comment"];
      const answer = written.find((candidate) => candidate.name === COMMENT && candidate.subject === subject);
      if (typeof answer?.value === "string") box.value = answer.value;
      scope.listen(box, "input", () => {
        entry.resting?.();
        entry.resting = scope.after(REST_SECONDS, () => this.#keep(entry));
      });
      scope.listen(box, "change", () => this.#keep(entry));
    }
  }

  /** Keep what was written just now. */
  settle() {
    for (const entry of this.#boxes) this.#keep(entry);
  }

  /** @param {{box: HTMLTextAreaElement, resting: (() => void) | null}} entry */
  #keep(entry) {
    if (!entry.resting) return;
    entry.resting();
    entry.resting = null;
    this.onWrite(entry.box.dataset["comment"] ?? "", entry.box.value);
  }
}
