// Deciding: what a reviewer says arrives in GitLab, and nothing else does.

import assert from "node:assert/strict";
import { COOKIE, DELIVERY_DATE, RULE, STOREFRONT, byId, dialog, openCheck, openDialog, openInbox, row, rows, says, state,
  submit, truth } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { RITA } from "./support/people.js";
import { until } from "./support/wait.js";

/** The status in the sandbox's own merge request widget, in a window of the same browser. */
async function widget(page, world, title) {
  const mr = await world.sandbox.mergeRequest(title);
  const { rule } = mr.checks.find((check) => check.name === RULE);
  const gitlab = await page.context().newPage();
  await gitlab.goto(`${world.sandbox.url}/${STOREFRONT}/-/merge_requests/${mr.iid}`);
  return byId(gitlab, `check-${mr.project}-${mr.iid}-${rule}-status`);
}

journey("a newcomer approves, and GitLab's widget turns passed", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  for (const status of await rows(page).evaluateAll((all) => all.map((one) => one.dataset.state))) {
    assert.equal(status, "pending");
  }
  const { sha } = await world.sandbox.mergeRequest(DELIVERY_DATE);
  const shown = await widget(page, world, DELIVERY_DATE);
  await says(shown, /^pending$/);

  await openDialog(page, DELIVERY_DATE, "approve");
  await says(dialog(page), new RegExp(`“${RULE}” becomes passed in GitLab for ${sha.slice(0, 8)}`));
  await says(dialog(page), /demo\/storefront!1/);
  assert.equal(await byId(page, "decision-comment").inputValue(), "", "nothing is filled in");
  assert.match(await byId(page, "decision-submit").innerText(), /^Approve /, "the button carries the verb");
  await submit(page);

  await state(page, DELIVERY_DATE, "approved");
  await says(shown, /^passed$/);
  assert.equal(await world.sandbox.shows(DELIVERY_DATE, "Security review"), "pending", "the other check still waits");

  await openCheck(page, DELIVERY_DATE);
  await says(truth(page), /GitLab was told passed at \d/);
  await says(truth(page), /GitLab shows passed/);
  await says(byId(page, "decisions"), /Rita Reviewer.*approved.*in the browser/s);
});

journey("a rejection needs a comment, and the comment is kept", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  await byId(page, "decision-submit").click();
  await says(byId(page, "decision-error"), /comment is required/);
  const comment = byId(page, "decision-comment");
  assert.equal(await comment.getAttribute("aria-invalid"), "true");
  assert.ok(await comment.evaluate((field) => field === document.activeElement), "the field to mend has the focus");
  await comment.fill("   ");
  await byId(page, "decision-submit").click();
  await says(byId(page, "decision-error"), /comment is required/);
  assert.equal((await world.api("checks?state=rejected")).items.length, 0, "nothing was sent");

  await comment.fill("The cookie needs <b>a shorter life</b>.");
  await submit(page);
  await state(page, COOKIE, "rejected");
  await until("failed in GitLab", async () => (await world.sandbox.shows(COOKIE, RULE)) === "failed");

  await openCheck(page, COOKIE);
  await says(byId(page, "decisions"), /The cookie needs <b>a shorter life<\/b>\./);
  await says(byId(page, "timeline"), /Decided.*rejected/s);
  await says(truth(page), /GitLab was told failed/);
});

journey("a push while the dialog is open is explained, and the comment survives", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, DELIVERY_DATE, "reject");
  await byId(page, "decision-comment").fill("Not on holidays.");

  const before = await world.sandbox.mergeRequest(DELIVERY_DATE);
  const { sha } = await world.sandbox.act(DELIVERY_DATE, "push", { message: "Know the holidays" });
  await until("the check of the newer commit", async () =>
    (await world.api("checks?state=pending&limit=200")).items.some((item) => item.sha === sha && item.rule.name === RULE));

  // It is said before anything is sent.
  const conflict = byId(page, "conflict");
  await says(conflict, new RegExp(`new commits: it is at ${sha.slice(0, 8)} now, you looked at ${before.sha.slice(0, 8)}`));
  assert.equal(await byId(page, "decision-comment").inputValue(), "Not on holidays.");
  assert.ok(!(await page.locator("#decision-effect").isVisible()), "nothing becomes passed or failed any more");
  assert.ok(await byId(page, "decision-submit").isDisabled(), "the old commit can no longer be decided");
  assert.equal(await world.sandbox.shows(DELIVERY_DATE, RULE), "pending", "GitLab was told nothing");

  await says(byId(page, "conflict-open"), /^Open the newer check$/);
  await byId(page, "conflict-open").click();
  await says(byId(page, "check"), new RegExp(sha.slice(0, 8)));
  assert.equal(await byId(page, "stale-banner").count(), 0, "it is the newer check");
  await byId(byId(page, "check"), "reject").click();
  assert.equal(await byId(page, "decision-comment").inputValue(), "Not on holidays.", "it came along");
  await submit(page);
  await until("failed in GitLab", async () => (await world.sandbox.shows(DELIVERY_DATE, RULE)) === "failed");
});

