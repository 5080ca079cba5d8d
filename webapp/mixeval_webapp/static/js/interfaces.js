/**
 * The ways of asking about mixes, by page type. A new one is a new module and one line here.
 *
 * Each is a class that draws one axis (one attribute) into its section of the page. It draws what it is told and
 * tells what the listener does; it keeps no answers.
 */

/**
 * @typedef {object} Look of one mix
 * @property {number | null} value
 * @property {boolean} played for as long as the page asks
 * @property {number} heard the part of the time that the page asks for which has been heard, 0 to 1
 * @property {boolean} playing
 * @property {import("./sound.js").Loading} state
 *
 * @typedef {object} Move a drag or a row of key presses
 * @property {number | null} from
 * @property {number} to
 * @property {string} by
 *
 * @typedef {object} Tools
 * @property {import("./scope.js").Scope} scope
 * @property {import("./words.js").Words} words
 * @property {import("./page-data.js").RatingPageData} data
 * @property {import("./page-data.js").Axis} axis
 * @property {(token: string) => void} onPlay a mix's letter was pressed
 * @property {(token: string, value: number) => void} onPlace
 * @property {(values: [string, number][]) => void} onPlaceAll where one answer is the values of several mixes
 * @property {(token: string, move: Move, at: number) => void} onMove a movement has ended, at this time of the
 *   events' clock (performance.now())
 *
 * @typedef {object} Interface
 * @property {(look: (token: string) => Look) => void} draw
 * @property {() => void} settle end what the pointer or the keys have begun, so that it is kept
 * @property {(token: string) => void} reveal bring a mix into view
 * @property {(element: Element) => string | undefined} tokenAt the mix whose control this is
 *
 * @typedef {object} Given what the listener has said of a sound so far
 * @property {string} label
 * @property {boolean} rated and not only heard
 * @property {boolean} unplayable
 * @property {(number | null)[]} values one for each axis
 *
 * @typedef {(sounds: Given[]) => import("./rating-page.js").Todo} Rule what is still to be answered; the page's own
 *   server knows the same rule
 *
 * @typedef {(new (section: HTMLElement, tools: Tools) => Interface) & {rule?: Rule}} InterfaceClass without a rule,
 *   each mix wants a value
 */

/** @type {Record<string, () => Promise<InterfaceClass>>} */
export const INTERFACES = {
  single_axis: async () => (await import("./axis.js")).AxisBoard,
  familiarisation: async () => (await import("./listening-board.js")).ListeningBoard,
  sliders: async () => (await import("./board.js")).Board,
  ab: async () => (await import("./choice.js")).Choice,
  abx: async () => (await import("./choice.js")).Choice,
  ranking: async () => (await import("./ranking.js")).Ranking,
  bs1116: async () => (await import("./grades.js")).Grades,
  acr: async () => (await import("./categories.js")).Categories,
};
