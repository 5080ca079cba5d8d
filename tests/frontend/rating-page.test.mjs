import assert from "node:assert/strict";
import { test } from "node:test";
import { parsePageData } from "../../webapp/mixeval_webapp/static/js/page-data.js";
import { RatingPage } from "../../webapp/mixeval_webapp/static/js/rating-page.js";
import { savedState, todoLines } from "../../webapp/mixeval_webapp/static/js/saved-state.js";
import { inWords, nameOf, partsOf } from "../../webapp/mixeval_webapp/static/js/scale.js";
import { WORDS, answer, pageData } from "./fakes.mjs";

test("a page asks for every mix to be played and placed, and for nothing else", () => {
  const page = new RatingPage(pageData());
  assert.deepEqual(page.todo(), { play: ["A", "B", "C"], place: ["A", "B", "C"] });
  for (const token of ["a", "b", "c"]) {
    page.hear(token, 1);
    page.place(token, "preference", 40);
  }
  assert.deepEqual(page.todo(), {});
  assert.deepEqual(todoLines(page.todo(), WORDS), []);
});

test("a slider that nobody touched has no value, wherever it is drawn", () => {
  const page = new RatingPage(pageData());
  page.hear("a", 3);
  assert.equal(page.answer("a").value, null);
  assert.equal(page.answer("a").moved, false);
});

test("placing a mix at the middle is an answer", () => {
  const page = new RatingPage(pageData());
  assert.equal(page.place("a", "preference", 50).value, 50);
  assert.deepEqual(page.todo().place, ["B", "C"]);
});

test("values are whole numbers from 0 to 100", () => {
  const page = new RatingPage(pageData());
  assert.deepEqual([-3, 0.4, 99.6, 250].map((value) => page.place("a", "preference", value).value), [0, 0, 100, 100]);
});

test("a mix that flashed by does not count as played", () => {
  const page = new RatingPage(pageData());
  assert.equal(page.hear("a", 0.2)[0].played, false);
  assert.equal(page.hear("a", 0.3)[0].played, true);
});

test("each change has a higher number than the one before, from the server's count on", () => {
  const page = new RatingPage(pageData({ next_sequence: 5 }));
  assert.deepEqual([page.place("a", "preference", 1), page.place("b", "preference", 1), ...page.hear("a", 1)].map(({ sequence }) => sequence), [5, 6, 7]);
});

test("a page opened again counts on above all that the view before it may have sent unseen", () => {
  const before = new RatingPage(pageData({ next_sequence: 1_000_000 }));
  for (let change = 0; change < 100; change++) before.place("a", "preference", change);
  // A second later by the server's clock, which this browser's does not enter.
  const after = new RatingPage(pageData({ next_sequence: 1_001_000 }));
  assert.ok(after.place("a", "preference", 80).sequence > before.answer("a").sequence);
});

test("what this browser holds and the server has not seen is shown; what the server has since replaced is not", () => {
  const data = pageData({ next_sequence: 20 });
  data.stimuli[0].answers = [answer({ value: 10, sequence: 3 })];
  data.stimuli[1].answers = [answer({ value: 10, sequence: 19 })];
  const ratings = [
    answer({ stimulus: "a", value: 90, sequence: 7 }),
    answer({ stimulus: "b", value: 90, sequence: 7 }),
    answer({ stimulus: "of another page", value: 90, sequence: 40 }),
  ];
  const page = new RatingPage(data, { ratings });
  assert.equal(page.answer("a").value, 90);
  assert.equal(page.answer("b").value, 10);
  assert.ok(page.takeSequence() > 40, "numbers go on above everything that waits");
});

test("a place on the scale has words for those who do not see it", () => {
  const scale = ["Dislike", "Neutral", "Like"];
  assert.deepEqual(
    [null, 0, 50, 64, 100].map((value) => inWords(value, scale, WORDS)),
    ["not rated yet", "0, Dislike", "50, Neutral", "64, between Neutral and Like", "100, Like"],
  );
});

