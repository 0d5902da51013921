// The page follows what happens without a reload, and without moving what somebody is about to click.

import assert from "node:assert/strict";
import { COOKIE, DELIVERY_DATE, SAMPLES, STOREFRONT, byId, openCheck, openInbox, row, rows, says, state } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { ownApp } from "./support/own.js";
import { eventually, until } from "./support/wait.js";

/** Each row's name and where it is. */
const places = (page) =>
  rows(page).evaluateAll((all) => all.map((one) => [one.dataset.checkId, Math.round(one.getBoundingClientRect().top)]));

journey("arriving checks wait behind a pill and move nothing", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await page.evaluate(() => document.fonts.ready);
  const before = await places(page);
  const waiting = new RegExp(`^\\(${SAMPLES + 2}\\) `);

  await world.sandbox.open(STOREFRONT, "Wrap gifts");
  const pill = byId(page, "new-pill");
  await says(pill, /^2 new$/);
  assert.deepEqual(await places(page), before, "no row was moved");
  await until("the count in the tab's title", async () => waiting.test(await page.title()));
  await says(byId(page, "said"), /2 new checks have arrived/);

  await pill.click();
  await row(page, "Wrap gifts").waitFor();
  assert.equal(await rows(page).count(), SAMPLES + 2);
  assert.equal(await pill.count(), 0);
  const focused = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(focused, "Wrap gifts", "the first new row has the focus");
});

journey("a merge request that is closed or pushed to changes its rows in place", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const before = (await places(page)).map(([id]) => id);
  await world.sandbox.act(COOKIE, "close");
  await state(page, COOKIE, "withdrawn");
  assert.equal(await byId(row(page, COOKIE), "approve").count(), 0, "there is nothing left to decide");
  assert.deepEqual((await places(page)).map(([id]) => id), before);

  await openCheck(page, DELIVERY_DATE);
  await world.sandbox.act(DELIVERY_DATE, "push");
  await says(byId(page, "stale-banner"), /New commits/);
  assert.equal(await byId(byId(page, "check"), "approve").count(), 0, "the old commit cannot be approved");
  await byId(page, "successor").click();
  await byId(byId(page, "check"), "approve").waitFor();
});

/** A browser writes a lost connection to the console, and each attempt to mend it. */
const LOST = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET/;

/** Kills the service under an open page, changes things, and expects the page to learn of them. */
async function outage(world, page, service) {
  page.watch.expect(LOST);
  await service.kill();
  const bar = byId(page, "offline-bar");
  await says(bar, /Live updates interrupted, reconnecting; last updated \d/);

  // Nobody hears GitLab's calls now.
  await world.sandbox.open("demo/warehouse", "Paint the shelves");
  await world.sandbox.act("Count boxes", "close");
  await service.restart();
  await bar.waitFor({ state: "detached" });
  await state(page, "Count boxes", "withdrawn");
  await says(byId(page, "new-pill"), /^1 new$/);
  await byId(page, "new-pill").click();
  await byId(row(page, "Paint the shelves"), "approve").waitFor();
}

journey("a service that was killed comes back, and the page catches up from where it was", async (world) => {
  const service = await ownApp(world);
  const page = await service.window();
  await openInbox(page, service.url, 1);
  // The stream has carried something, so the browser knows where to go on.
  await world.sandbox.act("Count boxes", "title", { value: "Count boxes twice" });
  await says(row(page, "Count boxes"), /twice/);
  await world.sandbox.act("Count boxes twice", "title", { value: "Count boxes" });
  await says(row(page, "Count boxes"), /Count boxes\n/);
  await outage(world, page, service);
});

journey("a page on which nothing had happened before the outage catches up as well", async (world) => {
  const service = await ownApp(world);
  const page = await service.window();
  await openInbox(page, service.url, 1);
  await outage(world, page, service);
});

journey("while the service is away nothing can be decided, and the page says why", async (world) => {
  const service = await ownApp(world);
  const page = await service.window();
  page.watch.expect(LOST);
  await openInbox(page, service.url, 1);
  await service.kill();
  const approve = byId(row(page, "Count boxes"), "approve");
  await says(byId(page, "offline-bar"), /Live updates interrupted.*Deciding is off/);
  assert.ok(await approve.isDisabled());
  await service.restart();
  await byId(page, "offline-bar").waitFor({ state: "detached" });
  await eventually("deciding is on again", async () => assert.ok(await approve.isEnabled()));
});
