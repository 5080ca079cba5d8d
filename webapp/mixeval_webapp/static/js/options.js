/** A group of radio buttons as large targets: one of several answers. */

/** @typedef {{by: string, at: number}} Act by what it was chosen, and when on the clock of performance.now() */

export class Options {
  /** @type {HTMLInputElement[]} */
  #inputs;
  #by = "keys";

  /**
   * @param {HTMLElement} section holds an `.option` with a radio button for each answer
   * @param {import("./scope.js").Scope} scope
   * @param {(value: string, act: Act) => void} onChoose
   */
  constructor(section, scope, onChoose) {
    this.#inputs = [...section.querySelectorAll("input")].filter(({ type }) => type === "radio");
    scope.listen(section, "pointerdown", () => (this.#by = "pointer"), { capture: true });
    scope.listen(section, "keydown", () => (this.#by = "keys"), { capture: true });
    for (const input of this.#inputs) {
      scope.listen(input, "change", (event) => onChoose(input.value, { by: this.#by, at: event.timeStamp }));
      // As on other pages; browsers choose by Space and the arrows alone.
      scope.listen(input, "keydown", (/** @type {KeyboardEvent} */ event) => {
        if (event.key === "Enter" && !event.repeat) input.click();
      });
    }
  }

  /** @param {string | null} chosen a value */
  draw(chosen) {
    for (const input of this.#inputs) {
      input.checked = input.value === chosen;
      input.closest(".option")?.classList.toggle("chosen", input.checked);
    }
  }
}
