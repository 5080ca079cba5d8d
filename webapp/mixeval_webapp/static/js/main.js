/** Starts a page once its data and what this browser still keeps of it are at hand. */

import { INTERFACES } from "./interfaces.js";
import { Outbox, openStore } from "./outbox.js";
import { asksForRatings, parsePageData } from "./page-data.js";
import { byId } from "./page-elements.js";
import { RatingScreen } from "./rating-screen.js";
import { Scope } from "./scope.js";
import { Words } from "./words.js";

/**
 * @typedef {import("./page-data.js").PageData} PageData
 * @typedef {RatingScreen | import("./step-screen.js").StepScreen} Screen
 */

const browser = new Scope();

/**
 * Open the page that is shown, and say so where it cannot be.
 * @param {Record<string, string>} words
 */
export async function start(words) {
  try {
    await open(words);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    byId("message").textContent = new Words(words).say("did_not_start", { reason });
    throw error;
  }
}

/** @param {Record<string, string>} words */
async function open(words) {
  const data = parsePageData(byId("page-data").textContent ?? "", words);
  const outbox = new Outbox(await openStore(() => globalThis.indexedDB, browser));
  await outbox.open();
  const screen = await screenFor(data, outbox);
  // Here a reload has not begun: what is kept now, the next page finds. As `pagehide` comes it has read already.
  browser.listen(globalThis, "beforeunload", () => screen.settle());
  browser.listen(globalThis, "pagehide", () => screen.leave());
  // Shown again from the browser's memory the page is old and silent: the server knows where the listener is.
  browser.listen(globalThis, "pageshow", (/** @type {PageTransitionEvent} */ event) => {
    if (event.persisted) location.reload();
  });
  watchOtherTabs(data.page, screen);
  await screen.open();
}

/**
 * @param {PageData} data
 * @param {Outbox} outbox
 * @returns {Promise<Screen>}
 */
async function screenFor(data, outbox) {
  if (!asksForRatings(data)) {
    const [{ StepScreen }, { STEPS }] = await Promise.all([import("./step-screen.js"), import("./steps.js")]);
    return new StepScreen(data, outbox, new Scope(), (await STEPS[data.type]?.()) ?? null);
  }
  const load = INTERFACES[data.type];
  if (!load) throw new TypeError(`There is no page of the type ${data.type}.`);
  const [Interface, comments] = await Promise.all([
    load(),
    data.comments === "none" ? null : import("./comments.js"),
  ]);
  return new RatingScreen(data, outbox, new Scope(), Interface, comments);
}

/**
 * One page, one tab: the one that was opened last goes on.
 * @param {string} page
 * @param {Screen} screen
 */
function watchOtherTabs(page, screen) {
  if (!globalThis.BroadcastChannel) return;
  const channel = new BroadcastChannel(`mixeval ${page}`);
  browser.listen(channel, "message", () => screen.giveWay());
  browser.hold(() => channel.close());
  channel.postMessage("opened");
}
