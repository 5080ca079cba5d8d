/** What the page says, in the listener's language; the server sends the messages with the page. */

export class Words {
  /** @param {Record<string, string>} messages by key, with {names} in braces for what is filled in */
  constructor(messages) {
    this.messages = messages;
  }

  /**
   * @param {string} key
   * @param {Record<string, string | number>} [values]
   */
  say(key, values = {}) {
    const message = this.messages[key];
    if (message === undefined) throw new RangeError(`The page's data holds no message ${key}; reload the page.`);
    return message.replace(/\{(\w+)\}/g, (found, name) => String(values[name] ?? found));
  }

  /**
   * A number with the decimal mark of the language.
   * @param {number | string} value a string where it has a fixed number of digits
   */
  number(value) {
    return String(value).replace(".", this.say("decimal_mark"));
  }
}
