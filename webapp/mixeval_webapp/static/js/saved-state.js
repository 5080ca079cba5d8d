/** The words in the page's corner: what is saved is what the server has confirmed, nothing else. */

/** @typedef {import("./words.js").Words} Words */

/**
 * @param {import("./sender.js").Status} status
 * @param {boolean} online
 * @param {Words} words
 * @returns {{text: string, mood: "saved" | "saving" | "waiting"}}
 */
export function savedState({ waiting, failures }, online, words) {
  if (waiting === 0) return { text: words.say("saved"), mood: "saved" };
  if (!online) return { text: words.say("offline", { count: waiting }), mood: "waiting" };
  if (failures > 0) return { text: words.say("waiting", { count: waiting }), mood: "waiting" };
  return { text: words.say("saving"), mood: "saving" };
}

const MOST_NAMES = 8;

/**
 * What is still to do, as lines to read.
 * @param {import("./rating-page.js").Todo} todo
 * @param {Words} words
 */
export function todoLines(todo, words) {
  return Object.entries(todo).map(([task, names]) => words.say(`todo_${task}`, { names: list(names, words) }));
}

/**
 * @param {string[]} all
 * @param {Words} words
 */
function list(all, words) {
  const names = all.slice(0, MOST_NAMES).join(", ");
  return all.length > MOST_NAMES ? words.say("and_more", { names, count: all.length - MOST_NAMES }) : names;
}
