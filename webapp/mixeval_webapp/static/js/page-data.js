/** What the server says of a page; it decides order, letters and limits, the browser renders. */

/**
 * @typedef {object} StoredAnswer what the server holds of a mix for one attribute
 * @property {string} attribute
 * @property {number | null} value null until given
 * @property {boolean} moved
 * @property {boolean} played
 * @property {number} listened_seconds
 * @property {boolean} unplayable
 * @property {number} sequence
 *
 * @typedef {object} Stimulus
 * @property {string} token
 * @property {string} label the letter that the listener sees
 * @property {"rated" | "reference" | "x" | "heard" | "clip" | "check"} role all but the first are only heard
 * @property {string} url
 * @property {StoredAnswer[]} answers
 *
 * @typedef {object} Axis one thing that is asked of each mix
 * @property {string} attribute
 * @property {string} question
 * @property {string[]} scale words from the low end to the high end, evenly spaced
 *
 * @typedef {object} WrittenAnswer an answer to a question, or a comment
 * @property {string} subject a mix's token, or empty
 * @property {string} name
 * @property {any} value
 * @property {number} sequence
 *
 * @typedef {object} PageData what every page has
 * @property {string} page
 * @property {string} type
 * @property {number} number
 * @property {number} count
 * @property {number} sample_rate
 * @property {number} frames
 * @property {number} bytes of each audio file
 * @property {Stimulus[]} stimuli
 * @property {WrittenAnswer[]} answers
 * @property {number} volume_db
 * @property {number} next_sequence
 * @property {string[]} next_audio addresses of the next page's files
 * @property {number} next_bytes of each of them
 * @property {string} ratings_url
 * @property {string} answers_url
 * @property {string} complete_url
 * @property {string} events_url
 * @property {string} hold_url
 * @property {string} next_url
 * @property {string} resume_url
 * @property {Record<string, string>} words
 *
 * @typedef {object} RatingFields what pages have besides on which mixes are rated
 * @property {Axis[]} axes
 * @property {{lowest: number, highest: number, step: number}} values
 * @property {number} minimum_seconds for which each mix must have been audible
 * @property {boolean} loop
 * @property {boolean} waveform
 * @property {"none" | "page" | "mixes" | "both"} comments
 *
 * @typedef {object} ScaleFields what pages with continuous scales have besides
 * @property {"tray" | "neutral" | "random"} unrated
 * @property {Record<string, number>} starts where an unrated mix is drawn, by token
 * @property {boolean} show_values
 * @property {"points" | "intervals"} scale_as whether a word names a point of the scale, or a part of it
 *
 * @typedef {PageData & RatingFields} RatingPageData
 * @typedef {RatingPageData & ScaleFields} ScalePageData
 */

const FIELDS = {
  page: "string", type: "string", number: "number", count: "number",
  sample_rate: "number", frames: "number", bytes: "number", stimuli: "object", answers: "object",
  volume_db: "number", next_sequence: "number", next_audio: "object", next_bytes: "number",
  ratings_url: "string", answers_url: "string", complete_url: "string", events_url: "string", hold_url: "string",
  next_url: "string", resume_url: "string", words: "object",
};

/**
 * Parse the page's embedded JSON. Throws TypeError that names the field that is missing or of the wrong type.
 * @param {string} text
 * @param {Record<string, string>} words all that scripts say, which the page holds only in part
 * @returns {PageData}
 */
export function parsePageData(text, words) {
  const data = { ...JSON.parse(text), words };
  for (const [field, type] of Object.entries(FIELDS)) {
    if (typeof data?.[field] !== type || data[field] === null)
      throw new TypeError(`The page's data should hold ${field} as a ${type}; reload the page.`);
  }
  if ("axes" in data && (!Array.isArray(data.stimuli) || data.stimuli.length === 0))
    throw new TypeError("The page's data names no stimuli; reload the page.");
  return data;
}

/**
 * @param {PageData} data
 * @returns {data is RatingPageData}
 */
export function asksForRatings(data) {
  return "axes" in data;
}
