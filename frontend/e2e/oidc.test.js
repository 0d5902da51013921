// Signing in through an OpenID Connect provider: who gets in, as whom and with which roles, and who does not.

import assert from "node:assert/strict";
import { Company, answer, newcomer } from "./support/company.js";
import { byId, dialog, rows, says, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { Client } from "./support/people.js";
import { FAULTS } from "./support/tokens.js";
import { until } from "./support/wait.js";

journey("a newcomer comes through the provider to the check they were sent to, and the record names both", async (world) => {
  const nora = newcomer();
  const company = await Company.start(world, [[nora]]);
  const [corp] = company.providers;
  const { items: [{ id }] } = await company.app.client.get("checks?state=pending");
  const page = await company.visitor();
  await page.goto(`${company.url}checks/${id}`);
  await company.signIn(page, corp, nora);

  await byId(page, "check").waitFor();
  assert.equal(page.url(), `${company.url}checks/${id}`);
  await byId(byId(page, "check"), "approve").click();
  await dialog(page).waitFor();
  await submit(page);
  await says(byId(page, "decisions"), /Nora Newcomer.*approved.*in the browser/s);
  const { decisions } = await company.app.client.get(`checks/${id}`);
  assert.deepEqual(decisions.map((one) => [one.reviewer, one.reviewer_verified]), [[nora.name, true]]);

  const { items } = await company.app.client.get(`audit?actor=${encodeURIComponent(nora.name)}`);
  assert.ok(items.some((entry) => entry.kind === "check.decided"));
  const entered = items.filter((entry) => entry.kind === "session.started");
  assert.match(JSON.stringify(entered), /Example Corp|corp/, "the record tells through whom they came");
});

journey("roles are those of the groups at every sign-in, and without one nobody gets in", async (world) => {
  const nora = newcomer();
  const company = await Company.start(world, [[nora]]);
  const [corp] = company.providers;
  const page = await company.visitor();
  await page.goto(company.url);
  await company.signIn(page, corp, nora);
  await rows(page).first().waitFor();
  const { account_id: id, roles, provider } = await company.ask(page, "session");
  assert.deepEqual([roles, provider], [["reviewer"], "corp"]);

  const again = async (groups) => {
    nora.groups = groups;
    await company.forget(page);
    await page.goto(company.begin(corp));
  };
  await again(["admins", "of no importance"]);
  await rows(page).first().waitFor();
  const now = await company.ask(page, "session");
  assert.equal(now.account_id, id, "the same person");
  assert.deepEqual([...now.roles].sort(), ["administrator", "reviewer"]);

  const cookie = await company.cookie(page);
  await again(["of no importance"]);
  await company.refused(page, "not_permitted");
  assert.deepEqual((await company.app.client.get(`people/${id}`)).roles, [], "nor is anything left of what was begun before");
  assert.equal((await fetch(`${company.url}api/v1/session`, { headers: { cookie } })).status, 401);
  const { items: [entry] } = await company.app.client.get("audit?kind=account.changed");
  assert.match(entry.summary, /no group gives a role any more/);

  // Who was switched off here stays out, whatever the provider says.
  const person = await company.app.client.get(`people/${id}`);
  const { name, all_projects, projects = [], gitlab_user_id } = person;
  const change = { name, roles: ["reviewer"], all_projects, projects, groups: [], gitlab_user_id, active: false };
  await company.app.client.send("PUT", `people/${id}`, change);
  await again(["approvers"]);
  await company.refused(page, "switched_off");
});

journey("the author by the provider's word does not decide on their own merge request", async (world) => {
  const nora = newcomer();
  const company = await Company.start(world, [[nora]]);
  const { iid } = await world.sandbox.open("demo/warehouse", "Stack boxes", { author: "nora" });
  const project = await world.sandbox.projectId("demo/warehouse");
  nora.gitlab_user_id = (await world.sandbox.get(`projects/${project}/merge_requests/${iid}`)).author.id;
  const { client } = company.app;
  const checks = await until("both checks", async () => {
    const { items } = await client.get("checks?state=pending");
    return items.length === 2 && items;
  });
  const [own, other] = ["Stack boxes", "Count boxes"].map((title) => checks.find((one) => one.merge_request.title === title));

  const page = await company.visitor();
  await page.goto(`${company.url}checks/${own.id}`);
  await company.signIn(page, company.providers[0], nora);
  await says(byId(page, "decision-off"), /\w/);
  assert.ok(await byId(byId(page, "check"), "approve").isDisabled());
  page.watch.expect(/403/);
  const forced = await company.ask(page, `checks/${own.id}/decisions`, { verdict: "approve", expected_sha: own.sha });
  assert.equal(forced, 403, "nor without the buttons");
  assert.deepEqual((await client.get(`checks/${own.id}`)).decisions, []);

  await page.goto(`${company.url}checks/${other.id}`);
  await byId(byId(page, "check"), "approve").waitFor();
  assert.ok(await byId(byId(page, "check"), "approve").isEnabled());
});

journey("the same subject of two issuers is two people, and an address does not make them one", async (world) => {
  const [nora, olga] = [newcomer(), newcomer({ name: "Olga Other", email: "olga@example.com" })];
  const thief = newcomer({ sub: "1002", name: "Theo Thief", email: nora.email });
  const company = await Company.start(world, [[nora], [olga, thief]]);
  const [corp, partner] = company.providers;
  const enter = async (provider, person) => {
    const page = await company.visitor();
    await page.goto(company.url);
    await company.signIn(page, provider, person);
    return page;
  };
  const sessions = [];
  for (const [provider, person] of [[corp, nora], [partner, olga], [corp, nora]]) {
    const page = await enter(provider, person);
    await rows(page).first().waitFor();
    sessions.push(await company.ask(page, "session"));
  }
  assert.deepEqual(sessions.map(({ name }) => name), [nora.name, olga.name, nora.name]);
  const [first, second, third] = sessions.map((session) => session.account_id);
  assert.notEqual(first, second);
  assert.equal(first, third, "who came once is known the next time");

  await company.refused(await enter(partner, thief), "email_taken");
});

journey("with an address goes an account that was made here, and none that somebody else came with", async (world) => {
  const nora = newcomer();
  const mallory = newcomer({ sub: "1666", name: "Mallory\u202e Mean", email_verified: false, groups: ["approvers"] });
  const olga = newcomer({ sub: "1003", name: "Olga Invited", email: "olga@example.com", groups: ["admins"] });
  const company = await Company.start(world, [[nora, mallory, olga]], { linkByEmail: true });
  const [corp] = company.providers;
  const enter = async (person) => {
    const page = await company.visitor();
    await page.goto(company.url);
    await company.signIn(page, corp, person);
    return page;
  };
  const first = await enter(mallory);
  await rows(first).first().waitFor();
  const { name, account_id: taken } = await company.ask(first, "session");
  assert.equal(name, "Mallory Mean");
  await company.refused(await enter(nora), "email_taken");
  assert.deepEqual((await company.ask(first, "session")).roles, ["reviewer"]);
  assert.equal((await company.app.client.get(`people/${taken}`)).name, name);

  const { client } = company.app;
  const invitation = { name: "O. Invited", email: "Olga@example.com", roles: ["viewer"], all_projects: true };
  const { person, link } = await client.post("people", invitation);
  // Whoever got hold of the invitation and used it is shut out when the one who was meant comes.
  const stranger = new Client(company.url, "");
  const password = "a password of somebody else";
  await stranger.post("links/accept", { token: new URL(link.url).hash.slice(1), password });
  const page = await enter(olga);
  await rows(page).first().waitFor();
  assert.equal((await company.ask(page, "session")).account_id, person.id);
  await assert.rejects(stranger.post("session", { email: olga.email, password }), /401/);
  const { items } = await client.get("audit?q=%22came through%22+Invited");
  assert.deepEqual(items.map(({ summary }) => summary), ["The account of O. Invited is Olga Invited's who came through Example Corp"]);
});

journey("a token that is wrong in one point lets nobody in", async (world) => {
  const nora = newcomer();
  const company = await Company.start(world, [[nora]]);
  const [corp] = company.providers;
  const page = await company.visitor();
  await page.goto(company.url);
  // The same with nothing wrong, so that what follows has only that reason.
  await company.signIn(page, corp, nora);
  await rows(page).first().waitFor();
  for (const fault of FAULTS) {
    corp.fault = fault;
    await company.forget(page);
    await page.goto(company.begin(corp));
    await company.refused(page, "provider_token").catch((error) => {
      throw new Error(`a token ${fault}: ${error.message}`, { cause: error });
    });
  }
  corp.fault = null;
  await page.goto(company.begin(corp));
  await rows(page).first().waitFor();
});

journey("an answer of the provider is good once, and only in the window that asked for it", async (world) => {
  const [nora, mallory] = [newcomer(), newcomer({ sub: "1666", name: "Mallory Mean", email: "mallory@example.com" })];
  const company = await Company.start(world, [[nora, mallory]]);
  const [corp] = company.providers;
  const attacker = await company.visitor();
  await attacker.goto(company.url);
  const bait = await company.wayBack(attacker, corp, mallory);
  assert.match(bait, /callback\?code=/);

  // Nora follows a link that would sign her in as Mallory: without having asked, and having asked herself.
  const page = await company.visitor();
  await page.goto(bait);
  await company.refused(page, "sign_in_expired");
  await byId(page, "provider").click();
  await page.getByRole("button", { name: nora.name }).waitFor();
  const pending = await page.context().cookies(company.url);
  assert.ok(pending.length > 0 && pending.every((cookie) => cookie.httpOnly), "no script reads what proves who asked");
  await page.goto(bait);
  await company.refused(page, "sign_in_expired");

  await company.signIn(page, corp, nora);
  await rows(page).first().waitFor();
  const used = page.watch.requests.filter((url) => url.includes("/callback?")).at(-1);
  const thief = await company.visitor();
  await thief.goto(used);
  await company.refused(thief, "sign_in_expired");
  // Not even where it was good.
  await new Client(company.url, await company.cookie(page)).send("DELETE", "session");
  assert.equal(await company.ask(page, "session"), 401);
  await page.goto(used);
  await company.refused(page, "sign_in_expired");
});

journey("whoever turns back at the provider is told so", async (world) => {
  const company = await Company.start(world, [[newcomer()]]);
  const page = await company.visitor();
  await page.goto(company.url);
  await company.signIn(page, company.providers[0], { name: "Cancel" });
  await company.refused(page, "provider_refused");
});

journey("sign-in through a provider leads back into the application and nowhere else", async (world) => {
  const nora = newcomer();
  const company = await Company.start(world, [[nora]]);
  const [corp] = company.providers;
  const { host, origin } = new URL(world.sandbox.url);
  const page = await company.visitor();
  await page.goto(`${company.url}sign-in?return_to=${encodeURIComponent(`//${host}/`)}`);
  await company.signIn(page, corp, nora);
  await rows(page).first().waitFor();
  assert.equal(page.url(), company.url);
  for (const evil of [origin, `//${host}/`, `/\\${host}/`, `\\\\${host}/`, `/\t/${host}/`, `@${host}/`, "javascript:alert(1)"]) {
    await page.goto(company.begin(corp, evil));
    await rows(page).first().waitFor();
    assert.equal(page.url(), company.url, `after return_to=${evil}`);
  }
});

journey("while the provider is away the app starts, says so, and the password still opens", async (world) => {
  const nora = newcomer();
  const company = await Company.start(world, [[nora]], { away: true });
  const [corp] = company.providers;
  const page = await company.visitor();
  await page.goto(company.url);
  await byId(page, "provider").click();
  await company.refused(page, "provider_unavailable");
  const { email, password } = company.app.person;
  await byId(page, "sign-in-email").fill(email);
  await byId(page, "sign-in-password").fill(password);
  await byId(page, "sign-in-send").click();
  await rows(page).first().waitFor();

  // Nobody has to restart anything once it is back.
  await corp.listen();
  const other = await company.visitor();
  await other.goto(company.url);
  await company.signIn(other, corp, nora);
  await rows(other).first().waitFor();
});

journey("signing out ends the session here and at the provider", async (world) => {
  const nora = newcomer();
  const company = await Company.start(world, [[nora]]);
  const [corp] = company.providers;
  const page = await company.visitor();
  await page.goto(company.url);
  await company.signIn(page, corp, nora);
  await rows(page).first().waitFor();
  const cookie = await company.cookie(page);
  await byId(page, "person").click();
  await byId(page, "sign-out").click();
  await page.getByRole("button", { name: `Leave ${corp.name}` }).click();

  await byId(page, "sign-in").waitFor();
  assert.equal(page.url(), `${company.url}sign-in`);
  assert.equal(await byId(page, "sign-in-fault").count(), 0);
  assert.equal((await fetch(`${company.url}api/v1/session`, { headers: { cookie } })).status, 401, "a copy is worth nothing");
  // The provider asks again who sits there.
  await byId(page, "provider").click();
  await answer(page, nora);
  await rows(page).first().waitFor();
});
