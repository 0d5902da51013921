// Many checks at once: selected, named one by one, and each with its own result.

import assert from "node:assert/strict";
import { COOKIE, DELIVERY_DATE, RULE, byId, openInbox, pick, row, rows, says, state } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { eventually, until } from "./support/wait.js";

const bar = (page) => byId(page, "bulk-bar");
const many = (page) => byId(page, "bulk-dialog");
const result = (page, title) => byId(page, "bulk-item").filter({ hasText: title });

/** Opens the dialog for what is selected. */
async function openMany(page, verdict, count) {
  await byId(page, `bulk-${verdict}`).click();
  await many(page).waitFor();
  assert.equal(await byId(page, "bulk-item").count(), count);
}

journey("several checks are approved together, and GitLab learns of each", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  assert.equal(await bar(page).count(), 0, "nothing is selected");
  await pick(page, DELIVERY_DATE, COOKIE);
  await says(byId(page, "selected"), /^2 selected$/);
  const { sha } = await world.sandbox.mergeRequest(COOKIE);
  await openMany(page, "approve", 2);
  await says(many(page), /Approve 2 checks.*becomes passed in GitLab for the commit beside it/s);
  await says(result(page, COOKIE), new RegExp(`demo/storefront!\\d.*${RULE}.*${sha.slice(0, 8)}`, "s"));
  await byId(page, "decision-comment").fill("All fine.");
  await byId(page, "decision-submit").click();
  await says(byId(page, "bulk-done"), /2 checks approved/);
  assert.equal(await many(page).locator("[data-decided=true]").count(), 2);
  await byId(page, "decision-cancel").click();
  await many(page).waitFor({ state: "detached" });

  assert.equal(await bar(page).count(), 0, "what is decided is no longer selected");
  for (const title of [DELIVERY_DATE, COOKIE]) {
    await state(page, title, "approved");
    assert.equal(await byId(row(page, title), "pick").count(), 0, "only what waits can be selected");
    await until("passed in GitLab", async () => (await world.sandbox.shows(title, RULE)) === "passed");
  }
  const { items } = await world.api("checks?state=approved");
  const [first, second] = await Promise.all(items.map(({ id }) => world.api(`checks/${id}`)));
  assert.deepEqual([first, second].map((one) => one.decisions[0].comment), ["All fine.", "All fine."]);
  await eventually("the focus on a row that waits", async () => {
    const at = await page.evaluate(() => document.activeElement.closest("[data-testid=check-row]")?.dataset.state);
    assert.equal(at, "pending");
  });
});

journey("a rejection of many needs a comment, which survives a closed dialog", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await pick(page, DELIVERY_DATE, COOKIE);
  await openMany(page, "reject", 2);
  await byId(page, "decision-submit").click();
  await says(byId(page, "decision-error"), /comment is required/);
  assert.ok(await byId(page, "decision-comment").evaluate((field) => field === document.activeElement));
  await byId(page, "decision-comment").fill("Not before the holidays.");
  await page.keyboard.press("Escape");
  await many(page).waitFor({ state: "detached" });
  assert.equal((await world.api("checks?state=rejected")).items.length, 0, "nothing was sent");
  await says(byId(page, "selected"), /^2 selected$/);
  await openMany(page, "reject", 2);
  assert.equal(await byId(page, "decision-comment").inputValue(), "Not before the holidays.");
  await page.keyboard.press("Control+Enter");
  await says(byId(page, "bulk-done"), /2 checks rejected/);
  await page.keyboard.press("Escape");
  await state(page, COOKIE, "rejected");
});

journey("what cannot be decided says why, and the others are decided", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await pick(page, DELIVERY_DATE, COOKIE);
  // Somebody is faster with one of them, and the answer comes before the event.
  await page.route("**/api/v1/checks/decisions", async (route) => {
    const { items } = route.request().postDataJSON();
    const cookie = (await world.api("checks?state=pending&limit=200")).items.find((item) =>
      item.merge_request.title === COOKIE && item.rule.name === RULE);
    assert.ok(items.some(({ id }) => id === cookie.id));
    const olga = await world.as(await world.person("Olga Other", ["reviewer"]));
    const decision = { verdict: "reject", expected_sha: cookie.sha, comment: "Too old." };
    await olga.post(`checks/${cookie.id}/decisions`, decision);
    await route.continue();
  });
  await openMany(page, "approve", 2);
  await byId(page, "decision-submit").click();
  await says(byId(page, "bulk-done"), /1 of 2 checks approved/);
  await says(result(page, COOKIE), /Olga Other rejected it first.*Open/s);
  await says(result(page, DELIVERY_DATE), /Approved/);
  await state(page, COOKIE, "rejected");
  await result(page, COOKIE).getByRole("link").click();
  await says(byId(page, "decisions"), /Olga Other.*rejected.*Too old\./s);
});

journey("rows are selected in ranges, all at once, and no longer when they are gone", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const boxes = byId(page, "pick");
  await boxes.nth(1).check();
  await boxes.nth(4).click({ modifiers: ["Shift"] });
  await says(byId(page, "selected"), /^4 selected$/);
  const all = byId(page, "pick-all");
  assert.ok(await all.evaluate((box) => box.indeterminate), "some, not all");
  await all.click();
  await says(byId(page, "selected"), /^16 selected$/);
  await world.sandbox.act(COOKIE, "close");
  await says(byId(page, "selected"), /^14 selected$/);
  await byId(page, "bulk-clear").click();
  await says(byId(page, "selected"), /^16 checks$/);
  assert.equal(await page.locator("[data-picked]").count(), 0);
  // Another listing begins with nothing selected.
  await boxes.first().check();
  await byId(page, "tab-all").click();
  await until("all rows", async () => (await rows(page).count()) >= 16 && (await bar(page).count()) === 0);
});

journey("what is decided elsewhere while the dialog is open is left out", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await pick(page, DELIVERY_DATE, COOKIE);
  await openMany(page, "approve", 2);
  const olga = await world.as(await world.person("Olga Other", ["reviewer"]));
  const cookie = (await world.api("checks?state=pending&limit=200")).items.find((item) =>
    item.merge_request.title === COOKIE && item.rule.name === RULE);
  await olga.post(`checks/${cookie.id}/decisions`, { verdict: "reject", expected_sha: cookie.sha, comment: "Too old." });
  await says(result(page, COOKIE), /Olga Other rejected it first.*Open/s);
  await says(page.locator("#decision-title"), /^Approve 1 check$/);
  await says(byId(page, "decision-submit"), /^Approve 1 check$/);
  await byId(page, "decision-submit").click();
  await says(byId(page, "bulk-done"), /1 check approved/);
  await says(result(page, DELIVERY_DATE), /Approved/);
  await says(result(page, COOKIE), /Olga Other rejected it first/);
  await byId(page, "decision-cancel").click();
  await state(page, COOKIE, "rejected");
  await state(page, DELIVERY_DATE, "approved");
});
