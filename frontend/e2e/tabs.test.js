// The tabs of the inbox: whose turn it is, what is decided, why a check is back, and listings that are kept.

import assert from "node:assert/strict";
import { COOKIE, DELIVERY_DATE, RULE, SAMPLES, STOREFRONT, byId, openCheck, openDialog, openInbox, row, rows, says, state, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { ARTHUR } from "./support/people.js";
import { eventually, until } from "./support/wait.js";

const shows = (page, count) => until(`${count} rows`, async () => (await rows(page).count()) === count);
const tab = (page, name) => byId(page, `tab-${name}`);
const asked = (page) => Object.fromEntries(new URL(page.url()).searchParams);

journey("what needs somebody and what waits on others are two lists, with their numbers", async (world) => {
  const arthur = await world.as(ARTHUR);
  const { needs_you: mine, waiting_on_others: others } = await until("all samples, some of them written by Arthur", async () => {
    const counts = await arthur.get("system");
    return counts.needs_you + counts.waiting_on_others === SAMPLES && counts.waiting_on_others > 0 && counts;
  });
  const page = await world.window({ as: ARTHUR });
  await page.goto(`${world.app}?turn=others&q=nothing-is-called-so`);
  await byId(page, "empty-match").waitFor();
  assert.equal(await byId(page, "only-looking").count(), 0, "there is nothing that it could be said of");
  await openInbox(page, world.app, mine);
  await says(tab(page, "mine"), new RegExp(`^Needs you\\s*${mine}$`));
  await says(tab(page, "others"), new RegExp(`^Waiting on others\\s*${others}$`));
  assert.match(await page.title(), new RegExp(`^\\(${mine}\\) `));
  await tab(page, "others").click();
  await shows(page, others);
  assert.deepEqual(asked(page), { turn: "others" });
  await says(byId(page, "only-looking"), /You wrote these changes/);
  assert.ok(await byId(rows(page).first(), "approve").isDisabled());
  assert.equal(await byId(page, "pick").count(), 0, "there is nothing to decide");

  // His own new change waits on others, so it is no news among what needs him.
  await tab(page, "mine").click();
  await shows(page, mine);
  await world.sandbox.open(STOREFRONT, "His own work");
  await says(tab(page, "others"), new RegExp(`^Waiting on others\\s*${others + 2}$`));
  await world.sandbox.open(STOREFRONT, "Somebody else's work", { author: "kim.example" });
  await says(byId(page, "new-pill"), /^2 new$/);
  await says(tab(page, "mine"), new RegExp(`^Needs you\\s*${mine + 2}$`));
});

journey("decided checks have their tab, one state is a choice, and old addresses still work", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const all = await rows(page).allTextContents();
  const place = (title) => all.findIndex((text) => text.includes(title));
  const [older, newer] = [DELIVERY_DATE, COOKIE].sort((a, b) => place(a) - place(b));
  await openDialog(page, newer, "approve");
  await submit(page);
  await openDialog(page, older, "reject");
  await byId(page, "decision-comment").fill("Not yet.");
  await submit(page);
  await tab(page, "decided").click();
  await shows(page, 2);
  assert.deepEqual(asked(page), { state: "approved,rejected" });
  await says(rows(page).first(), new RegExp(older));
  await byId(page, "sort").selectOption({ label: "Newest first" });
  await eventually("what arrived last comes first", async () =>
    assert.match(await rows(page).first().textContent(), new RegExp(newer)));
  assert.deepEqual(asked(page), { state: "approved,rejected", sort: "newest" });
  await byId(page, "sort").selectOption({ label: "Latest decision first" });
  await until("the shortest address again", () => !asked(page).sort);
  await byId(page, "filter-state").selectOption("rejected");
  await shows(page, 1);
  assert.deepEqual(asked(page), { state: "rejected" });
  await page.goto(`${world.app}?state=approved`);
  await shows(page, 1);
  assert.equal(await tab(page, "decided").getAttribute("aria-current"), "page");
  assert.equal(await byId(page, "filter-state").inputValue(), "approved");
  await page.goto(`${world.app}?state=superseded`);
  await byId(page, "empty-done").waitFor();
  assert.equal(await tab(page, "all").getAttribute("aria-current"), "page");
  assert.equal(await byId(page, "filter-state").inputValue(), "superseded");

  await page.goto(world.app);
  await shows(page, SAMPLES - 2);
  const first = await rows(page).first().getAttribute("data-check-id");
  const told = await byId(page, "selected").textContent();
  await byId(page, "sort").selectOption({ label: "Newest first" });
  await eventually("the oldest comes last", async () =>
    assert.equal(await rows(page).last().getAttribute("data-check-id"), first));
  assert.deepEqual(asked(page), { sort: "newest" });
  const again = await byId(page, "selected").textContent();
  assert.equal(again.trim(), told.trim());
  assert.notEqual(again, told, "another listing with as many rows is told again");
});

