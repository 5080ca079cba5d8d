/** What the server says of a rating page; it decides order, letters and limits, the browser renders. */

/**
 * @typedef {object} Stimulus
 * @property {string} token
 * @property {string} label the letter that the listener sees
 * @property {string} url
 * @property {number | null} value 0 (bottom) to 100 (top), null until placed
 * @property {boolean} moved
 * @property {boolean} played
 * @property {number} listened_seconds
 * @property {number | null} sequence of the answer that the server holds
 *
 * @typedef {object} PageData
 * @property {string} page
 * @property {number} number
 * @property {number} count
 * @property {string[]} scale words from the bottom to the top, evenly spaced
 * @property {string} attribute
 * @property {number} sample_rate
 * @property {number} frames
 * @property {number} bytes of each audio file
 * @property {Stimulus[]} stimuli
 * @property {number} volume_db
 * @property {number} next_sequence
 * @property {string} ratings_url
 * @property {string} complete_url
 * @property {string} events_url
 * @property {string} next_url
 * @property {string} resume_url
 */

const FIELDS = {
  page: "string", number: "number", count: "number", scale: "object", attribute: "string",
  sample_rate: "number", frames: "number", bytes: "number", stimuli: "object", volume_db: "number",
  next_sequence: "number", ratings_url: "string", complete_url: "string", events_url: "string",
  next_url: "string", resume_url: "string",
};

/**
 * Parse the page's embedded JSON. Throws TypeError that names the field that is missing or of the wrong type.
 * @param {string} text
 * @returns {PageData}
 */
export function parsePageData(text) {
  const data = JSON.parse(text);
  for (const [field, type] of Object.entries(FIELDS)) {
    if (typeof data?.[field] !== type || data[field] === null)
      throw new TypeError(`The page's data should hold ${field} as a ${type}; reload the page.`);
  }
  if (!Array.isArray(data.stimuli) || data.stimuli.length === 0)
    throw new TypeError("The page's data names no stimuli; reload the page.");
  return data;
}
