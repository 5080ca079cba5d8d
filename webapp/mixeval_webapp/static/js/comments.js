/** Boxes to write in, about the page or about a mix: what is written is kept as it is written. */

/** @typedef {import("./page-data.js").WrittenAnswer} WrittenAnswer */

const COMMENT = "comment";
/** A comment is kept once the writing rests this long. */
const REST_SECONDS = 0.8;
/** The box takes no more, and neither does the server. */
const MOST_CHARACTERS = 2000;

/** @typedef {{box: HTMLTextAreaElement, resting: (() => void) | null}} Entry */

export class Comments {
  /** @type {Entry[]} */
  #entries;

  /**
   * @param {Iterable<Element>} boxes textareas with data-comment, a mix's token or empty
   * @param {{scope: import("./scope.js").Scope, memory: import("./tab-memory.js").TabMemory, written: WrittenAnswer[],
   *   onWrite: (subject: string, name: string, text: string) => void}} tools
   */
  constructor(boxes, { scope, memory, written, onWrite }) {
    this.scope = scope;
    this.memory = memory;
    this.onWrite = onWrite;
    this.#entries = [...boxes].map((box) => ({ box: /** @type {HTMLTextAreaElement} */ (box), resting: null }));
    for (const entry of this.#entries) {
      this.#fill(entry, written);
      scope.listen(entry.box, "input", () => {
        this.memory.keep(draftOf(entry), entry.box.value.slice(0, MOST_CHARACTERS));
        this.#rest(entry);
      });
      scope.listen(entry.box, "change", () => this.#keep(entry));
    }
  }

  /** Keep what was written just now; its draft stays, in case the page closes before the browser has written it. */
  settle() {
    for (const entry of this.#entries) this.#write(entry);
  }

  /**
   * Show what was written before, in the open. The browser may have put back by itself what stood in the box once.
   * @param {Entry} entry
   * @param {WrittenAnswer[]} written
   */
  #fill(entry, written) {
    const { box } = entry;
    const subject = subjectOf(entry);
    const answer = written.find((candidate) => candidate.name === COMMENT && candidate.subject === subject);
    const found = this.memory.find(draftOf(entry));
    const draft = typeof found === "string" ? found : null;
    box.value = draft ?? (typeof answer?.value === "string" ? answer.value : "");
    if (draft !== null) this.#rest(entry);
    const folded = box.closest("details");
    if (folded && box.value !== "") folded.open = true;
  }

  /** @param {Entry} entry */
  #rest(entry) {
    entry.resting?.();
    entry.resting = this.scope.after(REST_SECONDS, () => this.#keep(entry));
  }

  /** @param {Entry} entry */
  #keep(entry) {
    if (this.#write(entry)) this.memory.forget(draftOf(entry));
  }

  /**
   * @param {Entry} entry
   * @returns {boolean} whether there was something new
   */
  #write(entry) {
    if (!entry.resting) return false;
    entry.resting();
    entry.resting = null;
    this.onWrite(subjectOf(entry), COMMENT, entry.box.value.slice(0, MOST_CHARACTERS));
    return true;
  }
}

/** @param {Entry} entry */
function draftOf(entry) {
  return `comment ${subjectOf(entry)}`;
}

/** @param {Entry} entry */
function subjectOf({ box }) {
  return box.dataset["comment"] ?? "";
}
