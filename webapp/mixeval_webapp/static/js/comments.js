/** Boxes to write in, about the page or about a mix: what is written is kept as it is written. */

/** @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer */

export const COMMENT = "comment";
/** A comment is kept once the writing rests this long. */
const REST_SECONDS = 0.8;

/** @typedef {{box: HTMLTextAreaElement, resting: (() => void) | null}} Entry */

export class Comments {
  /** @type {Entry[]} */
  #entries;

  /**
   * @param {Iterable<Element>} boxes textareas with data-comment, a mix's token or empty
   * @param {{scope: import("./scope.js").Scope, written: WrittenAnswer[], onWrite: (subject: string, text: string) => void}} tools
   */
  constructor(boxes, { scope, written, onWrite }) {
    this.onWrite = onWrite;
    this.#entries = [...boxes].map((box) => ({ box: /** @type {HTMLTextAreaElement} */ (box), resting: null }));
    for (const entry of this.#entries) {
      const { box } = entry;
      this.#show(box, written);
      scope.listen(box, "input", () => {
        entry.resting?.();
        entry.resting = scope.after(REST_SECONDS, () => this.#keep(entry));
      });
      scope.listen(box, "change", () => this.#keep(entry));
    }
  }

  /** Keep what was written just now. */
  settle() {
    for (const entry of this.#entries) this.#keep(entry);
  }

  /**
   * Show what was written before, in the open.
   * @param {HTMLTextAreaElement} box
   * @param {WrittenAnswer[]} written
   */
  #show(box, written) {
    const subject = box.dataset["comment"];
    const answer = written.find((candidate) => candidate.name === COMMENT && candidate.subject === subject);
    // Browsers put back by themselves what stood in a box before a reload; the stored text is the newer one.
    box.value = typeof answer?.value === "string" ? answer.value : "";
    const folded = box.closest("details");
    if (folded && box.value !== "") folded.open = true;
  }

  /** @param {Entry} entry */
  #keep(entry) {
    if (!entry.resting) return;
    entry.resting();
    entry.resting = null;
    this.onWrite(entry.box.dataset["comment"] ?? "", entry.box.value);
  }
}
