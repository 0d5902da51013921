// Pictures of every page with the sample data:  node screenshots.js FOLDER
// The environment is that of the journeys: E2E_BINARY and CHROMIUM.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { closeBrowser } from "./support/browser.js";
import { COOKIE, DELIVERY_DATE, byId, openCheck, openDialog, openInbox, says, state, submit, truth } from "./support/inbox.js";
import { Scope, World } from "./support/world.js";

const SHAPES = [
  { name: "light-1280", colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { name: "dark-1280", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  { name: "light-360", colorScheme: "light", viewport: { width: 360, height: 740 } },
];

const PAGES = {
  inbox: async () => {},
  "check-pending": (page) => openCheck(page, DELIVERY_DATE),
  "check-decided": async (page) => {
    await byId(page, "tab-rejected").click();
    await openCheck(page, COOKIE);
    await says(truth(page), /GitLab shows/);
  },
  "dialog-approve": (page) => openDialog(page, DELIVERY_DATE, "approve"),
  "dialog-reject": async (page) => {
    await openDialog(page, DELIVERY_DATE, "reject");
    await byId(page, "decision-submit").click();
    await byId(page, "decision-error").waitFor();
  },
  system: async (page, world) => {
    await page.goto(`${world.app}system`);
    await byId(page, "system-calls-none").waitFor();
  },
};

/** One decision, so that there is one to show. */
async function decideOne(world) {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  await byId(page, "decision-comment").fill("Sessions should also end after a day without use.");
  await byId(page, "decision-reviewer").fill("Rita Review");
  await submit(page);
  await state(page, COOKIE, "rejected");
}

/**
 * Makes the window as high as the page. Rows out of sight are not painted, and taking a picture of a page that is higher
 * than its window would show them empty.
 */
async function stretch(page, { width, height }) {
  const whole = await page.evaluate(() => document.scrollingElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.max(height, whole) });
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

async function take(world, folder) {
  await decideOne(world);
  for (const { name: shape, ...options } of SHAPES) {
    const page = await world.window({ ...options, reducedMotion: "reduce" });
    for (const [name, go] of Object.entries(PAGES)) {
      await openInbox(page, world.app, 15);
      await go(page, world);
      // A dialog covers the window, not the page behind it.
      if (!name.startsWith("dialog")) await stretch(page, options.viewport);
      await page.screenshot({ path: join(folder, `${name}-${shape}.png`), caret: "hide" });
      await page.setViewportSize(options.viewport);
    }
  }
}

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node screenshots.js FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const scope = new Scope();
const world = new World(scope);
try {
  await world.start();
  await take(world, folder);
  console.log(`==> ${folder}`);
} finally {
  await scope.end();
  await closeBrowser();
}
