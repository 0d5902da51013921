// Judging a merge request from the check page alone: what it says, what it changes, and what changed since.

import assert from "node:assert/strict";
import { LONG, SINCE, change, tellChange } from "./support/change.js";
import { DELIVERY_DATE, byId, openCheck, openInbox, says } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { eventually, until } from "./support/wait.js";

const file = (page, path) => page.locator(`[data-testid="file"][aria-label="${path}"]`);
const lines = (page, path) => byId(file(page, path), "lines");

/** Opens the check page with a change of our making. */
async function openTold(world, more, options) {
  const page = await world.window(options);
  const now = await tellChange(page, more);
  await openInbox(page, world.app);
  await openCheck(page, DELIVERY_DATE);
  return { page, now };
}

journey("a reviewer reads the change without GitLab", async (world) => {
  const { page } = await openTold(world);
  await says(byId(page, "description"), /Shows when the parcel arrives/);
  assert.equal(await byId(page, "description").locator("strong").innerText(), "when", "it has its form");
  await says(byId(page, "labels"), /storefront\s+needs: legal/);
  await says(byId(page, "pipeline"), /Pipeline\s+failed/);
  await byId(page, "pipeline").locator("summary").click();
  await says(byId(page, "pipeline"), /passed\s+compile.*failed\s+unit.*failed\s+links\s+test\s+may fail.*skipped/s);
  await says(byId(page, "approvals"), /1 of 2 · Mona Maintainer/);
  await byId(page, "commits").locator("summary").first().click();
  await says(byId(page, "commit").first(), /Know the holidays.*Ada Author.*9f8e7d6c/s);
  await byId(page, "commit").first().locator("summary").click();
  await says(byId(page, "commit").first(), /They come from the calendar/);
  await says(byId(page, "discussion").first(), /delivery\.ts:12\s+open.*Mona Maintainer.*leap years.*It does now/s);
  await says(byId(page, "policy"), /Needs one approval by a reviewer: missing/);
  await says(page.locator(".files-head"), /Changed files\s+6\s+\+5003\s+−90003/);
});

journey("lines have signs, numbers and colours, and only their text is copied", async (world) => {
  const { page } = await openTold(world);
  const shown = lines(page, "src/basket/delivery.ts");
  await says(shown, /\+\s*delivery\(from: Calendar\): Date/);
  assert.equal(await shown.locator(".t5", { hasText: /^delivery$/ }).count(), 2, "the function's name, before and after");
  assert.equal(await shown.locator(".add .t6.d").innerText(), "Calendar", "what differs from the line before");
  await shown.locator(".add").first().click({ clickCount: 3 });
  const copied = await page.evaluate(() => getSelection().toString());
  assert.equal(copied.trim(), "delivery(from: Calendar): Date {");
  const sideways = await page.evaluate(() => document.scrollingElement.scrollWidth > document.scrollingElement.clientWidth);
  assert.equal(sideways, false, "long lines scroll in their own box");
  const pane = shown.locator(".pane");
  await pane.focus();
  await page.keyboard.press("ArrowRight");
  await until("the box to scroll with the keys", () => pane.evaluate((one) => one.scrollLeft > 0));
});

journey("side by side is remembered, and offered where there is room for it", async (world) => {
  const { page } = await openTold(world);
  const path = "src/basket/delivery.ts";
  await lines(page, path).waitFor();
  await byId(page, "side-by-side").click();
  const panes = lines(page, path).locator(".pane");
  await eventually("two columns", async () => assert.equal(await panes.count(), 2));
  await says(panes.first(), /delivery\(days: number\)/);
  assert.doesNotMatch(await panes.first().innerText(), /Calendar/);
  assert.match(await panes.last().innerText(), /delivery\(from: Calendar\)/);
  const heights = await panes.evaluateAll((all) => all.map((one) => one.querySelector(".sheet").clientHeight));
  assert.equal(heights[0], heights[1]);
  await panes.first().evaluate((one) => one.scrollTo(60, 0));
  await until("the other column to follow", () => panes.last().evaluate((one) => one.scrollLeft === 60));
  await page.reload();
  await eventually("two columns again", async () => assert.equal(await panes.count(), 2));
  await page.setViewportSize({ width: 800, height: 800 });
  await eventually("one column in a narrow window", async () => assert.equal(await panes.count(), 1));
  assert.equal(await byId(page, "side-by-side").isVisible(), false);
});

