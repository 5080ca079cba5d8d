import assert from "node:assert/strict";
import { test } from "node:test";
import { Grades } from "../../webapp/mixeval_webapp/static/js/grades.js";
import { RatingPage } from "../../webapp/mixeval_webapp/static/js/rating-page.js";
import { todoLines } from "../../webapp/mixeval_webapp/static/js/saved-state.js";
import { WORDS, pageData } from "./fakes.mjs";

test("both mixes are graded, one with 5.0, and the open reference is only heard", () => {
  const data = pageData({ type: "bs1116", values: { lowest: 1, highest: 5, step: 0.1 } });
  Object.assign(data.stimuli[0], { label: "Ref", role: "reference" });
  const page = new RatingPage(data, {}, Grades.rule);
  assert.deepEqual(page.todo(), { play: ["Ref", "B", "C"], place: ["B", "C"] });
  for (const token of ["a", "b", "c"]) page.hear(token, 1);
  assert.equal(page.place("b", "preference", 4.3).value, 4.3);
  assert.deepEqual(page.todo(), { place: ["C"] });
  page.place("c", "preference", 4.9);
  assert.deepEqual(page.todo(), { match: ["B", "C"] });
  assert.deepEqual(todoLines(page.todo(), WORDS), ["One of B, C is the reference: give it 5.0"]);
  page.place("c", "preference", 5);
  assert.deepEqual(page.todo(), {});
});

test("values on tenths come out as decimals write them", () => {
  const page = new RatingPage(pageData({ values: { lowest: 1, highest: 5, step: 0.1 } }));
  const tenths = Array.from({ length: 41 }, (_, index) => Number((1 + index / 10).toFixed(1)));
  assert.deepEqual(tenths.map((tenth) => page.place("a", "preference", tenth).value), tenths);
});
