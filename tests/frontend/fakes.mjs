/** Stand-ins for what browsers bring: a clock that tests turn, a server that fails as told, an AudioParam. */

import { readFileSync } from "node:fs";
import { Words } from "../../webapp/mixeval_webapp/static/js/words.js";

/** A scope whose time passes only when the test says so. */
export class FakeScope {
  ended = false;
  now = 0;
  waits = [];
  #timers = new Set();

  after(seconds, act) {
    const timer = { at: this.now + seconds, seconds, act };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  hold() {
    return () => {};
  }

  get pending() {
    return [...this.#timers].map(({ seconds }) => seconds).sort((a, b) => a - b);
  }

  /** Let the next timer ring, after all that can happen before it has happened. */
  async ring() {
    await settle();
    const [next] = [...this.#timers].sort((a, b) => a.at - b.at);
    if (!next) return;
    this.waits.push(next.seconds);
    this.#timers.delete(next);
    this.now = next.at;
    next.act();
    await settle();
  }
}

export async function settle() {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/**
 * A fetch that answers from a list, then keeps giving the last answer; each is a function of the request,
 * "no answer", "reply lost" (the server has it, we never hear) or a status.
 */
export function fakeServer(...answers) {
  const requests = [];
  const server = async (url, { method, headers, body, redirect }) => {
    const request = { url, method, headers, body: JSON.parse(body), redirect };
    requests.push(request);
    const answer = answers.length > 1 ? answers.shift() : answers[0];
    if (answer === "no answer" || answer === "reply lost") throw new TypeError("Failed to fetch");
    return typeof answer === "function" ? answer(request) : reply(answer, {});
  };
  return Object.assign(server, { requests });
}

export function reply(status, body, headers = {}) {
  return { status, ok: status === 200, headers: new Headers(headers), json: async () => structuredClone(body) };
}

/** A server that stores what it is sent and confirms it. */
export function confirming({ body }) {
  const saved = body.events
    ? body.events.map(({ id }) => id)
    : (body.ratings ?? []).map(({ stimulus, attribute, sequence }) => ({ stimulus, attribute, sequence }));
  return reply(200, { saved });
}

/** An AudioParam by the specification's text (Web Audio 1.1, section 1.6.3): events in, value at any time out. */
export class FakeParam {
  events = [];

  setValueAtTime(value, time) {
    this.#insert({ kind: "set", value, time });
  }

  linearRampToValueAtTime(value, time) {
    this.#insert({ kind: "ramp", value, time });
  }

  cancelScheduledValues(time) {
    this.events = this.events.filter((event) => event.time < time);
  }

  at(time) {
    const past = this.events.filter((event) => event.time <= time).at(-1);
    const next = this.events.find((event) => event.time > time);
    if (next?.kind === "ramp" && past)
      return past.value + ((next.value - past.value) * (time - past.time)) / (next.time - past.time);
    return past?.value ?? 1;
  }

  #insert(event) {
    const later = this.events.findIndex((held) => held.time > event.time);
    this.events.splice(later === -1 ? this.events.length : later, 0, event);
  }
}

/** The English messages, as the server sends them with each page. */
export const WORDS = new Words(browserMessages("en"));

export function pageData(changes = {}) {
  return {
    page: "p1", type: "sliders", number: 1, count: 2,
    axes: [{ attribute: "preference", question: "How much?", scale: ["Dislike", "Neutral", "Like"] }],
    values: { lowest: 0, highest: 100, step: 1 }, minimum_seconds: 0.25, comments: "none", loop: true, waveform: false,
    unrated: "neutral", starts: { a: 50, b: 50, c: 50 }, show_values: false, scale_as: "points",
    sample_rate: 44100, frames: 44100, bytes: 1000, volume_db: -6, next_sequence: 5,
    stimuli: ["a", "b", "c"].map((token) => ({
      token, label: token.toUpperCase(), role: "rated", url: `/audio/${token}`, answers: [],
    })),
    answers: [], next_audio: [], next_bytes: 0, words: WORDS.messages,
    ratings_url: "/ratings", answers_url: "/answers", complete_url: "/complete", events_url: "/events", hold_url: "/hold",
    next_url: "/test", resume_url: "/resume/x",
    ...changes,
  };
}

function browserMessages(language) {
  const file = new URL(`../../webapp/mixeval_webapp/messages/${language}.toml`, import.meta.url);
  const [, table] = readFileSync(file, "utf8").split("[browser]\n");
  return Object.fromEntries(
    table.split("\n").filter((line) => line.includes(" = ")).map((line) => {
      const [key, text] = line.split(/ = (.*)/s);
      return [key, JSON.parse(text)];
    }),
  );
}

export function answer(changes = {}) {
  return {
    stimulus: "a", attribute: "preference", value: 60, moved: true, played: true, listened_seconds: 1,
    unplayable: false, sequence: 7,
    ...changes,
  };
}

export function ratingEntry(changes = {}, page = "p1") {
  return { kind: "rating", page, url: `/pages/${page}/ratings`, body: answer(changes) };
}

export function eventEntry(id, page = "p1") {
  return { kind: "event", page, url: "/events", body: { id, page, kind: "play", stimulus: "a", client_ms: 1, detail: {} } };
}
