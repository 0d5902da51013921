// The record: what an auditor finds, narrows down, takes along and verifies.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { COOKIE, OTHERS, byId, openDialog, openInbox, says, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { AUDREY } from "./support/people.js";
import { eventually, until } from "./support/wait.js";

const entries = (page) => byId(page, "record-row");
const asked = (page) => Object.fromEntries(new URL(page.url()).searchParams);

async function rejectOne(world) {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  await byId(page, "decision-comment").fill("=HYPERLINK(\"http://evil.example\")");
  await submit(page);
}

/** Downloads what a link gives. */
async function download(page, link) {
  const [file] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return { name: file.suggestedFilename(), text: await readFile(await file.path(), "utf8") };
}

journey("an auditor finds a decision by kind, person and words, and the address keeps it", async (world) => {
  await rejectOne(world);
  const page = await world.window({ as: AUDREY });
  await openInbox(page, world.app, 15, OTHERS);
  await page.keyboard.press("g");
  await page.keyboard.press("h");
  await entries(page).first().waitFor();

  await byId(page, "record-kind").selectOption({ label: "Decided" });
  await until("one entry", async () => (await entries(page).count()) === 1);
  await says(entries(page), /Decided.*by Rita Reviewer.*in the browser/s);
  await byId(page, "record-actor").fill("Rita Reviewer (sandbox)");
  await eventually("the address", async () =>
    assert.deepEqual(asked(page), { kind: "check.decided", actor: "Rita Reviewer (sandbox)" }));
  await page.reload();
  await until("one entry", async () => (await entries(page).count()) === 1);
  assert.equal(await byId(page, "record-actor").inputValue(), "Rita Reviewer (sandbox)");

  await entries(page).locator("a").click();
  await says(byId(page, "decisions"), /Rita Reviewer/);
  await page.goBack();
  await until("the same entry", async () => (await entries(page).count()) === 1);

  await byId(page, "reset").click();
  await until("all entries", async () => (await entries(page).count()) > 10);
  await byId(page, "record-q").fill("nobody wrote this");
  await byId(page, "empty-match").waitFor();
  await byId(page, "empty-match").getByRole("link").click();
  await until("all entries", async () => (await entries(page).count()) > 10);
  await byId(page, "record-to").fill("2020-01-01");
  await byId(page, "empty-match").waitFor();
});

journey("the record is taken along as a file, and its chain is verified", async (world) => {
  await rejectOne(world);
  const page = await world.window({ as: AUDREY });
  await page.goto(`${world.app}audit?kind=check.decided`);
  await entries(page).first().waitFor();
  const csv = await download(page, byId(page, "export-csv"));
  assert.match(csv.name, /\.csv$/);
  assert.match(csv.text, /check\.decided/);
  assert.doesNotMatch(csv.text, /(^|,)"?=HYPERLINK/m, "no cell is a formula");
  assert.doesNotMatch(csv.text, /check\.created/, "the file holds what the page lists");
  const lines = await download(page, byId(page, "export-jsonl"));
  assert.match(lines.name, /\.jsonl$/);
  assert.ok(lines.text.trim().split("\n").map((line) => JSON.parse(line)).some((one) => one.kind === "check.decided"));

  await byId(page, "verify").click();
  await says(byId(page, "chain-intact"), /Intact: each of the \d+ entries/);
  assert.match(await byId(page, "chain-head").innerText(), /^[0-9a-f]{64}$/);
});
