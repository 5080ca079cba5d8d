/** Starts a page once its data and what this browser still keeps of it are at hand. */

import { INTERFACES } from "./interfaces.js";
import { Outbox, openStore } from "./outbox.js";
import { asksForRatings, parsePageData } from "./page-data.js";
import { byId } from "./page-elements.js";
import { RatingScreen } from "./rating-screen.js";
import { Scope } from "./scope.js";
import { Sender } from "./sender.js";
import { Words } from "./words.js";

/**
 * @typedef {import("./page-data.js").PageData} PageData
 * @typedef {RatingScreen | import("./step-screen.js").StepScreen} Screen
 */

const browser = new Scope();
const fetch = globalThis.fetch.bind(globalThis);

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
  const left = () => void rest("gone_elsewhere", { data, outbox, screen });
  const screen = await screenFor(data, outbox, { onLeft: left });
  // Here a reload has not begun: what is kept now, the next page finds. As `pagehide` comes it has read already.
  browser.listen(globalThis, "beforeunload", (event) => {
    if (!screen.scope.ended && screen.delivery.wouldLose) event.preventDefault();
    screen.settle();
  });
  browser.listen(globalThis, "pagehide", () => screen.leave());
  // Shown again from the browser's memory the page is old and silent: the server knows where the listener is.
  browser.listen(globalThis, "pageshow", (/** @type {PageTransitionEvent} */ event) => {
    if (event.persisted) location.reload();
  });
  const opening = screen.open();
  await hold({ data, outbox, screen }, left);
  await opening;
}

/**
 * @param {PageData} data
 * @param {Outbox} outbox
 * @param {import("./delivery.js").Place} place
 * @returns {Promise<Screen>}
 */
async function screenFor(data, outbox, place) {
  if (!asksForRatings(data)) {
    const [{ StepScreen }, { STEPS }] = await Promise.all([import("./step-screen.js"), import("./steps.js")]);
    return new StepScreen(data, outbox, new Scope(), place, (await STEPS[data.type]?.()) ?? null);
  }
  const load = INTERFACES[data.type];
  if (!load) throw new TypeError(`There is no page of the type ${data.type}.`);
  const [Interface, comments] = await Promise.all([
    load(),
    data.comments === "none" ? null : import("./comments.js"),
  ]);
  return new RatingScreen(data, outbox, new Scope(), place, Interface, comments);
}

/**
 * @typedef {{data: PageData, outbox: Outbox, screen: Screen}} Opened
 */

/** @type {Promise<import("./tab.js").Tab> | null} */
let ownTab = null;

/**
 * This tab by its name. Its program comes with the sound, which does not wait for it.
 * @param {PageData} data
 */
function tabOf(data) {
  ownTab ??= import("./tab.js").then(async ({ Tab }) => {
    const tab = new Tab({ session: data.resume_url, scope: browser, fetch });
    await tab.open();
    return tab;
  });
  ownTab.catch(() => { ownTab = null; });
  return ownTab;
}

/**
 * Go on in this tab, or ask whether to.
 * @param {Opened} opened
 * @param {() => void} left
 */
async function hold(opened, left) {
  const { data, screen } = opened;
  const tab = await tabOf(data).catch(() => null);
  // The line broke as the page came: it works, and its answers are taken from a tab without a name too.
  if (tab === null) return;
  tab.onTaken(left);
  if (!(await tab.hold(data.hold_url))) await rest("open_elsewhere", opened);
  // From now on, since what was sent before may have found another tab in its place.
  else screen.delivery.sender.tab = tab.name;
}

/**
 * Stop here, since the listener goes on elsewhere, and ask whether to go on here after all.
 * @param {"open_elsewhere" | "gone_elsewhere"} why
 * @param {Opened} opened
 */
async function rest(why, { data, outbox, screen }) {
  if (screen.scope.ended) return;
  screen.giveWay();
  // What this tab has not sent yet goes on its way while another one is in use.
  const sender = new Sender({ outbox, scope: browser, page: null, fetch });
  browser.listen(globalThis, "online", () => sender.kick());
  sender.kick();
  const words = new Words(data.words);
  const { ask } = await import("./dialog.js");
  const tab = await tabOf(data);
  const asked = ask({
    text: words.say(why),
    buttons: [{
      words: words.say("continue_here"), main: true,
      // The server knows what the other tab has answered since.
      act: () => void tab.hold(data.hold_url, true).then((taken) => (taken ? location.reload() : asked.say(words.say("kept")))),
    }],
  }, browser);
}
