// The focus is never lost: what goes, or is switched off, hands it on.

import assert from "node:assert/strict";
import { COOKIE, DELIVERY_DATE, SAMPLES, STOREFRONT, byId, dialog, openCheck, openDialog, openInbox, row, rows, says, state, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { AUDREY } from "./support/people.js";
import { eventually, until } from "./support/wait.js";

/** The test id of what has the focus, else its tag. */
const focused = (page) =>
  page.evaluate(() => document.activeElement.dataset.testid ?? document.activeElement.tagName.toLowerCase());

const has = (page, wanted) => eventually("the focus", async () => assert.equal(await focused(page), wanted));

journey("a chip that resets the filters hands the focus back to them", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app, 10, `?project=${encodeURIComponent(STOREFRONT)}`);
  await byId(page, "reset").focus();
  await page.keyboard.press("Enter");
  await until("all rows", async () => (await rows(page).count()) === SAMPLES);
  await has(page, "filter-rule");

  const record = await world.window({ as: AUDREY });
  await record.goto(`${world.app}audit?q=nothing`);
  // By then the page has put the focus where it begins.
  await byId(record, "empty-match").waitFor();
  await byId(record, "reset").first().focus();
  await record.keyboard.press("Enter");
  await byId(record, "record-row").first().waitFor();
  await has(record, "record-to");
});

journey("a pill that counts on keeps the focus", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await world.sandbox.open(STOREFRONT, "Wrap gifts");
  const pill = byId(page, "new-pill");
  await says(pill, /^2 new$/);
  await pill.focus();
  await world.sandbox.open(STOREFRONT, "Send gifts");
  await says(pill, /^4 new$/);
  await has(page, "new-pill");
});

journey("a button that is busy or off keeps the focus, and does nothing twice", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openCheck(page, DELIVERY_DATE);
  const ask = byId(page, "ask-gitlab");
  let asked = 0;
  await page.route("**/gitlab", async (route) => {
    asked += 1;
    await new Promise((done) => setTimeout(done, 300));
    await route.continue();
  });
  await ask.focus();
  await page.keyboard.press("Enter");
  await eventually("busy", async () => assert.ok(await ask.isDisabled()));
  await page.keyboard.press("Enter");
  await page.keyboard.press("Space");
  await eventually("over", async () => assert.ok(await ask.isEnabled()));
  assert.equal(asked, 1);
  await has(page, "ask-gitlab");
});

journey("what failed is tried again, and the focus goes on from there", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  page.watch.expect(/500/);
  await page.route("**/checks?*", (route) => route.fulfill({ status: 500, body: "" }));
  await byId(page, "tab-all").click();
  await byId(page, "retry").focus();
  await page.unroute("**/checks?*");
  await page.keyboard.press("Enter");
  await byId(page, "fault").waitFor({ state: "detached" });
  await eventually("the focus", async () => assert.notEqual(await focused(page), "body"));
});

journey("after a conflict the focus returns to the row", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "approve");
  const other = await world.window();
  await openInbox(other, world.app);
  await openDialog(other, COOKIE, "reject");
  await byId(other, "decision-comment").fill("It reads no cookie.");
  await submit(other);
  await byId(page, "conflict").waitFor();
  await byId(page, "decision-cancel").click();
  await dialog(page).waitFor({ state: "detached" });
  const title = await page.evaluate(() => document.activeElement.textContent);
  assert.match(title, new RegExp(COOKIE));
  assert.equal(await byId(row(page, COOKIE), "approve").count(), 0);
});

journey("a decision whose answer was lost is not held against the one who made it", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "approve");
  page.watch.expect(/ERR_FAILED|409/);
  await page.route("**/decisions", async (route) => {
    await route.fetch();
    await route.abort();
  });
  // Nor can it be read.
  const id = await row(page, COOKIE).getAttribute("data-check-id");
  await page.route(`**/checks/${id}`, (route) => route.abort());
  await byId(page, "decision-submit").click();
  await says(byId(page, "decision-error"), /whether/i);
  await page.unroute("**/decisions");
  await byId(page, "decision-submit").click();
  await dialog(page).waitFor({ state: "detached" });
  await says(byId(page, "said"), /Approved/i);

  // Where it can be read the dialog learns of it by itself.
  await openDialog(page, DELIVERY_DATE, "approve");
  await page.route("**/decisions", async (route) => {
    await route.fetch();
    await route.abort();
  });
  await byId(page, "decision-submit").click();
  await dialog(page).waitFor({ state: "detached" });
  await state(page, DELIVERY_DATE, "approved");
});
