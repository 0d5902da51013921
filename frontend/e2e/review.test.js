// The same with the change that the service reads from GitLab: its samples, a push, an outage, a hostile author.

import assert from "node:assert/strict";
import { DELIVERY_DATE, STOREFRONT, byId, openCheck, openDialog, openInbox, row, says, state, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";

const lines = (page) => byId(page, "lines");

/** Goes to where the changed files are: lines are made when they come near the window. */
async function goToLines(page) {
  await byId(page, "files").scrollIntoViewIfNeeded();
  await lines(page).first().waitFor();
  await lines(page).first().scrollIntoViewIfNeeded();
}

journey("a sample's change is on its check page", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openCheck(page, DELIVERY_DATE);
  await says(byId(page, "description"), /Customers ask when their order arrives/);
  assert.equal(await byId(page, "description").locator("strong").first().innerText(), "when");
  await says(byId(page, "labels"), /feature\s+frontend/);
  await says(byId(page, "commits"), /Commits\s+3/);
  await byId(page, "pipeline").locator("summary").click();
  await says(byId(page, "pipeline"), /unit-tests.*spelling\s+test\s+may fail/s);
  await goToLines(page);
  await says(lines(page).first(), /\+/);
  assert.ok((await page.locator(".ln [class^=t]").count()) > 5, "the lines are coloured");
  await byId(page, "side-by-side").click();
  await page.locator(".split .pane").nth(1).waitFor();
});

journey("what an author wrote cannot act on the page", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const description =
    "Hello <b>there</b><script>window.acted = 1</script><img src=x onerror='window.acted = 2'>\n\n" +
    "[link](javascript:window.acted=3) <form action='//evil.example'><input></form> <style>body{display:none}</style>\n\n" +
    "<a href='https://evil.example/' onclick='window.acted = 4'>evil</a>";
  await world.sandbox.open(STOREFRONT, "Hostile change", { description });
  await byId(page, "new-pill").click();
  await row(page, "Hostile change").waitFor();
  await openCheck(page, "Hostile change");
  await says(byId(page, "description"), /Hello there/);
  const elements = "script, style, img, form, input, iframe, [onclick], [onerror], [style], a[href*='evil'], a[href^='javascript']";
  assert.equal(await byId(page, "change").locator(".prose").locator(elements).count(), 0);
  assert.equal(await page.evaluate(() => window.acted), undefined);
});

journey("after a push a reviewer sees what came since their decision", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  const { sha } = await world.sandbox.mergeRequest(DELIVERY_DATE);
  await openDialog(page, DELIVERY_DATE, "approve");
  await submit(page);
  await state(page, DELIVERY_DATE, "approved");
  await openCheck(page, DELIVERY_DATE);
  await goToLines(page);
  await world.sandbox.act(DELIVERY_DATE, "push", { message: "Know the holidays" });
  await says(byId(page, "stale-banner"), /New commits/);
  await goToLines(page);
  await byId(page, "successor").click();
  await says(byId(page, "since"), new RegExp(`^Since you approved ${sha.slice(0, 8)}$`));
  const all = Number(await byId(page, "file-count").innerText());
  await byId(page, "since").click();
  await says(byId(page, "file-count"), /^1$/);
  await says(byId(page, "files"), /changes\/revision-\d+\.md/);
  await says(lines(page).first(), /Know the holidays/);
  await byId(page, "all-changes").click();
  await says(byId(page, "file-count"), new RegExp(`^${all}$`));
});

journey("while GitLab is down the change is there, and says from when", async (world) => {
  const page = await world.window();
  page.watch.expect(/50[234]/);
  await openInbox(page, world.app);
  await openCheck(page, DELIVERY_DATE);
  await goToLines(page);
  await world.sandbox.post("fault", { fault: "down" });
  await byId(page, "read-again").click();
  await says(byId(page, "stale-change"), /GitLab cannot be read now; this is from \d/);
  await says(byId(page, "description"), /Customers ask/);
  // What was asked for on demand says that it could not be.
  await byId(page, "ask-gitlab").click();
  await byId(page, "gitlab-fault").waitFor();
  await world.sandbox.post("fault", { fault: null });
  await byId(page, "change-retry").click();
  await byId(page, "stale-change").waitFor({ state: "detached" });
});
