import assert from "node:assert/strict";
import { test } from "node:test";
import { Categories } from "../../webapp/mixeval_webapp/static/js/categories.js";
import { Choice } from "../../webapp/mixeval_webapp/static/js/choice.js";
import { RatingPage } from "../../webapp/mixeval_webapp/static/js/rating-page.js";
import { todoLines } from "../../webapp/mixeval_webapp/static/js/saved-state.js";
import { WORDS, pageData } from "./fakes.mjs";

function pageOf(changes = {}) {
  const data = pageData({ type: "abx", values: { lowest: 0, highest: 1, step: 0.5 }, ...changes });
  Object.assign(data.stimuli[2], { label: "X", role: "x" });
  const page = new RatingPage(data, {}, Choice.rule);
  for (const token of ["a", "b", "c"]) page.hear(token, 1);
  return page;
}

test("one of two is to be chosen, and X only to be heard", () => {
  const page = pageOf();
  assert.deepEqual(page.todo(), { choose: [] });
  assert.deepEqual(todoLines(page.todo(), WORDS), ["Still to choose"]);
  page.place("a", "preference", 1);
  assert.deepEqual(page.todo(), { choose: [] });
  page.place("b", "preference", 0);
  assert.deepEqual(page.todo(), {});
});

test("two chosen, or none, is no choice; half of each is no preference", () => {
  for (const [first, second, whole] of [[1, 1, false], [0, 0, false], [0.5, 0, false], [0.5, 0.5, true], [0, 1, true]]) {
    const page = pageOf();
    page.place("a", "preference", first);
    page.place("b", "preference", second);
    assert.equal(Object.keys(page.todo()).length === 0, whole, `${first} ${second}`);
  }
});

test("where a sound does not play nobody must choose, but half a choice is none", () => {
  const page = pageOf();
  page.setUnplayable("c", true);
  assert.deepEqual(page.todo(), {});
  page.place("a", "preference", 1);
  assert.deepEqual(page.todo(), { choose: [] });
});

test("a category is to be chosen for the one mix, unless it does not play", () => {
  const data = pageData({ type: "acr", values: { lowest: 1, highest: 5, step: 1 } });
  data.stimuli.splice(1);
  const page = new RatingPage(data, {}, Categories.rule);
  page.hear("a", 1);
  assert.deepEqual(page.todo(), { choose: [] });
  page.setUnplayable("a", true);
  assert.deepEqual(page.todo(), {});
  page.setUnplayable("a", false);
  assert.equal(page.place("a", "preference", 9).value, 5);
  assert.deepEqual(page.todo(), {});
});