journey("a check that comes back says why", async (world) => {
  const page = await world.window();
  const { sha } = await world.sandbox.mergeRequest(DELIVERY_DATE);
  await openInbox(page, world.app);
  await openDialog(page, DELIVERY_DATE, "approve");
  await submit(page);
  await state(page, DELIVERY_DATE, "approved");
  await world.sandbox.act(DELIVERY_DATE, "push");
  await until("the newer check", async () => {
    await page.goto(world.app);
    await rows(page).first().waitFor();
    return (await byId(row(page, DELIVERY_DATE), "why").count()) === 1;
  });
  await says(byId(row(page, DELIVERY_DATE), "why"), new RegExp(`New commits since you approved ${sha.slice(0, 8)}`));
  const other = await world.window({ as: await world.person("Olga Other", ["reviewer"]) });
  await openInbox(other, world.app);
  await says(byId(row(other, DELIVERY_DATE), "why"), new RegExp(`Rita.* approved ${sha.slice(0, 8)}; new commits since`));
  await openCheck(page, DELIVERY_DATE);
  await says(byId(page, "why"), new RegExp(`New commits since you approved ${sha.slice(0, 8)}`));
  assert.equal(await byId(row(other, COOKIE, RULE), "why").count(), 0, "nothing is said of a check that is simply new");
});

journey("a listing is kept under a name, renamed and removed", async (world) => {
  const page = await world.window();
  await page.goto(`${world.app}?state=pending&q=cookie`);
  await shows(page, 2);
  const open = () => byId(page, "saved-open").click();
  await open();
  await says(byId(page, "saved-menu"), /Nothing is saved yet/);
  await byId(page, "saved-name").fill("Cookies");
  await page.keyboard.press("Enter");
  await says(byId(page, "saved-link"), /^Cookies$/);
  await byId(page, "saved-name").fill("Cookies");
  await byId(page, "saved-save").click();
  await says(page.locator("#saved-wrong"), /has that name already/);

  await byId(page, "saved-rename").click();
  await byId(page, "saved-name").fill("Baking");
  await byId(page, "saved-save").click();
  await says(byId(page, "saved-link"), /^Baking$/);
  await page.keyboard.press("Escape");
  assert.ok(!(await byId(page, "saved-menu").isVisible()), "Escape closes it");

  // It is there in another browser, and leads to what was saved.
  const there = await world.window();
  await openInbox(there, world.app);
  await byId(there, "saved-open").click();
  await byId(there, "saved-link").click();
  await shows(there, 2);
  assert.deepEqual(asked(there), { state: "pending", q: "cookie" });
  await byId(there, "saved-open").click();
  assert.equal(await byId(there, "saved-link").getAttribute("aria-current"), "page");
  await byId(there, "saved-remove").click();
  await says(byId(there, "saved-menu"), /Nothing is saved yet/);
});
