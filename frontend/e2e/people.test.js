// People are invited, changed and switched off; programs get tokens; all of it in the browser.

import assert from "node:assert/strict";
import { DELIVERY_DATE, OTHERS, SAMPLES, STOREFRONT, byId, openDialog, openInbox, rows, says, state, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { ADAM, RITA } from "./support/people.js";
import { until } from "./support/wait.js";

const REFUSED = /401/;
const personRow = (page, email) => page.locator(`[data-testid="person-row"][data-email="${email}"]`);

journey("an invitation is made in one window and accepted in another", async (world) => {
  const admin = await world.window({ as: ADAM });
  await admin.goto(`${world.app}people`);
  await byId(admin, "invite").click();
  await byId(admin, "invite-send").click();
  await says(admin.locator("#invite-name-wrong"), /A name is needed/);
  await byId(admin, "invite-name").fill("Nora Newcomer");
  await admin.keyboard.press("Escape");
  assert.equal(await byId(admin, "invite-name").inputValue(), "Nora Newcomer", "what was typed is not thrown away");
  await byId(admin, "invite-email").fill(RITA.email);
  // Somebody has that address.
  admin.watch.expect(/409/);
  await byId(admin, "invite-send").click();
  await says(byId(admin, "invite-dialog"), /taken|already/i);
  await byId(admin, "invite-email").fill("nora@example.com");
  await byId(admin, "invite-send").click();
  const link = await byId(admin, "link-url").inputValue();
  assert.match(link, /\/welcome#\S{20,}$/);
  await byId(admin, "link-done").click();
  await says(personRow(admin, "nora@example.com"), /Invited/);

  const nora = await world.window({ as: null });
  nora.watch.expect(REFUSED);
  await nora.goto(link);
  await byId(nora, "welcome").waitFor();
  assert.equal(new URL(nora.url()).hash, "", "the secret is gone from the address bar");
  assert.equal(await byId(nora, "welcome-email").inputValue(), "nora@example.com");
  await byId(nora, "welcome-password").fill("too short");
  await byId(nora, "welcome-send").click();
  await says(nora.locator("#welcome-password-wrong"), /At least 12 characters/);
  await byId(nora, "show-password").click();
  assert.equal(await byId(nora, "welcome-password").getAttribute("type"), "text");
  await byId(nora, "welcome-password").fill("correct horse battery");
  await byId(nora, "welcome-send").click();
  await rows(nora).first().waitFor();
  await openDialog(nora, DELIVERY_DATE, "approve");
  await submit(nora);
  await state(nora, DELIVERY_DATE, "approved");

  // It works once.
  const late = await world.window({ as: null });
  late.watch.expect(/404/);
  late.watch.expect(REFUSED);
  await late.goto(link);
  await byId(late, "link-spent").waitFor();

  await admin.reload();
  await says(personRow(admin, "nora@example.com"), /Active/);
});

journey("roles and projects change what somebody sees at once, and off is off", async (world) => {
  const tom = await world.person("Tom Tester", ["viewer"]);
  const page = await world.window({ as: tom });
  await openInbox(page, world.app, SAMPLES, OTHERS);

  const admin = await world.window({ as: ADAM });
  await admin.goto(`${world.app}people`);
  await byId(personRow(admin, tom.email), "person-edit").click();
  await byId(admin, "role-reviewer").check();
  await byId(admin, "reach-some").check();
  await byId(admin, "person-dialog").getByLabel(STOREFRONT).check();
  // The open page looks after the checks that it may no longer see.
  page.watch.expect(/404/);
  await byId(admin, "person-send").click();
  await byId(admin, "person-dialog").waitFor({ state: "detached" });
  await says(personRow(admin, tom.email), /Reviewer.*1 project/s);
  // What waited for others waits for Tom now, or is none of his business.
  await until("nothing waits for others", async () => (await rows(page).count()) === 0);

  await openInbox(page, world.app, 10);
  await openDialog(page, DELIVERY_DATE, "approve");
  await submit(page);
  await state(page, DELIVERY_DATE, "approved");

  page.watch.allow(REFUSED);
  await byId(personRow(admin, tom.email), "person-edit").click();
  await byId(admin, "person-active").uncheck();
  await byId(admin, "person-send").click();
  await says(personRow(admin, tom.email), /Off/);
  // An event may have told the page already; otherwise its next question does.
  await page.evaluate(() => window.dispatchEvent(new Event("online")));
  await byId(page, "sign-in").waitFor();
});

journey("what one administrator changed is not undone by another who still looks at what was before", async (world) => {
  const tom = await world.person("Tom Tester", ["reviewer"]);
  const page = await world.window({ as: ADAM });
  page.watch.expect(/409/);
  await page.goto(`${world.app}people`);
  await byId(personRow(page, tom.email), "person-edit").click();
  const adam = await world.as(ADAM);
  const off = { name: tom.name, roles: ["viewer"], all_projects: false, projects: [], groups: [], gitlab_user_id: null, active: false };
  await adam.send("PUT", `people/${tom.id}`, off);
  await byId(page, "person-name").fill("Thomas Tester");
  await byId(page, "person-send").click();
  await says(byId(page, "form-fault"), /changed this person meanwhile/);
  assert.equal((await adam.get(`people/${tom.id}`)).active, false);
  await byId(page, "modal-cancel").click();
  await says(personRow(page, tom.email), /Off/);
  await byId(personRow(page, tom.email), "person-edit").click();
  await byId(page, "person-name").fill("Thomas Tester");
  await byId(page, "person-send").click();
  await says(personRow(page, tom.email), /Thomas Tester.*Viewer.*Off/s);
});

journey("somebody who reaches no project is told so", async (world) => {
  const tom = await world.person("Tom Tester", ["reviewer"], { all_projects: false });
  const page = await world.window({ as: tom });
  await page.goto(world.app);
  await says(byId(page, "empty-reach"), /You reach no project yet/);
});

journey("a group gives its members its projects", async (world) => {
  const gina = await world.person("Gina Group", ["reviewer"], { all_projects: false });
  const admin = await world.window({ as: ADAM });
  await admin.goto(`${world.app}people`);
  await byId(admin, "group-new").click();
  await byId(admin, "group-name").fill("Storefront reviewers");
  await byId(admin, "group-dialog").getByLabel(STOREFRONT).check();
  await byId(admin, "group-dialog").getByLabel(/Gina Group/).check();
  await byId(admin, "group-send").click();
  await says(byId(admin, "group"), /Storefront reviewers\s*1 member\s*1 project/);

  const page = await world.window({ as: gina });
  await openInbox(page, world.app, 10);

  // What is taken away goes from the open page.
  page.watch.expect(/404/);
  await byId(admin, "group-edit").click();
  await byId(admin, "group-remove").click();
  await byId(admin, "question-send").click();
  await until("no group", async () => (await byId(admin, "group").count()) === 0);
  await byId(page, "empty-reach").waitFor();
});

journey("a token is shown once, works for programs, and stops when revoked", async (world) => {
  const page = await world.window();
  await page.goto(`${world.app}account`);
  await byId(page, "token-new").click();
  await byId(page, "token-name").fill("release robot");
  await byId(page, "token-send").click();
  await says(page.locator("#token-scopes-wrong"), /at least one/);
  await byId(page, "scope-checks:read").check();
  await byId(page, "scope-checks:decide").check();
  assert.equal(await byId(page, "scope-admin").count(), 0, "nobody gives what they do not have");
  await byId(page, "token-send").click();
  const secret = await byId(page, "token-secret").inputValue();
  assert.match(secret, /^aat_/);
  await byId(page, "token-done").click();
  await byId(page, "token-secret").waitFor({ state: "detached" });
  assert.doesNotMatch(await page.content(), new RegExp(secret));
  const token = byId(page, "token").filter({ hasText: "release robot" });
  await says(token, /checks:read, checks:decide.*never used/s);

  const ask = (path, options = {}) => {
    const headers = { authorization: `Bearer ${secret}`, "content-type": "application/json" };
    return fetch(`${world.app}api/v1/${path}`, { headers, ...options });
  };
  const { items } = await (await ask("checks?state=pending")).json();
  const { id, sha } = items.find((item) => item.merge_request.title === DELIVERY_DATE);
  const body = JSON.stringify({ verdict: "approve", expected_sha: sha });
  assert.equal((await ask(`checks/${id}/decisions`, { method: "POST", body })).status, 201);
  const look = await page.context().newPage();
  await look.goto(`${world.app}checks/${id}`);
  await says(byId(look, "decisions"), /Rita Reviewer.*with token “release robot”/s);

  await byId(token, "token-revoke").click();
  await byId(page, "question-send").click();
  await token.waitFor({ state: "detached" });
  assert.equal((await ask("checks")).status, 401);
});
