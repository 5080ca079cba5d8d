/**
 * Firefox over WebDriver BiDi, told what to do by lines of JSON on standard input, one answer a line.
 *
 *   node drive_firefox.mjs FIREFOX
 */

import { createInterface } from "node:readline";
import puppeteer from "puppeteer-core";

const browser = await puppeteer.launch({
  browser: "firefox", executablePath: process.argv[2], headless: true, protocolTimeout: 300_000,
});
let page = await browser.newPage();
const problems = [];
watch(page);

const acts = {
  version: () => browser.version(),
  size: ({ width, height }) => page.setViewport({ width, height }),
  goto: async ({ url }) => void (await page.goto(url, { waitUntil: "load" })),
  evaluate: ({ script, argument }) => page.evaluate(`(${script})(${JSON.stringify(argument ?? null)})`),
  wait: async ({ script, argument }) =>
    void (await page.waitForFunction(`(${script})(${JSON.stringify(argument ?? null)})`, { timeout: 60_000 })),
  click: async ({ selector }) => {
    await Promise.all([page.waitForSelector(selector), page.bringToFront()]);
    await page.click(selector);
  },
  press: async ({ key }) => void (await page.keyboard.press(key)),
  screenshot: async ({ path }) => void (await page.screenshot({ path })),
  fresh: async () => {
    const old = page;
    page = await (await browser.createBrowserContext()).newPage();
    watch(page);
    await old.close();
  },
  problems: () => problems.splice(0),
};

function watch(opened) {
  opened.on("pageerror", (error) => problems.push(String(error)));
  opened.on("console", (message) => {
    if (message.text().includes("Content-Security-Policy")) problems.push(message.text());
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { act, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { value: (await acts[act](given)) ?? null };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await browser.close();
