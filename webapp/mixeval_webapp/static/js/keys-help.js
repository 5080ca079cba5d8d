/**
 * The list of a page's keys, which `?` shows and hides, and in it the switch for keys that are characters.
 *
 * Speech input and a slip of the hand type characters; whoever lives with them can switch these keys off for this
 * browser (WCAG 2.2, 2.1.4 Character Key Shortcuts). Space, arrows, Enter and Escape stay.
 */

const KEY = "mixeval-single-keys";
const OFF = "off";

export class KeysHelp {
  /** What had the focus before the list took it. @type {HTMLElement | null} */
  #before = null;

  /**
   * The list of the page that is shown.
   * @param {import("./scope.js").Scope} scope
   */
  static ofPage(scope) {
    const details = document.querySelector("details.keys");
    if (!(details instanceof HTMLDetailsElement)) throw new TypeError("The page lacks its list of keys.");
    return new KeysHelp(details, { scope, storage: () => localStorage });
  }

  /**
   * @param {HTMLDetailsElement} details holds a summary and a checkbox
   * @param {{scope: import("./scope.js").Scope, storage: () => Storage}} tools storage throws where the browser
   *   allows none
   */
  constructor(details, { scope, storage }) {
    this.details = details;
    this.storage = storage;
    this.summary = /** @type {HTMLElement} */ (details.querySelector("summary"));
    this.box = /** @type {HTMLInputElement} */ (details.querySelector("input[type=checkbox]"));
    this.box.checked = !this.#keptOff();
    scope.listen(this.box, "change", () => this.#keep());
    scope.listen(details, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape" || !details.open) return;
      // It closes the list, and does not stop the sound as well.
      event.stopPropagation();
      this.#close();
    });
    scope.listen(document, "keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "?" || event.repeat || !this.takes(event)) return;
      event.preventDefault();
      if (details.open && details.contains(document.activeElement)) this.#close();
      else this.#open();
    });
  }

  /**
   * Whether a key that was pressed may be one of the page's own: nobody is writing, it is not the browser's or the
   * system's, and it is no character where those are switched off.
   * @param {KeyboardEvent} event
   */
  takes(event) {
    return !isModified(event) && !isTyped(event) && (this.box.checked || !isCharacter(event.key));
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

  #keptOff() {
    try {
      return this.storage().getItem(KEY) === OFF;
    } catch {
      return false;
    }
  }

  #keep() {
    try {
      if (this.box.checked) this.storage().removeItem(KEY);
      else this.storage().setItem(KEY, OFF);
    } catch {
      // It holds for this page all the same.
    }
  }
}

/**
 * Whether a key belongs to the browser or the system. Brackets are typed with Alt on many keyboards.
 * @param {KeyboardEvent} event
 */
export function isModified({ key, ctrlKey, metaKey, altKey }) {
  const alternate = altKey && (key === "[" || key === "]");
  return metaKey || ((ctrlKey || altKey) && !alternate);
}

/** @param {KeyboardEvent} event */
function isTyped({ target }) {
  return /** @type {Element} */ (target).matches("textarea, input:not([type=range], [type=radio], [type=checkbox])");
}

/** @param {string} key */
function isCharacter(key) {
  return key !== " " && [...key].length === 1;
}
