/**
 * On pages after the last one of a session: send what earlier pages left in the outbox, and only then go to where
 * the study sends its participants.
 */

import { Outbox, openStore } from "./outbox.js";
import { Scope } from "./scope.js";
import { Sender } from "./sender.js";
import { Words } from "./words.js";

/** Time to read where one is taken. */
const READING_SECONDS = 4;
const LOOK_SECONDS = 0.25;

const scope = new Scope();
const outbox = new Outbox(await openStore(() => globalThis.indexedDB, scope));
await outbox.open();
const sender = new Sender({ outbox, scope, page: null, fetch: globalThis.fetch.bind(globalThis) });
scope.listen(globalThis, "online", () => sender.kick());
sender.kick();

const link = /** @type {HTMLAnchorElement | null} */ (document.getElementById("leave"));
if (link) leaveWhenEmpty(link);

/** @param {HTMLAnchorElement} target */
function leaveWhenEmpty(target) {
  const status = /** @type {HTMLElement} */ (document.getElementById("leaving"));
  const words = new Words(JSON.parse(document.getElementById("words")?.textContent ?? "{}"));
  const cancel = scope.every(LOOK_SECONDS, () => {
    if (!sender.empty) {
      status.textContent = words.say("leaving_waits", { count: outbox.entries().length });
      return;
    }
    cancel();
    status.textContent = words.say("leaving_soon", { host: status.dataset["host"] ?? "" });
    // Whoever comes back from there finds the code and the link, and is not sent off again.
    if (history.state?.left) return;
    scope.after(READING_SECONDS, () => {
      history.replaceState({ left: true }, "");
      location.assign(target.href);
    });
  });
}
