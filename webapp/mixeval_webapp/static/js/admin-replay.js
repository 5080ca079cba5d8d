/**
 * Steps through the pages of a session: a cursor over the picture, and in words what was so at that moment.
 * The picture and the list of events say the same without this script.
 */

import { Scope } from "./scope.js";

/**
 * @typedef {object} Told one event, as the page's own data say it
 * @property {number} at seconds
 * @property {string} words
 * @property {string} [mix] its letter
 *
 * @typedef {object} ToldLane
 * @property {string} letter
 * @property {[number, number][]} played
 * @property {[number, number, string][]} moves seconds, value, attribute
 *
 * @typedef {object} ToldPage
 * @property {number} seconds
 * @property {ToldLane[]} lanes
 * @property {Told[]} events
 * @property {[number, number][]} volumes
 *
 * @typedef {object} Moment what was so at one moment
 * @property {string | null} playing the letter
 * @property {[string, number][]} ratings letter and value, of the first attribute that was moved
 * @property {number | null} volumeDb
 * @property {Told | null} last the last event until then
 */

/**
 * Say what was so at a moment.
 * @param {ToldPage} page
 * @param {number} at
 * @returns {Moment}
 */
export function momentOf(page, at) {
  const playing = page.lanes.find(({ played }) => played.some(([start, end]) => start <= at && at < end));
  /** @type {[string, number][]} */
  const ratings = [];
  for (const { letter, moves } of page.lanes) {
    const first = moves[0]?.[2];
    const newest = moves.filter(([moved, , attribute]) => moved <= at && attribute === first).at(-1);
    if (newest) ratings.push([letter, newest[1]]);
  }
  return {
    playing: playing?.letter ?? null,
    ratings,
    volumeDb: page.volumes.filter(([set]) => set <= at).at(-1)?.[1] ?? null,
    last: page.events.filter((event) => event.at <= at).at(-1) ?? null,
  };
}

/**
 * The moment of the event before or after `at`; the beginning or the end where there is none.
 * @param {ToldPage} page
 * @param {number} at
 * @param {-1 | 1} direction
 */
export function stepFrom(page, at, direction) {
  const moments = page.events.map((event) => event.at);
  // A slider of tenths stands a little beside the event.
  const near = 0.051;
  return direction > 0
    ? (moments.find((moment) => moment > at + near) ?? page.seconds)
    : (moments.filter((moment) => moment < at - near).at(-1) ?? 0);
}

/**
 * @param {number} seconds
 * @returns {string} minutes and seconds, with tenths
 */
export function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = Math.floor((seconds - 60 * minutes) * 10 + 1e-6) / 10;
  return `${minutes}:${rest.toFixed(1).padStart(4, "0")}`;
}

class Replay {
  /**
   * @param {HTMLElement} element
   * @param {Scope} scope
   */
  constructor(element, scope) {
    this.page = /** @type {ToldPage} */ (JSON.parse(part(element, ".data").textContent ?? ""));
    this.slider = /** @type {HTMLInputElement} */ (part(element, "input"));
    this.output = part(element, "output");
    this.told = part(element, ".told");
    this.cursor = part(element, ".cursor");
    this.picture = part(element, "svg");
    this.names = element.querySelectorAll(".names li");
    this.width = Number(this.picture.dataset["width"]);
    part(element, ".scrub").hidden = false;
    // Its last tenth may end after the page does.
    scope.listen(this.slider, "input", () => this.show(Math.min(this.page.seconds, this.slider.valueAsNumber)));
    for (const button of element.querySelectorAll("button[data-step]"))
      scope.listen(button, "click", () => {
        const direction = /** @type {HTMLElement} */ (button).dataset["step"] === "1" ? 1 : -1;
        this.show(stepFrom(this.page, this.slider.valueAsNumber, direction));
      });
    scope.listen(this.picture, "pointerdown", (/** @type {PointerEvent} */ event) => this.#point(event));
    scope.listen(this.picture, "pointermove", (/** @type {PointerEvent} */ event) => {
      if (event.buttons === 1) this.#point(event);
    });
    this.show(0);
  }

  /** @param {number} at */
  show(at) {
    const { page } = this;
    const moment = momentOf(page, at);
    this.slider.value = String(at);
    this.slider.setAttribute("aria-valuetext", clock(at));
    this.output.textContent = clock(at);
    const x = String((this.width * at) / Math.max(page.seconds, 1));
    this.cursor.setAttribute("x1", x);
    this.cursor.setAttribute("x2", x);
    for (const [index, name] of this.names.entries()) name.classList.toggle("now", page.lanes[index]?.letter === moment.playing);
    const parts = [moment.playing === null ? "Silent" : `${moment.playing} plays`];
    if (moment.ratings.length > 0) parts.push(moment.ratings.map(([letter, value]) => `${letter} ${value}`).join(", "));
    if (moment.volumeDb !== null) parts.push(`${moment.volumeDb} dB`);
    if (moment.last) parts.push(`last: ${[moment.last.mix, moment.last.words].filter(Boolean).join(" ")}`);
    this.told.textContent = parts.join(" · ");
  }

  /** @param {PointerEvent} event */
  #point(event) {
    const { left, width } = this.picture.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - left) / width));
    // A picture shows a second at least.
    this.show(Math.min(this.page.seconds, share * Math.max(this.page.seconds, 1)));
  }
}

/**
 * @param {Element} element
 * @param {string} selector
 * @returns {HTMLElement}
 */
function part(element, selector) {
  const found = element.querySelector(selector);
  if (!found) throw new Error(`the page has no ${selector}`);
  return /** @type {HTMLElement} */ (found);
}

if (globalThis.document) {
  const scope = new Scope();
  for (const element of document.querySelectorAll(".replay")) new Replay(/** @type {HTMLElement} */ (element), scope);
}
