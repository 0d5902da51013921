// What the inbox lists is in its address, so that it can be kept, sent and reloaded.

import assert from "node:assert/strict";
import { COOKIE, SAMPLES, STOREFRONT, byId, openInbox, rows, says, text } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { RITA } from "./support/people.js";
import { eventually, until } from "./support/wait.js";

const shows = (page, count) => until(`${count} rows`, async () => (await rows(page).count()) === count);

/** The filters in the address. */
const asked = (page) => Object.fromEntries(new URL(page.url()).searchParams);

journey("search and filters live in the address and survive a reload", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await byId(page, "filter-project").selectOption(STOREFRONT);
  await shows(page, 10);
  await byId(page, "filter-rule").selectOption("Security review");
  await shows(page, 5);
  await byId(page, "search").fill("session cookie");
  await shows(page, 1);
  await eventually("the address", async () =>
    assert.deepEqual(asked(page), { project: STOREFRONT, rule: "Security review", q: "session cookie" }));

  await page.reload();
  await shows(page, 1);
  assert.ok((await rows(page).innerText()).includes(COOKIE));
  assert.equal(await byId(page, "search").inputValue(), "session cookie");
  assert.equal(await byId(page, "filter-project").inputValue(), STOREFRONT);
  assert.equal(await byId(page, "filter-rule").inputValue(), "Security review");

  await byId(page, "reset").click();
  await shows(page, SAMPLES);
  assert.deepEqual(asked(page), {});
  assert.equal(await byId(page, "search").inputValue(), "");
  assert.equal(await byId(page, "reset").count(), 0, "there is nothing left to reset");
});

journey("a filter that a link brings is obeyed, and going back undoes a tab", async (world) => {
  const page = await world.window();
  await page.goto(`${world.app}?q=refund&project=demo%2Fpayments`);
  await shows(page, 2);
  await page.goto(world.app);
  await shows(page, SAMPLES);
  await byId(page, "tab-all").click();
  await eventually("the tab in the address", async () => assert.deepEqual(asked(page), { state: "all" }));
  await page.goBack();
  await eventually("the tab before", async () => {
    assert.deepEqual(asked(page), {});
    assert.equal(await byId(page, "tab-mine").getAttribute("aria-current"), "page");
  });
  await shows(page, SAMPLES);
});

journey("the filters offer every project and rule, also those of rows that are not loaded", async (world) => {
  const page = await world.window();
  await page.goto(`${world.app}?project=${encodeURIComponent(STOREFRONT)}&q=nothing-is-called-so`);
  await byId(page, "empty-match").waitFor();
  await says(byId(page, "filter-project"), /demo\/payments.*demo\/storefront/s);
  await says(byId(page, "filter-rule"), /Change approval.*Release compliance.*Security review/s);
});

journey("no match, nothing to do and no such check are different pages", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await byId(page, "search").fill("nobody wrote this");
  const noMatch = await text(byId(page, "empty-match"));
  assert.match(noMatch, /No check matches these filters/);
  await byId(page, "empty-match").getByRole("link").click();
  await shows(page, SAMPLES);

  // Nobody has decided on anything yet, and then everything has been decided.
  await byId(page, "tab-decided").click();
  await byId(page, "empty-done").waitFor();
  const { items } = await world.api("checks?state=pending&limit=200");
  const rita = await world.as(RITA);
  for (const { id, sha } of items) {
    await rita.post(`checks/${id}/decisions`, { verdict: "approve", expected_sha: sha, comment: "" });
  }
  await page.goto(world.app);
  const done = await text(byId(page, "empty-done"));
  assert.match(done, /Nothing waits for a decision/);
  assert.notEqual(done, noMatch);

  page.watch.expect(/404/);
  await page.goto(`${world.app}checks/01a20900-0000-7000-8000-000000000000`);
  assert.match(await text(byId(page, "not-found")), /No such check/);
  await byId(page, "not-found").getByRole("link").click();
  await byId(page, "empty-done").waitFor();
});
