import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { EventLog } from "../../webapp/mixeval_webapp/static/js/event-log.js";
import { Scope } from "../../webapp/mixeval_webapp/static/js/scope.js";

const FOLDER = new URL("../../webapp/mixeval_webapp/static/js/", import.meta.url);

test("what a scope holds ends with it, newest first, and once", () => {
  const scope = new Scope();
  const ended = [];
  scope.hold(() => ended.push("context"));
  const endNode = scope.hold(() => ended.push("node"));
  scope.hold(() => ended.push("listener"));
  endNode();
  scope.end();
  scope.end();
  assert.deepEqual(ended, ["node", "listener", "context"]);
});

test("after its end a scope hears nothing and holds nothing", () => {
  const scope = new Scope();
  const target = new EventTarget();
  let heard = 0;
  scope.listen(target, "ping", () => heard++);
  target.dispatchEvent(new Event("ping"));
  scope.end();
  target.dispatchEvent(new Event("ping"));
  scope.listen(target, "ping", () => heard++);
  target.dispatchEvent(new Event("ping"));
  assert.equal(heard, 1);
});

test("only the scope adds listeners and timers, so that none outlives its page", () => {
  const raw = /\b(addEventListener|setTimeout|setInterval|requestAnimationFrame)\(/;
  const offenders = readdirSync(FOLDER).filter(
    (name) => name !== "scope.js" && raw.test(readFileSync(new URL(name, FOLDER), "utf8")),
  );
  assert.deepEqual(offenders, []);
});

test("scripts make no HTML from text and reach for no other site", () => {
  const risky = /innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|https?:\/\//;
  const offenders = readdirSync(FOLDER).filter((name) => risky.test(readFileSync(new URL(name, FOLDER), "utf8")));
  assert.deepEqual(offenders, []);
});

test("events are timed from the page's opening and have names that nobody else has", () => {
  let now = 1000;
  const events = [];
  const log = new EventLog({ page: "p1", now: () => now, add: (event) => events.push(event) });
  now += 12.34;
  log.log("play", "a", { position: 0 });
  log.log("stop");
  assert.deepEqual(events.map(({ kind, stimulus, client_ms }) => [kind, stimulus, client_ms]), [["play", "a", 12.3], ["stop", null, 12.3]]);
  assert.match(events[0].id, /^[0-9a-f]{32}$/);
  assert.notEqual(events[0].id, events[1].id);
});
