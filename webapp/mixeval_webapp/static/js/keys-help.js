/** The list of a page's keys, which `?` shows and hides, and in it the switch for keys that are characters. */

export class KeysHelp {
  /** What had the focus before the list took it. @type {HTMLElement | null} */
  #before = null;

  /**
   * The list of the page that is shown.
   * @param {import("./scope.js").Scope} scope
   * @param {import("./own-keys.js").OwnKeys} ownKeys
   */
  static ofPage(scope, ownKeys) {
    const details = document.querySelector("details.keys");
    if (!(details instanceof HTMLDetailsElement)) throw new TypeError("The page lacks its list of keys.");
    return new KeysHelp(details, { scope, ownKeys });
  }

  /**
   * @param {HTMLDetailsElement} details holds a summary and a checkbox
   * @param {{scope: import("./scope.js").Scope, ownKeys: import("./own-keys.js").OwnKeys}} tools
   */
  constructor(details, { scope, ownKeys }) {
    this.details = details;
    this.summary = /** @type {HTMLElement} */ (details.querySelector("summary"));
    const box = /** @type {HTMLInputElement} */ (details.querySelector("input[type=checkbox]"));
    box.checked = ownKeys.characters;
    scope.listen(box, "change", () => ownKeys.switchCharacters(box.checked));
    scope.listen(details, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !details.open) return;
      // It closes the list, and does not stop the sound as well.
      event.stopPropagation();
      this.#close();
    });
    scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "?" || event.repeat || !ownKeys.takes(event)) return;
      event.preventDefault();
      if (details.open && details.contains(document.activeElement)) this.#close();
      else this.#open();
    });
  }

  #open() {
    this.#before = /** @type {HTMLElement | null} */ (document.activeElement);
    this.details.open = true;
    this.summary.focus();
    this.details.scrollIntoView({ block: "nearest" });
  }

  #close() {
    this.details.open = false;
    const before = this.#before;
    this.#before = null;
    if (before && before !== document.body && before.isConnected) before.focus();
    else this.summary.focus();
  }
}
