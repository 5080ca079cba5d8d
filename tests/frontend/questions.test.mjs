import assert from "node:assert/strict";
import { test } from "node:test";

import { complaint, isAnswered, readNumber, shownQuestions } from "../../webapp/mixeval_webapp/static/js/questions.js";
import { StepAnswers } from "../../webapp/mixeval_webapp/static/js/step-answers.js";
import { Words } from "../../webapp/mixeval_webapp/static/js/words.js";

const QUESTION = {
  id: "q", type: "number", name: "q", required: true, decline: null, low: null, high: null, whole: false, only_if: null,
};

function question(changes) {
  return { ...QUESTION, ...changes };
}

test("a number is read with a point or a comma, within its limits, and nothing else is", () => {
  const read = (text, changes = {}) => readNumber(text, question(changes));
  assert.equal(read(" 3.5 "), 3.5);
  assert.equal(read("3,5"), 3.5);
  assert.equal(read("-2"), -2);
  for (const text of ["", "  ", "three", "1 2", "1e99", "0x", "Infinity"]) assert.equal(read(text), null, text);
  const age = { low: 1, high: 120, whole: true };
  assert.deepEqual(["0", "1", "33", "33.0", "33.5", "120", "121"].map((text) => read(text, age)), [
    null, 1, 33, 33, null, 120, null,
  ]);
});

test("what depends on an answer comes and goes with it, and so does what depends on that", () => {
  const asked = [
    question({ id: "a" }),
    question({ id: "b", only_if: { question: "a", is: ["yes"] } }),
    question({ id: "c", only_if: { question: "b", is: [1, 2] } }),
  ];
  const shown = (answers) => [...shownQuestions(asked, (id) => answers[id] ?? null)];
  assert.deepEqual(shown({}), ["a"]);
  assert.deepEqual(shown({ a: "yes" }), ["a", "b"]);
  assert.deepEqual(shown({ a: ["no", "yes"], b: 2 }), ["a", "b", "c"]);
  assert.deepEqual(shown({ a: "no", b: 2 }), ["a"]);
});

test("empty is not answered, and zero is", () => {
  assert.deepEqual([null, "", []].map(isAnswered), [false, false, false]);
  assert.deepEqual([0, "x", ["x"]].map(isAnswered), [true, true, true]);
});

test("a number that cannot be is asked for with its limits", () => {
  const words = new Words({
    answer_this: "Please answer.", answer_number: "A number.", answer_number_between: "{low} to {high}.",
    answer_whole: "Whole.", answer_whole_between: "Whole, {low} to {high}.", decimal_mark: ",",
  });
  assert.equal(complaint(question({ low: 1, high: 120, whole: true }), true, words), "Whole, 1 to 120.");
  assert.equal(complaint(question({ low: 0.5, high: 2 }), true, words), "0,5 to 2.");
  assert.equal(complaint(question({}), true, words), "A number.");
  assert.equal(complaint(question({ whole: true }), false, words), "Please answer.");
  assert.equal(complaint(question({ type: "choice" }), true, words), "Please answer.");
});

test("of what server and browser hold the newest answer counts, and each new one has a higher number", () => {
  const written = [];
  const answers = new StepAnswers(
    { answers: [{ subject: "", name: "a", value: 1, sequence: 5 }, { subject: "t", name: "a", value: 9, sequence: 6 }], next_sequence: 7 },
    { waiting: [{ subject: "", name: "a", value: 2, sequence: 40 }], onWrite: (answer) => written.push(answer) },
  );
  assert.equal(answers.value("a"), 2);
  assert.equal(answers.value("a", "t"), 9);
  assert.equal(answers.value("b"), null);
  answers.write("a", 2);
  assert.deepEqual(written, []);
  answers.write("a", ["x"]);
  answers.write("a", null);
  assert.deepEqual(written.map(({ value, sequence }) => [value, sequence]), [[["x"], 41], [null, 42]]);
  assert.deepEqual(answers.all().map(({ subject, value }) => [subject, value]), [["", null], ["t", 9]]);
});
