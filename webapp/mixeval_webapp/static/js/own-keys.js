/**
 * Which keys that are pressed are the page's own. Those that are characters can be switched off for this browser.
 *
 * Speech input and a slip of the hand type characters; whoever lives with them switches these keys off (WCAG 2.2,
 * 2.1.4 Character Key Shortcuts). Space, arrows, Enter and Escape stay.
 */

const KEY = "mixeval-single-keys";
const OFF = "off";

export class OwnKeys {
  /** @param {() => Storage} storage of the browser; throws where it allows none */
  constructor(storage) {
    this.storage = storage;
    this.characters = !this.#keptOff();
  }

  /**
   * Whether a key may be one of the page's own: nobody is writing, it is not the browser's or the system's, and it
   * is no character where those are switched off.
   * @param {KeyboardEvent} event
   */
  takes(event) {
    return !isModified(event) && !isTyped(event) && (this.characters || !isCharacter(event.key));
  }

  /** @param {boolean} characters whether keys that are characters are the page's own */
  switchCharacters(characters) {
    this.characters = characters;
    try {
      if (characters) this.storage().removeItem(KEY);
      else this.storage().setItem(KEY, OFF);
    } catch {
      // It holds for this page all the same.
    }
  }

  #keptOff() {
    try {
      return this.storage().getItem(KEY) === OFF;
    } catch {
      return false;
    }
  }
}

/**
 * Whether a key belongs to the browser or the system. Brackets are typed with Alt on many keyboards.
 * @param {KeyboardEvent} event
 */
function isModified({ key, ctrlKey, metaKey, altKey }) {
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
