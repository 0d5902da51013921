// Signing in, being signed out, and who may decide: what nobody was let in for is neither shown nor lost.

import assert from "node:assert/strict";
import { COOKIE, DELIVERY_DATE, OTHERS, SAMPLES, byId, dialog, openCheck, openDialog, openInbox, pick, row, rows, says, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { ADAM, ARTHUR, RITA } from "./support/people.js";
import { eventually, until } from "./support/wait.js";

/** Chromium writes every refusal to the console. */
const REFUSED = /401/;

/** Where the keyboard is. */
const focused = (page) => page.evaluate(() => document.activeElement.id || document.activeElement.tagName);

/** Signs in with the keyboard alone, as a password manager's fields would be filled. */
async function signInByKeyboard(page, person) {
  await byId(page, "sign-in").waitFor();
  await eventually("the focus on the first field", async () => assert.equal(await focused(page), "sign-in-email"));
  await page.keyboard.type(person.email);
  await page.keyboard.press("Tab");
  assert.equal(await focused(page), "sign-in-password");
  await page.keyboard.type(person.password);
  await page.keyboard.press("Enter");
}

journey("a link from a mail leads through sign-in to its check, and all of it without a mouse", async (world) => {
  const page = await world.window({ as: null });
  page.watch.expect(REFUSED);
  const { items } = await world.api("checks?state=pending");
  const { id } = items.find((item) => item.merge_request.title === DELIVERY_DATE);
  await page.goto(`${world.app}checks/${id}`);
  await byId(page, "sign-in").waitFor();
  assert.match(page.url(), /sign-in\?return_to=/);
  assert.equal(await byId(page, "check").count(), 0, "nothing is shown to nobody");
  for (const [field, wanted] of [["sign-in-email", "username"], ["sign-in-password", "current-password"]]) {
    assert.equal(await byId(page, field).getAttribute("autocomplete"), wanted);
  }
  await signInByKeyboard(page, RITA);

  await byId(page, "check").waitFor();
  assert.equal(new URL(page.url()).pathname, new URL(`${world.app}checks/${id}`).pathname);
  await eventually("the focus on the heading", async () => assert.equal(await focused(page), "H1"));
  await page.keyboard.press("a");
  await dialog(page).waitFor();
  await page.keyboard.type("Fine by me.");
  await page.keyboard.press("Control+Enter");
  await dialog(page).waitFor({ state: "detached" });
  await says(byId(page, "decisions"), /Rita Reviewer.*approved.*in the browser/s);
  const { decisions } = await world.api(`checks/${id}`);
  assert.deepEqual(decisions.map((one) => [one.reviewer_verified, one.via]), [[true, "browser"]]);
});

journey("a wrong password is told apart from a lock, and neither tells who exists", async (world) => {
  const page = await world.window({ as: null });
  page.watch.expect(REFUSED);
  page.watch.expect(/429/);
  await page.goto(world.app);
  await byId(page, "sign-in-email").fill(RITA.email);
  const fault = byId(page, "sign-in-fault");
  const attempt = async (password) => {
    await byId(page, "sign-in-password").fill(password);
    await byId(page, "sign-in-send").click();
    await until("the answer", async () => byId(page, "sign-in-send").isEnabled());
  };
  await attempt("not the password");
  await says(fault, /^E-mail or password is wrong\.$/);
  await eventually("the focus on the password", async () => assert.equal(await focused(page), "sign-in-password"));
  await until("the lock", async () => {
    await attempt("not the password either");
    return /locked until \d/.test(await fault.innerText());
  });
  // The right password does not help now.
  await attempt(RITA.password);
  await says(fault, /Too many attempts failed\. Sign-in is locked until \d/);

  await byId(page, "sign-in-email").fill("nobody@example.com");
  await attempt("whatever it is");
  await says(fault, /^E-mail or password is wrong\.$/);
});

journey("the sandbox's people are one click away, and marked as such", async (world) => {
  const page = await world.window({ as: null });
  page.watch.expect(REFUSED);
  await page.goto(world.app);
  await says(byId(page, "samples"), /They exist only here/);
  await byId(page, "sample-person").filter({ hasText: "Rita" }).click();
  await rows(page).first().waitFor();
  await byId(page, "person").click();
  await says(byId(page, "person-menu"), /rita@sandbox\.example\s*Reviewer/);
});

journey("sign-in leads back into the application and nowhere else", async (world) => {
  const evil = encodeURIComponent(`//${new URL(world.sandbox.url).host}/`);
  const page = await world.window({ as: null });
  page.watch.expect(REFUSED);
  await page.goto(`${world.app}sign-in?return_to=${evil}`);
  await byId(page, "sample-person").filter({ hasText: "Rita" }).click();
  await rows(page).first().waitFor();
  assert.equal(page.url(), world.app);
});

/** Ends all sessions of a person, as an administrator does. */
async function endSessions(world, person) {
  const adam = await world.as(ADAM);
  const { items } = await adam.get("people");
  const { id } = items.find((one) => one.email === person.email);
  await adam.send("DELETE", `people/${id}/sessions`);
}

journey("a session that ends while the dialog is open takes no comment with it", async (world) => {
  const page = await world.window();
  page.watch.expect(REFUSED);
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  await byId(page, "decision-comment").fill("The cookie lives too long.");

  await endSessions(world, RITA);
  // Whether the page has heard of it already or learns it now: the words stay.
  const submitted = byId(page, "decision-submit");
  if (await submitted.isEnabled()) await submitted.click();
  await says(byId(page, "decision-off"), /Your session has ended\..*comment is kept/s);
  assert.equal(await byId(page, "decision-comment").inputValue(), "The cookie lives too long.");
  assert.ok(await submitted.isDisabled());

  await byId(page, "sign-in-again").click();
  await signInByKeyboard(page, RITA);
  await dialog(page).waitFor();
  assert.equal(await byId(page, "decision-comment").inputValue(), "The cookie lives too long.");
  await submit(page);
  await says(row(page, COOKIE), /Rejected/);
});

journey("the dialog for many opens again after sign-in, with its checks and its comment", async (world) => {
  const page = await world.window();
  page.watch.expect(REFUSED);
  await openInbox(page, world.app);
  await pick(page, DELIVERY_DATE, COOKIE);
  await byId(page, "bulk-approve").click();
  await byId(page, "decision-comment").fill("All of them.");
  await endSessions(world, RITA);
  const submitted = byId(page, "decision-submit");
  if (await submitted.isEnabled()) await submitted.click();
  await byId(page, "sign-in-again").click();
  await signInByKeyboard(page, RITA);
  await byId(page, "bulk-dialog").waitFor();
  assert.equal(await byId(page, "bulk-item").count(), 2);
  assert.equal(await byId(page, "decision-comment").inputValue(), "All of them.");
  await byId(page, "decision-submit").click();
  await says(byId(page, "bulk-done"), /2 checks approved/);
});

journey("who only looks sees every button, off, and why", async (world) => {
  const page = await world.window({ as: await world.person("Vera Viewer", ["viewer"]) });
  await openInbox(page, world.app, SAMPLES, OTHERS);
  await says(byId(page, "only-looking"), /takes the role Reviewer/);
  const approve = byId(row(page, DELIVERY_DATE), "approve");
  assert.ok(await approve.isDisabled());
  assert.match(await approve.getAttribute("title"), /takes the role Reviewer/);
  await page.keyboard.press("j");
  await page.keyboard.press("a");
  assert.equal(await dialog(page).count(), 0);
  await openCheck(page, DELIVERY_DATE);
  assert.ok(await byId(byId(page, "check"), "reject").isDisabled());
  await says(byId(page, "decision-off"), /takes the role Reviewer/);

  // Pages that are not for them are not offered, and say so when opened all the same.
  const offered = await page.getByRole("navigation", { name: "Main" }).getByRole("link").allInnerTexts();
  assert.deepEqual(offered, ["Checks", "System"]);
  for (const path of ["people", "audit"]) {
    await page.goto(`${world.app}${path}`);
    await says(byId(page, "barred"), /This page is not for you/);
  }
  await byId(page, "barred").getByRole("link").click();
  // Nothing needs somebody who may not decide; what waits is one click away.
  await byId(page, "empty-done").getByRole("link", { name: `Waiting on others (${SAMPLES})` }).click();
  await rows(page).first().waitFor();
});

journey("the author of a change sees why the decision is not theirs", async (world) => {
  const page = await world.window({ as: ARTHUR });
  await openInbox(page, world.app, SAMPLES, "?state=pending");
  const arthur = await world.as(ARTHUR);
  const { items } = await arthur.get("checks?state=pending");
  const details = await Promise.all(items.map((item) => arthur.get(`checks/${item.id}`)));
  const own = details.find((check) => check.barred);
  assert.ok(own, "Arthur wrote one of the samples");
  // A row does not know yet; the dialog does.
  await byId(page.locator(`[data-check-id="${own.id}"]`), "approve").click();
  await until("the reason in the dialog", async () => (await byId(page, "decision-off").innerText()).includes(own.barred));
  assert.ok(await byId(page, "decision-submit").isDisabled());
  await page.keyboard.press("Escape");
  await page.goto(`${world.app}checks/${own.id}`);
  await until("the reason on the page", async () => (await byId(page, "decision-off").innerText()).includes(own.barred));
  assert.ok(await byId(byId(page, "check"), "approve").isDisabled());
});

journey("signing out ends the session, closes the live stream and leaves nothing to see", async (world) => {
  const page = await world.window();
  page.watch.expect(REFUSED);
  await openInbox(page, world.app);
  await page.getByRole("link", { name: "System" }).click();
  await byId(page, "system-version").waitFor();
  await page.evaluate(() => (window.notLeft = true));
  await byId(page, "person").click();
  await byId(page, "sign-out").click();
  await byId(page, "sign-in").waitFor();
  assert.ok(!(await page.evaluate(() => window.notLeft)), "the document that knew the rows is gone");
  const streams = page.watch.requests.filter((url) => url.endsWith("/events")).length;
  await world.sandbox.act(COOKIE, "title", { value: "Nobody may see this" });
  await until("the new title", async () =>
    (await world.api("checks?state=pending")).items.some((item) => item.merge_request.title === "Nobody may see this"));
  assert.equal(page.watch.requests.filter((url) => url.endsWith("/events")).length, streams, "nobody listens any more");
  assert.doesNotMatch(await page.content(), /Nobody may see this/);
  await page.goBack();
  await byId(page, "sign-in").waitFor();
});

journey("a session is revoked where it is listed, and the other window is sent to sign-in", async (world) => {
  const [here, there] = [await world.window(), await world.window()];
  there.watch.expect(REFUSED);
  await openInbox(there, world.app);
  await here.goto(`${world.app}account`);
  const sessions = byId(here, "session");
  await until("both sessions", async () => (await sessions.count()) >= 2);
  for (;;) {
    const other = byId(sessions.filter({ hasNotText: "this one" }), "session-end");
    const left = await other.count();
    if (left === 0) break;
    await other.first().click();
    await until("one session less", async () => (await other.count()) < left);
  }
  await byId(there, "tab-all").click();
  await byId(there, "sign-in").waitFor();
  await openInbox(here, world.app);
});

journey("a changed password ends the other sessions and lets in with the new one", async (world) => {
  const person = await world.person("Paula Password", ["reviewer"]);
  const page = await world.window({ as: person });
  const other = await world.window({ as: person });
  other.watch.expect(REFUSED);
  await openInbox(other, world.app);
  await page.goto(`${world.app}account`);
  await byId(page, "password-current").fill(person.password);
  await byId(page, "password-new").fill("short");
  await byId(page, "password-send").click();
  await says(page.locator("#password-new-wrong"), /At least 12 characters/);
  await byId(page, "password-new").fill("another long password");
  await byId(page, "password-send").click();
  await byId(page, "password-changed").waitFor();
  await byId(other, "tab-all").click();
  await byId(other, "sign-in").waitFor();
  await byId(other, "sign-in-email").fill(person.email);
  await byId(other, "sign-in-password").fill("another long password");
  await byId(other, "sign-in-send").click();
  await rows(other).first().waitFor();
});
