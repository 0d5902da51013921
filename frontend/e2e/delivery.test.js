// GitLab is out of reach: the decision is taken all the same, and the page tells the truth about where it is.

import assert from "node:assert/strict";
import { DELIVERY_DATE, RULE, byId, openCheck, openDialog, openInbox, says, state, submit, truth } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { until } from "./support/wait.js";

journey("a decision taken while GitLab is down waits, and arrives by itself", async (world) => {
  const page = await world.window();
  // The check page asks GitLab what it shows, and the service has to say that it got no answer.
  page.watch.expect(/50[234]/);
  const gitlab = await page.context().newPage();
  await gitlab.goto(world.sandbox.url);
  await byId(gitlab, "fault-down").click();
  await until("the sandbox to be down", async () => (await world.sandbox.state()).fault === "down");

  await openInbox(page, world.app);
  await openDialog(page, DELIVERY_DATE, "approve");
  await submit(page);
  await state(page, DELIVERY_DATE, "approved");
  await until("a first attempt", async () => {
    const { items } = await world.api("checks?state=approved");
    return items[0].delivery.attempts > 0;
  });
  await openCheck(page, DELIVERY_DATE);
  await says(truth(page), /Waiting to tell GitLab passed; attempt \d+, next try .+: .*connection/);
  await says(byId(page, "gitlab-fault"), /GitLab could not be asked just now: \S+/);
  assert.equal(await world.sandbox.shows(DELIVERY_DATE, RULE), "pending");

  // Whatever reloads the page takes this mark away.
  await page.evaluate(() => (window.notReloaded = true));
  await byId(gitlab, "fault-none").click();
  await says(truth(page), /GitLab was told passed at \d/, 45_000);
  await says(truth(page), /GitLab shows passed/);
  assert.equal(await world.sandbox.shows(DELIVERY_DATE, RULE), "passed");
  assert.equal(await byId(page, "gitlab-fault").count(), 0, "the old error is gone");
  assert.ok(await page.evaluate(() => window.notReloaded), "the page changed live");
  await says(byId(page, "attempts"), /Attempts \(\d+\)/);
});
