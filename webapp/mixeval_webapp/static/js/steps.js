/**
 * What pages do on which nothing is rated, by page type. A new one is a new module and one line here; a page type
 * that is not here is only read.
 *
 * Each is a class that owns the page's own part; the screen around it owns Next and the way to the server.
 */

/**
 * @typedef {object} StepTools
 * @property {import("./scope.js").Scope} scope
 * @property {import("./words.js").Words} words
 * @property {import("./step-answers.js").StepAnswers} answers what is written goes to the server by itself
 * @property {import("./tab-memory.js").TabMemory} memory
 * @property {import("./delivery.js").Delivery["log"]} log
 * @property {typeof fetch} fetch
 * @property {() => void} onChange what is still to do may have changed
 *
 * @typedef {object} Step
 * @property {() => void | Promise<void>} open
 * @property {() => import("./rating-page.js").Todo} todo
 * @property {() => void} settle end what the pointer or the keys have begun, so that it is kept
 * @property {() => void} point bring the listener to the first thing that is still to do
 *
 * @typedef {new (data: any, tools: StepTools) => Step} StepClass
 */

const trials = async () => (await import("./trials-step.js")).TrialsStep;
const questions = async () => (await import("./questions-step.js")).QuestionsStep;

/** @type {Record<string, () => Promise<StepClass>>} */
export const STEPS = {
  questions_start: questions,
  questions_before: questions,
  questions_after: questions,
  questions_end: questions,
  left_right: trials,
  huggins: trials,
  antiphase: trials,
  level: async () => (await import("./level-step.js")).LevelStep,
};
