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
  browser ??= chromium.launch({ executablePath, args: ARGUMENTS });
  return browser;
}

export async function closeBrowser() {
  await (await browser)?.close();
  browser = undefined;
}
