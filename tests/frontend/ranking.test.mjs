import assert from "node:assert/strict";
import { test } from "node:test";
import { order, placed, valuesOf } from "../../webapp/mixeval_webapp/static/js/rank-order.js";
import { Ranking } from "../../webapp/mixeval_webapp/static/js/ranking.js";
import { RatingPage } from "../../webapp/mixeval_webapp/static/js/rating-page.js";
import { pageData } from "./fakes.mjs";

test("an order is read from values, the best first, without what has no place", () => {
  assert.deepEqual(order(new Map([["a", 2], ["b", null], ["c", 3]])), ["c", "a"]);
  assert.deepEqual(order(new Map([["a", 3], ["b", 3]])), ["a", "b"]);
});

test("a mix comes to the place it is put at, and the others keep their order", () => {
  assert.deepEqual(placed(["a", "b", "c"], "d", 1), ["a", "d", "b", "c"]);
  assert.deepEqual(placed(["a", "b", "c"], "a", 1), ["b", "a", "c"]);
  assert.deepEqual(placed(["a", "b", "c"], "a", 9), ["b", "c", "a"]);
  assert.deepEqual(placed(["a", "b", "c"], "a", -1), ["a", "b", "c"]);
  assert.deepEqual(placed([], "a", 3), ["a"]);
});

test("whatever is moved in whatever turn, values read back as the order, and all of them are 1 to k once", () => {
  const tokens = [..."abcdefg"];
  let held = [];
  let state = 7;
  for (let turn = 0; turn < 500; turn++) {
    state = (state * 1103515245 + 12345) % 2147483648;
    held = placed(held, tokens[state % 7], (state >> 8) % 8);
    const values = new Map(tokens.map((token) => [token, null]));
    for (const [token, value] of valuesOf(held, 7)) values.set(token, value);
    assert.deepEqual(order(values), held);
  }
  assert.deepEqual(valuesOf(held, 7).map(([, value]) => value), [7, 6, 5, 4, 3, 2, 1]);
});

test("the page names what has no place and what shares one, as the server does", () => {
  const page = new RatingPage(pageData({ type: "ranking", values: { lowest: 1, highest: 3, step: 1 } }), {}, Ranking.rule);
  for (const token of ["a", "b", "c"]) page.hear(token, 1);
  assert.deepEqual(page.todo(), { place: ["A", "B", "C"] });
  page.place("a", "preference", 3);
  page.place("b", "preference", 3);
  assert.deepEqual(page.todo(), { place: ["A", "B", "C"] });
  page.place("b", "preference", 2);
  assert.deepEqual(page.todo(), { place: ["C"] });
  page.setUnplayable("c", true);
  assert.deepEqual(page.todo(), {});
  page.setUnplayable("c", false);
  page.place("c", "preference", 1);
  assert.deepEqual(page.todo(), {});
});
