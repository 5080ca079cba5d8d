/** On pages after the last rating page: send what earlier pages left in the outbox. */

import { Outbox, openStore } from "./outbox.js";
import { Scope } from "./scope.js";
import { Sender } from "./sender.js";

const scope = new Scope();
const outbox = new Outbox(await openStore(() => globalThis.indexedDB, scope));
await outbox.open();
const sender = new Sender({ outbox, scope, page: null, fetch: globalThis.fetch.bind(globalThis) });
scope.listen(globalThis, "online", () => sender.kick());
sender.kick();
