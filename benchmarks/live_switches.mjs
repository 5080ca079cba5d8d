/**
 * Switches in real time, recorded as they leave the browser: the largest jump between two samples of a hundred switches.
 *
 *   node benchmarks/live_switches.mjs firefox /usr/bin/firefox-esr 0.03 0.01
 *   node benchmarks/live_switches.mjs chrome /usr/bin/chromium 0.02
 *
 * The numbers are how far ahead the player schedules, in seconds. Two mixes of constant 0.25 and -0.25 are switched by the
 * page's own player every 3 to 120 ms while PulseAudio's default device is recorded by `parec`; a silent device will do
 * (`pulseaudio --load=module-null-sink`). A fade that was scheduled too late would leave a step. Drop-outs are counted
 * apart: a machine that does other things too has some. Needs puppeteer-core (npm ci).
 */

import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import puppeteer from "puppeteer-core";

const SCRIPTS = new URL("../webapp/mixeval_webapp/static/js", import.meta.url).pathname;
const RATE = 44100;
const STEP_OF_A_FADE = 0.5 / (0.01 * RATE);

const [engine, executablePath, ...leads] = process.argv.slice(2);
const server = createServer(({ url }, response) => {
  response.setHeader("Content-Type", url === "/" ? "text/html" : "text/javascript");
  response.end(url === "/" ? '<!doctype html><link rel="icon" href="data:,"><main>press here</main>' : readFileSync(SCRIPTS + url));
});
await new Promise((go) => server.listen(0, "127.0.0.1", go));
const browser = await puppeteer.launch({
  browser: engine, executablePath, headless: true,
  ...(engine === "chrome" && { args: ["--no-sandbox"], ignoreDefaultArgs: ["--mute-audio"] }),
});
const page = await browser.newPage();
await page.goto(`http://127.0.0.1:${server.address().port}/`);

for (const lead of leads.map(Number)) {
  await page.click("main");
  const recording = record();
  await pause(700);
  const [base, output] = await page.evaluate(switchAHundredTimes, lead);
  await pause(500);
  const samples = await recording.end();
  let largest = 0;
  let dropOuts = 0;
  for (let at = 1; at < samples.length; at++) {
    const step = Math.abs(samples[at] - samples[at - 1]);
    // Out of or into nothing: the device was not given its samples in time.
    if (step > 2 * STEP_OF_A_FADE && (samples[at] === 0 || samples[at - 1] === 0)) dropOuts += 0.5;
    else largest = Math.max(largest, step);
  }
  console.log(
    `${await browser.version()}, ${1000 * lead} ms ahead: largest jump ${(largest / STEP_OF_A_FADE).toFixed(2)} times a fade's step`,
    `(a cut: ${0.5 / STEP_OF_A_FADE}), ${Math.ceil(dropOuts)} drop-outs; ${(samples.length / RATE).toFixed(1)} s recorded, latencies ${base} and ${output} s`,
  );
}
await browser.close();
server.close();

function record() {
  const format = ["--raw", "--format=float32le", `--rate=${RATE}`, "--channels=1", "--latency-msec=20"];
  // A recorder of a device that is not there would wait for ever.
  const parec = spawn("timeout", ["60", "parec", ...format, "--device=@DEFAULT_MONITOR@"]);
  const pieces = [];
  parec.stdout.on("data", (piece) => pieces.push(piece));
  const closed = new Promise((go) => parec.on("close", go));
  return {
    async end() {
      parec.kill();
      await closed;
      const bytes = Buffer.concat(pieces);
      return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length - (bytes.length % 4)));
    },
  };
}

function pause(milliseconds) {
  return new Promise((go) => setTimeout(go, milliseconds));
}

/** Runs in the page. */
async function switchAHundredTimes(leadSeconds) {
  const { Player } = await import("/player.js");
  const pause = (milliseconds) => new Promise((go) => setTimeout(go, milliseconds));
  const context = new AudioContext({ sampleRate: 44100 });
  await context.resume();
  const player = new Player(context, { leadSeconds });
  for (const [token, level] of Object.entries({ a: 0.25, b: -0.25 })) {
    const buffer = context.createBuffer(1, 44100, 44100);
    buffer.copyToChannel(new Float32Array(44100).fill(level), 0);
    player.add(token, buffer);
  }
  player.play("a");
  await pause(1000);
  for (let turn = 0; turn < 100; turn++) {
    player.play("ba"[turn % 2]);
    await pause([3, 7, 50, 120][turn % 4]);
  }
  await pause(500);
  player.stop();
  await pause(300);
  const latencies = [context.baseLatency, context.outputLatency];
  await context.close();
  return latencies;
}
