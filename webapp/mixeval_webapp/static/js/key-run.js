/** Key presses close together are one movement: each is kept at once, and told as one when the keys rest. */

/** Presses closer together than this belong together. */
const REST_SECONDS = 0.6;

export class KeyRun {
  /** @type {{from: number | null, at: number, stop: () => void} | null} */
  #run = null;

  /**
   * @param {import("./scope.js").Scope} scope
   * @param {(from: number | null, at: number) => void} onEnd where the movement began, and when its last key was pressed
   */
  constructor(scope, onEnd) {
    this.scope = scope;
    this.onEnd = onEnd;
  }

  get underWay() {
    return this.#run !== null;
  }

  /**
   * @param {number | null} from the value before this press
   * @param {number} at
   */
  press(from, at) {
    const began = this.#run ? this.#run.from : from;
    this.#run?.stop();
    this.#run = { from: began, at, stop: this.scope.after(REST_SECONDS, () => this.end()) };
  }

  end() {
    const run = this.#run;
    if (!run) return;
    this.#run = null;
    run.stop();
    this.onEnd(run.from, run.at);
  }
}
