// Forty checks in a morning: everything without a mouse.

import assert from "node:assert/strict";
import { DELIVERY_DATE, RULE, STOREFRONT, byId, dialog, openInbox, row, rows, says, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { eventually, until } from "./support/wait.js";

/** The place among the rows of the one that has the focus; -1 when none has. */
const focused = (page) =>
  page.evaluate(() => {
    const all = [...document.querySelectorAll("[data-testid=check-row]")];
    return all.indexOf(document.activeElement.closest("[data-testid=check-row]"));
  });

/** Waits until a row has the focus: after a decision it moves with the next frame. */
const focusOn = (page, at) => eventually(`the focus on row ${at}`, async () => assert.equal(await focused(page), at));

const focusIsIn = (page, id) =>
  page.evaluate((id) => document.activeElement.closest(`[data-testid="${id}"]`) !== null, id);

journey("a reviewer decides without a mouse, and the focus goes on to the next row", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const { keyboard } = page;
  await keyboard.press("j");
  await focusOn(page, 0);
  await keyboard.press("j");
  await keyboard.press("j");
  await focusOn(page, 2);
  await keyboard.press("k");
  await focusOn(page, 1);

  await keyboard.press("a");
  await dialog(page).waitFor();
  assert.equal((await world.api("checks?state=approved")).items.length, 0, "a key alone decides nothing");
  assert.ok(await focusIsIn(page, "decision-comment"), "the comment has the focus");
  await keyboard.type("jk and a? are letters here");
  assert.equal(await byId(page, "decision-comment").inputValue(), "jk and a? are letters here");
  const decided = await rows(page).nth(1).getAttribute("data-check-id");
  await keyboard.press("Control+Enter");
  await dialog(page).waitFor({ state: "detached" });
  await until("the row to be approved", async () =>
    (await rows(page).nth(1).getAttribute("data-state")) === "approved");
  await focusOn(page, 2);
  const { decisions } = await world.api(`checks/${decided}`);
  assert.deepEqual(decisions.map((one) => one.comment), ["jk and a? are letters here"]);

  await keyboard.press("r");
  await dialog(page).waitFor();
  await keyboard.press("Control+Enter");
  await says(byId(page, "decision-error"), /comment is required/);
  await keyboard.press("Escape");
  await dialog(page).waitFor({ state: "detached" });
  await focusOn(page, 2);
  assert.equal(await rows(page).nth(2).getAttribute("data-state"), "pending", "Escape decides nothing");
});

journey("help, search and the way to a check and back are one key away", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const { keyboard } = page;
  await keyboard.press("?");
  await says(byId(page, "help-dialog"), /Ctrl\+Enter/);
  await keyboard.press("j");
  assert.equal(await focused(page), -1, "keys do not act behind a dialog");
  await keyboard.press("Escape");
  await byId(page, "help-dialog").waitFor({ state: "detached" });

  await keyboard.press("/");
  assert.ok(await focusIsIn(page, "search"));
  assert.equal(await byId(page, "search").inputValue(), "", "the slash itself is not typed");
  await keyboard.type("cookie");
  await until("the search", async () => (await rows(page).count()) === 2);
  await keyboard.press("Escape");
  await page.evaluate(() => document.activeElement.blur());

  await page.goto(world.app);
  await byId(page, "check-row").first().waitFor();
  await keyboard.press("j");
  await keyboard.press("j");
  await focusOn(page, 1);
  const id = await rows(page).nth(1).getAttribute("data-check-id");
  await keyboard.press("Enter");
  await byId(page, "check").waitFor();
  assert.equal(await byId(page, "check").getAttribute("data-check-id"), id);
  await eventually("the focus on the heading", async () =>
    assert.equal(await page.evaluate(() => document.activeElement.tagName), "H1"));
  await keyboard.press("]");
  await until("the next check", async () => (await byId(page, "check").getAttribute("data-check-id")) !== id);
  await keyboard.press("[");
  await until("the check before", async () => (await byId(page, "check").getAttribute("data-check-id")) === id);
  await keyboard.press("Escape");
  await focusOn(page, 1);
});

journey("single keys can be switched off, and stay off", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await byId(page, "help").click();
  await byId(page, "keys-switch").uncheck();
  await byId(page, "modal-close").click();
  await page.reload();
  await rows(page).first().waitFor();
  await page.keyboard.press("j");
  assert.equal(await focused(page), -1);
  // Tab and Enter are the browser's own and always work.
  await row(page, DELIVERY_DATE).locator("a").first().focus();
  await page.keyboard.press("Enter");
  await says(byId(page, "check"), new RegExp(RULE));
});

