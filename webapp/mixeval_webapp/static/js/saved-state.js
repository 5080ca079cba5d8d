/** The words in the page's corner: what is saved is what the server has confirmed, nothing else. */

/**
 * @param {import("./sender.js").Status} status
 * @param {boolean} online
 * @returns {{words: string, mood: "saved" | "saving" | "waiting"}}
 */
export function savedState({ waiting, failures }, online) {
  if (waiting === 0) return { words: "All saved", mood: "saved" };
  if (!online) return { words: `Offline, ${waiting} waiting`, mood: "waiting" };
  if (failures > 0) return { words: `${waiting} waiting`, mood: "waiting" };
  return { words: "Saving…", mood: "saving" };
}

/**
 * What is still to do, as lines to read.
 * @param {{play: string[], place: string[]}} todo
 */
export function todoLines({ play, place }) {
  const lines = [];
  if (play.length > 0) lines.push(`Still to play: ${list(play)}`);
  if (place.length > 0) lines.push(`Still to place: ${list(place)}`);
  return lines;
}

/** @param {string[]} letters */
function list(letters) {
  const shown = letters.slice(0, 8).join(", ");
  return letters.length > 8 ? `${shown} and ${letters.length - 8} more` : shown;
}
