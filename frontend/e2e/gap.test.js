// A connection that is cut while a thousand checks change: afterwards no row is lost, and none is there twice.

import assert from "node:assert/strict";
import { Crowd } from "./support/crowd.js";
import { byId, openInbox, rows, says } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { Line } from "./support/line.js";
import { ownApp } from "./support/own.js";
import { freePort } from "./support/service.js";
import { eventually, until } from "./support/wait.js";

/** A browser writes a lost connection to the console, and each attempt to mend it. */
const LOST = /ERR_CONNECTION_REFUSED|ERR_INCOMPLETE_CHUNKED_ENCODING|ERR_CONNECTION_RESET|ERR_EMPTY_RESPONSE/;

/** What the rows say: id, state and title. */
const shown = (page) =>
  rows(page).evaluateAll((all) =>
    all.map((one) => [one.dataset.checkId, one.dataset.state, one.querySelector(".row-title").textContent]));

/** Loads until there is nothing more to load, and shows what waits behind the pill. */
async function showAll(page) {
  await until("everything to be loaded", async () => {
    const [pill, more] = [byId(page, "new-pill"), byId(page, "load-more")];
    if (await pill.count()) await pill.click();
    else if (await more.count()) await more.click();
    else return (await page.locator("[aria-busy=false]").count()) > 0;
    return false;
  }, 60_000);
}

journey("while the line is cut a thousand checks change; then no row is lost and none is double", async (world) => {
  const port = await freePort();
  const line = await Line.to(world.scope, port);
  const service = await ownApp(world, { port, line });
  const crowd = new Crowd(world, service);
  await crowd.rule(3);
  await crowd.open(250);
  const page = await service.window();
  page.watch.expect(LOST);
  await page.goto(service.url);
  await until("the first rows", async () => (await rows(page).count()) === 50);
  for (const wanted of [100, 150]) {
    await byId(page, "load-more").click();
    await until(`${wanted} rows`, async () => (await rows(page).count()) === wanted);
  }

  await line.cut();
  await says(byId(page, "offline-bar"), /Live updates interrupted, reconnecting; last updated \d.*Deciding is off/s);
  assert.equal(await rows(page).count(), 150, "what was loaded stays");
  assert.ok(await byId(rows(page).first(), "approve").isDisabled());
  await crowd.rename("moved");
  // Some are gone and some are new.
  await crowd.open(5);
  await crowd.close(5);
  await until("all of it to have arrived", async () =>
    (await crowd.all()).filter((check) => / · moved$/.test(check.merge_request.title)).length === 245 * 4, 90_000);

  await line.heal();
  await byId(page, "offline-bar").waitFor({ state: "detached", timeout: 30_000 });
  // What is on the screen is true again, without a reload.
  await eventually("every row to be as the service has it", async () => {
    const now = new Map((await crowd.all("state=all")).map((check) => [check.id, check]));
    for (const [id, state, title] of await shown(page)) {
      assert.deepEqual([state, title], [now.get(id).state, now.get(id).merge_request.title]);
    }
  }, 30_000);

  await showAll(page);
  const listed = (await shown(page)).filter(([, state]) => state === "pending").map(([id]) => id);
  assert.equal(new Set(listed).size, listed.length, "no row is there twice");
  assert.deepEqual([...listed].sort(), (await crowd.all()).map(({ id }) => id).sort(), "and none is missing");
});

journey("what is asked for while the line is cut is shown when it is whole again, and no other rows meanwhile", async (world) => {
  const port = await freePort();
  const line = await Line.to(world.scope, port);
  const service = await ownApp(world, { port, line });
  const crowd = new Crowd(world, service);
  await crowd.rule(1);
  await crowd.open(3);
  const count = (await crowd.all()).length;
  const page = await service.window();
  page.watch.expect(LOST);
  await page.goto(service.url);
  await until(`${count} rows`, async () => (await rows(page).count()) === count);
  await line.cut();
  await byId(page, "offline-bar").waitFor();
  await byId(page, "search").fill("nothing is called so");
  await until("that the rows go", async () => (await rows(page).count()) === 0);
  await line.heal();
  await byId(page, "empty-match").waitFor({ timeout: 30_000 });
  assert.equal(await rows(page).count(), 0);
  await byId(page, "search").fill("");
  await until(`${count} rows again`, async () => (await rows(page).count()) === count);
});
