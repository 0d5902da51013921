// axe-core finds nothing on any page, light or dark, wide or narrow; nothing has to be scrolled sideways.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { COOKIE, DELIVERY_DATE, byId, dialog, openCheck, openDialog, openInbox, submit, state } from "./support/inbox.js";
import { journey } from "./support/journey.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Each page, and how to get there from the inbox. */
const PAGES = {
  inbox: async () => {},
  "inbox without a match": async (page, world) => {
    await page.goto(`${world.app}?q=nobody+wrote+this`);
    await byId(page, "empty-match").waitFor();
    await page.locator("[aria-busy=false]").waitFor();
  },
  "all checks": async (page) => {
    await byId(page, "tab-all").click();
    await state(page, COOKIE, "rejected");
  },
  "pending check": (page) => openCheck(page, DELIVERY_DATE),
  "decided check": async (page) => {
    await byId(page, "tab-rejected").click();
    await openCheck(page, COOKIE);
  },
  "approve dialog": (page) => openDialog(page, DELIVERY_DATE, "approve"),
  "reject dialog with a fault": async (page) => {
    await openDialog(page, DELIVERY_DATE, "reject");
    await byId(page, "decision-submit").click();
    await byId(page, "decision-error").waitFor();
  },
  help: async (page) => {
    await page.keyboard.press("?");
    await byId(page, "help-dialog").waitFor();
  },
  system: async (page, world) => {
    await page.goto(`${world.app}system`);
    await byId(page, "system-calls-none").waitFor();
  },
  "not found": async (page, world) => {
    await page.goto(`${world.app}no/such/page`);
    await byId(page, "not-found").waitFor();
  },
};

/** What axe-core objects to, each with the elements. */
async function objections(page) {
  const { violations } = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), LEVELS);
  return violations.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map((node) => node.html).slice(0, 4).join(" ")}`);
}

/** What sticks out at the right, if the page can be scrolled sideways. */
const overflow = (page) =>
  page.evaluate(() => {
    const wide = document.scrollingElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= wide) return [];
    return [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > wide + 1)
      .map((one) => `${one.tagName.toLowerCase()}.${one.className}`);
  });

/** Runs a look at every page; all objections together make one error. */
async function everyPage(world, page, look) {
  const found = {};
  for (const [name, go] of Object.entries(PAGES)) {
    await openInbox(page, world.app, 15);
    await go(page, world);
    // The page is unseen until its strips have come; before that there is nothing to look at.
    await page.locator("main:not([data-waiting])").waitFor();
    const objected = await look();
    if (objected.length) found[name] = objected;
  }
  assert.deepEqual(found, {});
}

/** One check decided, so that there is a page with a decision and a delivery. */
async function decideOne(world) {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  await byId(page, "decision-comment").fill("Not yet.");
  await submit(page);
  await dialog(page).waitFor({ state: "detached" });
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 360]) {
    journey(`axe-core has nothing to say: ${colorScheme}, ${width} pixels wide`, async (world) => {
      await decideOne(world);
      // Half a fade has half a contrast.
      const page = await world.window({ colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" });
      await page.context().addInitScript({ path: AXE });
      await everyPage(world, page, () => objections(page));
    });
  }
}

journey("at 320 pixels nothing has to be scrolled sideways", async (world) => {
  await decideOne(world);
  const page = await world.window({ viewport: { width: 320, height: 640 } });
  await everyPage(world, page, () => overflow(page));
});
