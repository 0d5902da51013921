// One Chromium for each file; every window in it is a profile of its own.

import { chromium } from "playwright-core";

const ARGUMENTS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser;

export async function openBrowser() {
  const executablePath = process.env.CHROMIUM;
  if (!executablePath) throw new Error("CHROMIUM must name the browser; `make test-e2e` does that.");
  browser ??= launch(executablePath);
  return browser;
}

/** Chromium sometimes crashes while it starts, before it has seen anything of ours: once more then, and no more. */
async function launch(executablePath) {
  const options = { executablePath, args: ARGUMENTS };
  try {
    return await chromium.launch(options);
  } catch (error) {
    console.error(`Chromium did not start, it is tried again: ${error.message.split("\n")[0]}`);
    return chromium.launch(options);
  }
}

export async function closeBrowser() {
  await (await browser)?.close();
  browser = undefined;
}