test("where words name parts of the scale, a value has the word of its part", () => {
  const scale = ["Bad", "Poor", "Fair", "Good", "Excellent"];
  assert.deepEqual(
    [0, 19, 20, 59, 99, 100].map((value) => inWords(value, scale, WORDS, "intervals")),
    ["0, Bad", "19, Bad", "20, Poor", "59, Fair", "99, Excellent", "100, Excellent"],
  );
});

test("lines divide a scale at its words, and one of few words more finely", () => {
  assert.deepEqual(
    [["a", "b"], ["a", "b", "c"], ["a", "b", "c", "d"]].map((scale) => partsOf(scale, "points", 10)), [10, 10, 3],
  );
  assert.equal(partsOf(["a", "b", "c"], "intervals", 10), 3);
});

test("a mix's control tells what plays and how much of it was heard to those who do not see it", () => {
  const look = { value: null, played: false, heard: 0, playing: false, state: "ready" };
  const names = [{}, { playing: true }, { heard: 0.456 }, { heard: 1 }, { state: "loading" }, { state: "failed" }].map(
    (change) => nameOf("A", { ...look, ...change }, WORDS),
  );
  assert.deepEqual(names, [
    "Mix A", "Mix A, playing", "Mix A, 45 % heard", "Mix A", "Mix A, loading",
    "Mix A could not be loaded. Try again",
  ]);
  assert.equal(nameOf("A", { ...look, playing: true }, WORDS, "play_mix"), "Play mix A");
});

test("the corner says saved only when nothing waits", () => {
  assert.equal(savedState({ waiting: 0, failures: 0 }, true, WORDS).text, "All saved");
  assert.equal(savedState({ waiting: 2, failures: 0 }, true, WORDS).text, "Saving…");
  assert.equal(savedState({ waiting: 2, failures: 1 }, true, WORDS).text, "2 waiting");
  assert.equal(savedState({ waiting: 2, failures: 1 }, false, WORDS).text, "Offline, 2 waiting");
});

test("page data that lacks something is refused by the name of the field", () => {
  const words = { saved: "Saved" };
  const { page, words: own } = parsePageData(JSON.stringify(pageData()), words);
  assert.deepEqual([page, own], ["p1", words]);
  assert.throws(() => parsePageData(JSON.stringify({ ...pageData(), ratings_url: undefined }), words), /ratings_url/);
  assert.throws(() => parsePageData(JSON.stringify(pageData({ stimuli: [] })), words), /no stimuli/);
});

test("two attributes of a mix are two answers, and its listening counts for both", () => {
  const axes = ["preference", "reverberance"].map((attribute) => ({ attribute, question: "?", scale: ["low", "high"] }));
  const page = new RatingPage(pageData({ axes }));
  page.place("a", "preference", 20);
  assert.equal(page.answer("a", "reverberance").value, null);
  assert.deepEqual(page.hear("a", 2).map(({ attribute, played }) => [attribute, played]), [
    ["preference", true], ["reverberance", true],
  ]);
  assert.deepEqual(page.todo().place, ["A", "B", "C"]);
  page.place("a", "reverberance", 80);
  assert.deepEqual(page.todo().place, ["B", "C"]);
});

test("a sound that is only heard is to be played and never placed", () => {
  const data = pageData();
  data.stimuli[0].role = "reference";
  const page = new RatingPage(data);
  assert.deepEqual(page.todo(), { play: ["A", "B", "C"], place: ["B", "C"] });
});

test("a mix that cannot be played keeps nobody on the page", () => {
  const page = new RatingPage(pageData());
  page.setUnplayable("a", true);
  assert.deepEqual(page.todo(), { play: ["B", "C"], place: ["B", "C"] });
  page.setUnplayable("a", false);
  assert.deepEqual(page.todo().play, ["A", "B", "C"]);
});

test("a comment is kept as it was last written, here or on the server", () => {
  const answers = [{ subject: "", name: "comment", value: "from the server", sequence: 9 }];
  const written = [{ subject: "", name: "comment", value: "kept here", sequence: 8 }];
  const page = new RatingPage(pageData({ answers }), { written });
  assert.equal(page.written()[0].value, "from the server");
  page.write("", "comment", "newer");
  assert.deepEqual(page.written().map(({ value }) => value), ["newer"]);
});