journey("a new target branch while the dialog is open is told, and no decision counts for it unseen", async (world) => {
  const page = await world.window();
  page.watch.expect(/409/);
  await openInbox(page, world.app);
  await openDialog(page, DELIVERY_DATE, "approve");
  await says(byId(page, "decision-dialog"), /main/);
  // The answer comes before the event does.
  await page.route("**/decisions", async (route) => {
    await world.sandbox.act(DELIVERY_DATE, "target_branch", { value: "release/2.4" });
    await until("the new target branch", async () =>
      (await world.api("checks?state=pending&limit=200")).items.some((item) =>
        item.merge_request.title === DELIVERY_DATE && item.rule.name === RULE && item.target_branch === "release/2.4"));
    await route.continue();
  }, { times: 1 });
  await byId(page, "decision-submit").click();
  await says(byId(page, "conflict"), /into release\/2\.4 (by )?now/);
  assert.equal(await world.sandbox.shows(DELIVERY_DATE, RULE), "pending", "GitLab was told nothing");
  await byId(page, "conflict-open").click();
  await byId(byId(page, "check"), "approve").click();
  await says(byId(page, "decision-dialog"), /release\/2\.4/);
  await submit(page);
  await until("passed in GitLab", async () => (await world.sandbox.shows(DELIVERY_DATE, RULE)) === "passed");
});

journey("the browser's Back closes the dialog with its page, and what was typed is kept", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openCheck(page, COOKIE);
  await byId(byId(page, "check"), "reject").click();
  await byId(page, "decision-comment").fill("Half a thought");
  await page.goBack();
  await row(page, COOKIE).waitFor();
  assert.equal(await byId(page, "decision-dialog").count(), 0);
  await openDialog(page, COOKIE, "reject");
  assert.equal(await byId(page, "decision-comment").inputValue(), "Half a thought");
});

journey("of two people who decide at once, the second is told about the first", async (world) => {
  const [first, second] = [await world.window(), await world.window({ as: await world.person("Second Reviewer", ["reviewer"]) })];
  await openInbox(first, world.app);
  await openInbox(second, world.app);
  await openDialog(first, COOKIE, "approve");
  await openDialog(second, COOKIE, "reject");
  await byId(second, "decision-comment").fill("I disagree.");
  await submit(first);
  await until("passed in GitLab", async () => (await world.sandbox.shows(COOKIE, RULE)) === "passed");

  await says(byId(second, "conflict"), /Rita Reviewer \(sandbox\) approved this check first/);
  assert.ok(await byId(second, "decision-submit").isDisabled(), "there is nothing to send");
  assert.equal(await byId(second, "decision-comment").inputValue(), "I disagree.");
  await state(second, COOKIE, "approved");

  await byId(second, "conflict-open").click();
  await says(byId(second, "decisions"), /Rita/);
  assert.doesNotMatch(await byId(second, "decisions").innerText(), /Second/);
  const { answers } = await world.sandbox.mergeRequest(COOKIE);
  const told = answers.filter((answer) => answer.rule === RULE && answer.source !== "creation");
  assert.deepEqual(told.map((answer) => answer.status), ["passed"], "GitLab has the first answer only");
});

journey("what was typed goes along to the check of a newer commit", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openCheck(page, DELIVERY_DATE);
  await byId(byId(page, "check"), "reject").click();
  await byId(page, "decision-comment").fill("Not on holidays.");
  await page.keyboard.press("Escape");
  const { sha } = await world.sandbox.act(DELIVERY_DATE, "push");
  await byId(page, "successor").waitFor();
  // The card says it too, in the place of the next check.
  await byId(page, "newer-check").click();
  await says(byId(page, "check"), new RegExp(sha.slice(0, 8)));
  await byId(byId(page, "check"), "reject").click();
  assert.equal(await byId(page, "decision-comment").inputValue(), "Not on holidays.");
});

