/** What the listener can do about mixes that did not come: try once more, and in the end go on without them. */

/**
 * @typedef {import("./mix-files.js").MixFile} MixFile
 * @typedef {import("./scope.js").Scope} Scope
 * @typedef {import("./words.js").Words} Words
 */

export class FailedMixes {
  /**
   * @param {HTMLElement} root
   * @param {{scope: Scope, words: Words, onRetry: () => void, onGiveUp: () => void}} tools
   */
  constructor(root, { scope, words, onRetry, onGiveUp }) {
    this.root = root;
    this.words = words;
    this.retry = this.#button(scope, onRetry);
    this.retry.textContent = words.say("try_again");
    this.giveUp = this.#button(scope, onGiveUp);
  }

  /**
   * @param {MixFile[]} failed
   * @param {MixFile[]} hopeless of them those that may be given up
   */
  draw(failed, hopeless) {
    this.root.hidden = failed.length === 0;
    this.giveUp.hidden = hopeless.length === 0;
    this.giveUp.textContent = this.words.say("go_without", { names: hopeless.map(({ label }) => label).join(", ") });
  }

  /**
   * @param {Scope} scope
   * @param {() => void} act
   */
  #button(scope, act) {
    const button = document.createElement("button");
    button.type = "button";
    scope.listen(button, "click", act);
    this.root.append(button);
    return button;
  }
}
