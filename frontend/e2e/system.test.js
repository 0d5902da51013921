// Calls that cannot be processed are set aside with a reason, and can be replayed when the reason is gone.

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { DELIVERY_DATE, OTHERS, RULE, byId, openCheck, openInbox, row, rows, says } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { ADAM } from "./support/people.js";
import { SANDBOX_SECRET } from "./support/service.js";
import { until } from "./support/wait.js";

/** A call as GitLab makes it, with just enough in it to be one. */
function call(app, { project, iid, rule }, secret = SANDBOX_SECRET) {
  const body = JSON.stringify({
    object_kind: "merge_request",
    project: { id: project },
    object_attributes: { iid, action: "update" },
    external_approval_rule: { id: rule },
  });
  const headers = { "content-type": "application/json" };
  if (secret) headers["x-gitlab-signature"] = createHmac("sha256", secret).update(body).digest("hex");
  return fetch(`${app}status_check`, { method: "POST", headers, body });
}

journey("forged calls are refused or set aside with a reason", async (world) => {
  const page = await world.window({ as: ADAM });
  await page.goto(`${world.app}system`);
  await byId(page, "system-calls-none").waitFor();
  const known = { project: 1, iid: 1, rule: 999 };
  assert.equal((await call(world.app, known, "")).status, 401, "not signed");
  assert.equal((await call(world.app, known, "guessed")).status, 401, "wrongly signed");
  assert.equal((await call(world.app, known)).status, 202);
  assert.equal((await call(world.app, { ...known, project: 999 })).status, 202);

  // Both appear live, and what was refused does not.
  const calls = byId(page, "system-call");
  await until("two calls", async () => (await calls.count()) === 2);
  await says(calls.filter({ hasText: "lists no status check 999" }), /project 1 !1.*signed/s);
  await says(calls.filter({ hasText: "404" }), /projects\/999/);
  await says(byId(page, "banner"), /2 calls from GitLab could not be processed/);
  await says(byId(page, "system-set-aside-calls"), /^2$/);
  assert.equal((await world.api("system")).pending_checks, 16, "no check came of it");

  const first = calls.filter({ hasText: "lists no status check 999" });
  await byId(first, "replay").click();
  // Nothing was mended, so it comes back.
  await says(first, /2 tries/);
});

journey("a call is replayed once its cause is mended, and its check arrives", async (world) => {
  const { id: project } = await world.sandbox.post("projects", { path: "demo/typo" });
  const url = `${world.app}status_check`;
  const { id: rule } = await world.sandbox.post(`projects/${project}/rules`, {
    name: "Change approval",
    url: `${new URL(world.app).origin}/somewhere-else`,
    secret: SANDBOX_SECRET,
  });
  const { iid } = await world.sandbox.open("demo/typo", "Mend a typo");
  assert.equal((await call(world.app, { project, iid, rule })).status, 202);

  const page = await world.window({ as: ADAM });
  await page.goto(`${world.app}system`);
  await says(byId(page, "system-call"), /lists no status check .* that leads here/);
  await world.sandbox.put(`projects/${project}/external_status_checks/${rule}`, { external_url: url });
  await byId(page, "replay").click();
  await byId(page, "system-calls-none").waitFor();
  await byId(page, "banner").waitFor({ state: "detached" });
  await openInbox(page, world.app, 17, OTHERS);
  await row(page, "Mend a typo").waitFor();
});

journey("the way to GitLab is examined, and what is wrong says how to mend it", async (world) => {
  const page = await world.window({ as: ADAM });
  await page.goto(`${world.app}system`);
  await byId(page, "doctor").click();
  const found = byId(page, "doctor-finding");
  await until("findings", async () => (await found.count()) > 5);
  await says(byId(page, "doctor-findings"), /token/i);
  await world.sandbox.post("fault", { fault: "token_revoked" });
  await byId(page, "doctor").click();
  await says(byId(page, "doctor-findings"), /401|not accepted|refused/);
});

journey("what passed in GitLab though nobody approved it is found, and its alarm is ended with a reason", async (world) => {
  const title = DELIVERY_DATE;
  await world.sandbox.answer(title, RULE, "passed");
  const page = await world.window({ as: ADAM });
  await page.goto(`${world.app}system`);
  await says(byId(page, "system-undecided-passes"), /^0$/);
  await byId(page, "system-reconcile").click();
  await says(byId(page, "banner"), /1 check shows passed/);
  assert.match(await byId(page, "banner").locator("li a").getAttribute("href"), /state=all&alarm=undecided_pass/);
  await says(byId(page, "system-undecided-passes"), /^1$/);
  await byId(page, "system-undecided-passes").getByRole("link").click();
  await until("one row", async () => (await rows(page).count()) === 1);
  await says(byId(page, "reset"), /decided by nobody here/);
  await openCheck(page, title);

  await byId(page, "acknowledge").click();
  await byId(page, "acknowledge-send").click();
  await page.locator("#acknowledge-comment[aria-invalid]").waitFor();
  await byId(page, "acknowledge-comment").fill("By hand, while the app was being set up.");
  await page.keyboard.press("Enter");
  await byId(page, "acknowledge-dialog").waitFor({ state: "detached" });
  await byId(page, "acknowledge").waitFor({ state: "detached" });
  await byId(page, "banner").waitFor({ state: "detached" });
  await says(byId(page, "timeline"), /Pass looked into.*By hand, while the app was being set up/s);
  await page.goBack();
  await byId(page, "empty-match").waitFor();
});