journey("after the merge an approval is still shown as one", async (world) => {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, DELIVERY_DATE, "approve");
  await submit(page);
  await until("passed in GitLab", async () => (await world.sandbox.shows(DELIVERY_DATE, RULE)) === "passed");
  await openCheck(page, DELIVERY_DATE);
  await world.sandbox.act(DELIVERY_DATE, "merge", { forced: true });
  await says(byId(page, "notice"), /^Approved, and merged in GitLab\.$/);
  assert.doesNotMatch(await byId(page, "notice").getAttribute("class"), /waiting/, "it is no warning");
  await says(byId(page, "policy"), /approved/);
  assert.doesNotMatch(await byId(page, "policy").innerText(), /no longer asked for/);
  await says(byId(page, "decision-bar"), /Nothing is left to decide/);
  await says(page.locator(".card-head").first(), /Decision\s+Approved/);

  await page.goto(`${world.app}?state=decided`);
  await until("one row", async () => (await rows(page).count()) === 1);
  await says(rows(page).first(), /Approved.*by Rita.*merged/s);
  assert.equal(await byId(page, "tab-decided").getAttribute("aria-current"), "page");
  await byId(page, "tab-all").click();
  const withdrawn = rows(page).filter({ hasText: DELIVERY_DATE }).filter({ hasText: "Security review" });
  await says(withdrawn, /Withdrawn.*merged/s);
  await byId(page, "sort").selectOption("oldest");
  await says(row(page, DELIVERY_DATE), /Approved.*merged/s);
});

journey("what counts is in reach in low, narrow and wide windows", async (world) => {
  const page = await world.window({ viewport: { width: 740, height: 360 } });
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  for (const id of ["decision-cancel", "decision-submit"]) {
    const box = await byId(page, id).boundingBox();
    assert.ok(box.y + box.height <= 360, `${id} is in the window`);
  }
  await byId(page, "decision-comment").fill("Too long a story. ".repeat(100));
  await submit(page);
  await state(page, COOKIE, "rejected");

  // On a phone the state stands under the title; on wide windows the card says it, and the header stays where it is.
  await page.setViewportSize({ width: 360, height: 740 });
  await openCheck(page, COOKIE);
  await says(byId(page, "standing"), /^Rejected.*by Rita/s);
  assert.ok((await byId(page, "standing").boundingBox()).y < 370, "near the top");
  await page.setViewportSize({ width: 1920, height: 900 });
  assert.ok(!(await byId(page, "standing").isVisible()));
  const comment = await byId(page, "decisions").locator(".comment").boundingBox();
  assert.ok(comment.height < 240, "a long comment leaves room for what can be done");
  const left = async () => Math.round((await page.locator(".brand").boundingBox()).x);
  const brand = await left();
  for (const path of ["", "system", "account"]) {
    await page.goto(`${world.app}${path}`);
    await page.locator("main h1").waitFor();
    assert.equal(await left(), brand, path);
  }
});

journey("who came by a link goes on to what else is asked of the same commit", async (world) => {
  const page = await world.window();
  const { items } = await world.api("checks?state=pending");
  const ours = items.filter((item) => item.merge_request.title === DELIVERY_DATE);
  const [mine, other] = [ours.find((item) => item.rule.name === RULE), ours.find((item) => item.rule.name !== RULE)];
  await page.goto(`${world.app}checks/${mine.id}`);
  const card = byId(page, "others");
  await says(card, new RegExp(`${other.rule.name}.*Pending`, "s"));
  assert.equal(await byId(page, "next-check").count(), 0, "first things first");
  await byId(page, "approve").first().click();
  await submit(page);
  await byId(page, "next-check").click();
  await says(byId(page, "others"), new RegExp(`${RULE}.*Approved`, "s"));

  // What somebody else decides arrives in the card.
  await byId(page, "others").getByRole("link").click();
  await says(card, /Pending/);
  const rita = await world.as(RITA);
  await rita.post(`checks/${other.id}/decisions`, { verdict: "reject", expected_sha: other.sha, comment: "Not yet." });
  await says(card, /Rejected/);
});