journey("forty checks are cleared from the keyboard, most of them at once", async (world) => {
  const opened = Array.from({ length: 12 }, (_, nth) => `Tidy shelf ${nth + 1}`);
  for (const title of opened) await world.sandbox.open(STOREFRONT, title);
  await until("forty checks", async () => (await world.api("system")).needs_you === 40);
  const page = await world.window();
  await openInbox(page, world.app, 40);
  const { keyboard } = page;
  const left = async () => (await world.api("system")).needs_you;

  // One after the other, without looking for the next one.
  await keyboard.press("j");
  for (let nth = 0; nth < 4; nth += 1) {
    await focusOn(page, nth);
    await keyboard.press(nth === 2 ? "r" : "a");
    await dialog(page).waitFor();
    if (nth === 2) await keyboard.type("Not like this.");
    await keyboard.press("Control+Enter");
    await dialog(page).waitFor({ state: "detached" });
  }
  assert.equal(await left(), 36);

  // Three by `x`, then the box above the rows, which Shift+Tab reaches.
  for (let nth = 4; nth < 7; nth += 1) {
    await focusOn(page, nth);
    await keyboard.press("x");
    await keyboard.press("j");
  }
  await says(byId(page, "selected"), /^3 selected$/);
  await keyboard.press("r");
  const many = byId(page, "bulk-dialog");
  await many.waitFor();
  await keyboard.type("These neither.");
  await keyboard.press("Control+Enter");
  await says(byId(page, "bulk-done"), /3 checks rejected/);
  await keyboard.press("Escape");
  await many.waitFor({ state: "detached" });
  await focusOn(page, 7);
  const box = () => page.evaluate(() => document.activeElement.dataset.testid === "pick-all");
  await until("the box above the rows", async () => {
    await keyboard.press("Shift+Tab");
    return box();
  });
  await keyboard.press("Space");
  await says(byId(page, "selected"), /^33 selected$/);
  await keyboard.press("a");
  await many.waitFor();
  await keyboard.press("Control+Enter");
  await says(byId(page, "bulk-done"), /33 checks approved/);
  await until("the focus on the button that leaves", () =>
    page.evaluate(() => document.activeElement.dataset.testid === "decision-cancel"));
  await keyboard.press("Enter");
  await many.waitFor({ state: "detached" });
  assert.equal(await left(), 0);
  assert.equal((await world.api("checks?state=approved&limit=100")).items.length, 36);
});

journey("on the page of a check the next one is a key away once it is decided", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const { keyboard } = page;
  await keyboard.press("j");
  await keyboard.press("Enter");
  await byId(page, "check").waitFor();
  const first = await byId(page, "check").getAttribute("data-check-id");
  assert.equal(await byId(page, "next-check").count(), 0, "first things first");
  await keyboard.press("a");
  await dialog(page).waitFor();
  await keyboard.press("Control+Enter");
  await dialog(page).waitFor({ state: "detached" });
  await byId(page, "next-check").waitFor();
  await eventually("the focus on the decision", async () =>
    assert.equal(await page.evaluate(() => document.activeElement.id), "decision-card-title"));
  await keyboard.press("Tab");
  await until("the link", async () => {
    if (await focusIsIn(page, "next-check")) return true;
    await keyboard.press("Tab");
    return false;
  });
  await keyboard.press("Enter");
  await until("the next check", async () => (await byId(page, "check").getAttribute("data-check-id")) !== first);
  await byId(byId(page, "check"), "approve").waitFor();

  // From the last row, once it is decided, the way forward is the same.
  await keyboard.press("Escape");
  await rows(page).last().locator("a").first().click();
  await byId(byId(page, "check"), "approve").click();
  await submit(page);
  const { pathname } = new URL(await byId(page, "next-check").evaluate((link) => link.href));
  await keyboard.press("]");
  await until("what the button leads to", () => new URL(page.url()).pathname === pathname);
  await byId(byId(page, "check"), "approve").waitFor();
});

journey("from the search a key leads to the rows, and Escape out of it", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const { keyboard } = page;
  const name = () => page.evaluate(() => document.activeElement.textContent);
  await keyboard.press("/");
  await keyboard.type("cookie");
  await keyboard.press("Enter");
  await focusOn(page, 0);
  assert.match(await name(), /cookie/, "the rows that were searched for have come");
  assert.equal(await rows(page).count(), 2);
  await keyboard.press("/");
  await keyboard.press("ArrowDown");
  await focusOn(page, 0);
  await keyboard.press("/");
  await keyboard.press("Escape");
  await until("the search to be empty", async () => (await byId(page, "search").inputValue()) === "");
  await keyboard.press("Escape");
  assert.ok(!(await focusIsIn(page, "search")), "Escape leaves an empty search");
  await until("all rows again", async () => (await rows(page).count()) > 2);
  await keyboard.press("j");
  await focusOn(page, 0);
});

journey("behind the last row the next page comes by itself", async (world) => {
  for (let nth = 1; nth <= 20; nth += 1) await world.sandbox.open(STOREFRONT, `Tidy shelf ${nth}`);
  await until("all checks", async () => (await world.api("system")).needs_you === 56);
  const page = await world.window();
  await openInbox(page, world.app, 50);
  const { keyboard } = page;
  await rows(page).last().locator("a").first().focus();
  await keyboard.press("j");
  await focusOn(page, 50);
  assert.equal(await rows(page).count(), 56);

  await page.reload();
  await until("the first page", async () => (await rows(page).count()) === 50);
  await byId(page, "load-more").click();
  await focusOn(page, 50);

  await page.reload();
  await until("the first page", async () => (await rows(page).count()) === 50);
  const last = await rows(page).last().getAttribute("data-check-id");
  await rows(page).last().locator("a").first().click();
  await byId(page, "check").waitFor();
  await keyboard.press("]");
  await until("the check behind it", async () => (await byId(page, "check").getAttribute("data-check-id")) !== last);
});