journey("what is folded says why, and opens where there are lines", async (world) => {
  const { page, now } = await openTold(world);
  await says(file(page, "package-lock.json"), /Made by a program/);
  await says(file(page, "docs/basket.png"), /Not text/);
  await says(file(page, "data/dump.sql"), /Too large/);
  await says(file(page, "src/basket/calendar.ts"), /src\/calendar\.ts → src\/basket\/calendar\.ts.*only the name/s);
  assert.equal(await byId(file(page, "docs/basket.png"), "show-lines").count(), 0);
  assert.ok(!now.asked.some((one) => one.includes("package-lock")), "nobody asked for folded lines");
  await byId(file(page, "package-lock.json"), "show-lines").click();
  await says(lines(page, "package-lock.json"), /@@ -1,1/);
});

journey("a file with thousands of lines keeps few of them in the document", async (world) => {
  const { page } = await openTold(world);
  const path = "src/holidays.csv";
  await byId(file(page, path), "show-lines").click();
  await says(lines(page, path), /holiday number 1\n/);
  const inDocument = () => page.locator(".ln").count();
  assert.ok((await inDocument()) < 400);
  for (const share of [0.25, 0.5, 0.75, 1]) {
    const at = await lines(page, path).evaluate((one, share) => {
      const top = one.getBoundingClientRect().top + scrollY;
      scrollTo(0, top + one.clientHeight * share - 300);
      return Math.round((one.clientHeight * share) / 20);
    }, share);
    const number = Math.min(at - 10, LONG - 11);
    await eventually(`line ${number}`, async () => {
      const row = lines(page, path).locator(".ln", { hasText: `2026,${number},` });
      assert.ok(await row.evaluate((one) => one.getBoundingClientRect().top > -20 && one.getBoundingClientRect().top < innerHeight));
    });
    assert.ok((await inDocument()) < 400, "rows out of sight are gone");
  }
});

journey("viewed files stay folded, and the keys go from file to file", async (world) => {
  const { page } = await openTold(world);
  const path = "src/basket/delivery.ts";
  await lines(page, path).waitFor();
  await byId(file(page, path), "viewed").click();
  await lines(page, path).waitFor({ state: "hidden" });
  await page.reload();
  await file(page, path).waitFor();
  assert.equal(await lines(page, path).count(), 0, "it is remembered");
  const toggle = file(page, path).locator(".file-toggle");
  assert.equal(await toggle.getAttribute("aria-expanded"), "false");
  await page.keyboard.press("n");
  await until("the first file to have the focus", () => toggle.evaluate((one) => one === document.activeElement));
  await page.keyboard.press("n");
  await page.keyboard.press("p");
  await page.keyboard.press("Enter");
  await lines(page, path).waitFor();
});

journey("what changed since the last decision can be seen alone", async (world) => {
  const { page, now } = await openTold(world, { since: SINCE });
  await says(byId(page, "since"), /^Since you approved a1b2c3d4$/);
  assert.equal(await byId(page, "all-changes").getAttribute("aria-pressed"), "true");
  await byId(page, "since").click();
  await says(byId(page, "rebased"), /rebased/);
  await says(byId(page, "file-count"), /^1$/);
  await lines(page, "src/basket/delivery.ts").waitFor();
  assert.ok(now.asked.some((one) => one === "diff?path=src/basket/delivery.ts&since=true"), "only what changed since");
  await byId(page, "all-changes").click();
  await says(byId(page, "file-count"), /^6$/);
});

journey("while GitLab cannot be read, what is kept is shown and dated", async (world) => {
  const { page, now } = await openTold(world, { stale: "The connection was refused." });
  await says(byId(page, "stale-change"), /GitLab cannot be read now; this is from \d\d:\d\d\. The connection was refused\./);
  await says(byId(page, "description"), /Shows when/);
  now.change = change();
  await byId(page, "change-retry").click();
  await byId(page, "stale-change").waitFor({ state: "detached" });
  assert.ok(now.asked.includes("change?fresh=true"));
});

journey("a change that cannot be read at all leaves the rest of the page", async (world) => {
  const page = await world.window();
  page.watch.expect(/502/);
  const now = await tellChange(page);
  now.refuses = true;
  await openInbox(page, world.app);
  await openCheck(page, DELIVERY_DATE);
  await says(byId(page, "change"), /The change could not be read\. GitLab did not answer\./);
  await byId(byId(page, "check"), "approve").waitFor();
  now.refuses = false;
  await byId(byId(page, "change"), "retry").click();
  await lines(page, "src/basket/delivery.ts").waitFor();
});

journey("a push leaves the change of the old commit on the page", async (world) => {
  const { page } = await openTold(world);
  await lines(page, "src/basket/delivery.ts").waitFor();
  await world.sandbox.act(DELIVERY_DATE, "push");
  await says(byId(page, "stale-banner"), /New commits/);
  assert.equal(await byId(byId(page, "check"), "approve").count(), 0, "the old commit can no longer be decided");
  await says(lines(page, "src/basket/delivery.ts"), /nextWorkingDay/);
  await says(byId(page, "policy"), /no longer asked for/);
});
