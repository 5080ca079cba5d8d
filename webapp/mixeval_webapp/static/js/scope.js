/** One owner for every listener, timer, frame and audio node of a page: what it holds ends with it. */

export class Scope {
  /** @type {Set<() => void>} */
  #held = new Set();
  #ended = false;

  get ended() {
    return this.#ended;
  }

  /**
   * Hold something until the scope ends; returns a function that ends it sooner.
   * @param {() => void} end
   */
  hold(end) {
    const once = () => {
      if (this.#held.delete(once)) end();
    };
    this.#held.add(once);
    if (this.#ended) once();
    return once;
  }

  /**
   * @template {Event} E
   * @param {EventTarget} target
   * @param {string} type
   * @param {(event: E) => void} handle
   * @param {AddEventListenerOptions} [options]
   */
  listen(target, type, handle, options) {
    const listener = /** @type {EventListener} */ (/** @type {unknown} */ (handle));
    target.addEventListener(type, listener, options);
    return this.hold(() => target.removeEventListener(type, listener, options));
  }

  /**
   * @param {() => void} act
   * @param {number} seconds
   */
  after(seconds, act) {
    const timer = setTimeout(() => {
      cancel();
      act();
    }, seconds * 1000);
    const cancel = this.hold(() => clearTimeout(timer));
    return cancel;
  }

  /**
   * @param {() => void} act
   * @param {number} seconds
   */
  every(seconds, act) {
    const timer = setInterval(act, seconds * 1000);
    return this.hold(() => clearInterval(timer));
  }

  /** @param {() => void} act called before each repaint */
  eachFrame(act) {
    let frame = 0;
    const turn = () => {
      frame = requestAnimationFrame(turn);
      act();
    };
    frame = requestAnimationFrame(turn);
    return this.hold(() => cancelAnimationFrame(frame));
  }

  end() {
    this.#ended = true;
    for (const end of [...this.#held].reverse()) end();
  }
}
