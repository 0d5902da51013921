// The page follows what happens without a reload, and without moving what somebody is about to click.

import assert from "node:assert/strict";
import { COOKIE, DELIVERY_DATE, SAMPLES, STOREFRONT, byId, openCheck, openDialog, openInbox, row, rows, says, state, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { ownApp } from "./support/own.js";
import { ADAM, AUDREY, Client } from "./support/people.js";
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
  const [over, first] = await Promise.all([pill.boundingBox(), rows(page).first().boundingBox()]);
  assert.ok(over.y + over.height <= first.y, "it covers no row");
  await until("the count in the tab's title", async () => waiting.test(await page.title()));
  await says(byId(page, "said"), /2 new checks have arrived/);

  await pill.click();
  await row(page, "Wrap gifts").waitFor();
  assert.equal(await rows(page).count(), SAMPLES + 2);
  assert.equal(await pill.count(), 0);
  const focused = await page.evaluate(() => document.activeElement.textContent);
  assert.equal(focused, "Wrap gifts", "the first new row has the focus");
});

journey("what arrives where nothing is listed is listed at once", async (world) => {
  const page = await world.window();
  await page.goto(`${world.app}?q=Wrap+gifts`);
  await byId(page, "empty-match").waitFor();
  await world.sandbox.open(STOREFRONT, "Wrap gifts \u202Etil eht morf");
  await row(page, "Wrap gifts", "").first().waitFor();
  await byId(page, "empty-match").waitFor({ state: "detached" });
  await says(rows(page).first(), /Wrap gifts \[U\+202E\]til eht morf/);
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

journey("the record tells of new entries behind a pill, and shows them where they belong", async (world) => {
  const page = await world.window({ as: AUDREY });
  await page.goto(`${world.app}audit?kind=check.decided`);
  await byId(page, "empty-match").waitFor();
  const rita = await world.window();
  await openInbox(rita, world.app);
  const decide = async (title) => {
    await openDialog(rita, title, "approve");
    await submit(rita);
  };
  const entries = byId(page, "record-row");
  // Where nothing stands nothing can be moved.
  await decide(COOKIE);
  await until("the first entry", async () => (await entries.count()) === 1);
  await decide(DELIVERY_DATE);
  const pill = byId(page, "new-pill");
  await says(pill, /^1 new$/);
  assert.equal(await entries.count(), 1, "no entry was moved");
  await says(byId(page, "said"), /New entries/);
  await pill.click();
  await until("both entries", async () => (await entries.count()) === 2);
  assert.equal(await pill.count(), 0);
  await eventually("the focus", async () =>
    assert.ok(await entries.first().evaluate((entry) => entry.contains(document.activeElement))));
  const ids = await entries.locator("summary").allTextContents();
  assert.ok(Number(ids[0].replace(/\D/g, "")) > Number(ids[1].replace(/\D/g, "")), "the newest comes first");
});

journey("people, accounts and what somebody may do follow what happens elsewhere", async (world) => {
  const tom = await world.person("Tom Tester", ["viewer"]);
  const account = await world.window({ as: tom });
  await account.goto(`${world.app}account`);
  await byId(account, "session").first().waitFor();
  const sessions = await byId(account, "session").count();
  await account.locator("#password-current").fill("half a sentence");
  const admin = await world.window({ as: ADAM });
  await admin.goto(`${world.app}people`);
  const row = admin.locator(`[data-testid="person-row"][data-email="${tom.email}"]`);
  await says(row, /Viewer/);
  await byId(row, "person-edit").focus();

  // Signing in elsewhere, one's own and nobody else's business.
  await Client.signIn(world.app, tom);
  await until("the other session", async () => (await byId(account, "session").count()) === sessions + 1);

  // Somebody new, and another role, by a program.
  const nina = await world.person("Nina New", ["reviewer"]);
  await admin.locator(`[data-testid="person-row"][data-email="${nina.email}"]`).waitFor();
  const focused = () => admin.evaluate(() => document.activeElement.closest("[data-email]")?.dataset.email);
  assert.equal(await focused(), tom.email, "the focus stays in its row");
  const change = { name: tom.name, roles: ["reviewer"], all_projects: true, projects: [], groups: [], gitlab_user_id: null, active: true };
  await (await world.as(ADAM)).send("PUT", `people/${tom.id}`, change);
  await says(row, /Reviewer/);
  await says(byId(account, "account-roles"), /Reviewer/);
  assert.equal(await account.locator("#password-current").inputValue(), "half a sentence", "what is being typed stays");
});
