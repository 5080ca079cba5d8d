import assert from "node:assert/strict";
import { test } from "node:test";
import { meanPeaks, peaksOf } from "../../webapp/mixeval_webapp/static/js/waveform.js";
import { fakeBuffer } from "./fake-audio.mjs";

function mix(samples) {
  const buffer = fakeBuffer(samples.length, 1000, 2);
  buffer.copyToChannel(Float32Array.from(samples), 1);
  return buffer;
}

test("peaks are the largest magnitudes of any channel", () => {
  assert.deepEqual([...peaksOf(mix([0, -0.5, 0.25, 0, 0, 0.125]), 3)], [0.5, 0.25, 0.125]);
});

test("the picture is the mean of all mixes and the same in whatever order they come", () => {
  const loud = Float64Array.of(1, 0, 0.5);
  const quiet = Float64Array.of(0, 0.5, 0.5);
  assert.deepEqual([...meanPeaks([loud, quiet])], [1, 0.5, 1]);
  assert.deepEqual(meanPeaks([loud, quiet]), meanPeaks([quiet, loud]));
});

test("there is no picture of one mix, which would show it to the eye", () => {
  assert.equal(meanPeaks([Float64Array.of(1, 0.5)]), null);
  assert.equal(meanPeaks([]), null);
});

test("silence has a picture too", () => {
  assert.deepEqual([...meanPeaks([new Float64Array(2), new Float64Array(2)])], [0, 0]);
});
