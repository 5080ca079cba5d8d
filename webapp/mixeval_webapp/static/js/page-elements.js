/** The elements that every page has, by id. */

/** @param {string} id */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new TypeError(`The page lacks #${id}.`);
  return found;
}

/**
 * Tell the listener something, below the board and to screen readers.
 * @param {string} text
 */
export function say(text) {
  byId("message").textContent = text;
}

/**
 * @param {Element} parent
 * @param {string} selector
 */
export function within(parent, selector) {
  const found = parent.querySelector(selector);
  if (!(found instanceof HTMLElement)) throw new TypeError(`The page lacks ${selector}.`);
  return found;
}
