// The pages as a reviewer sees them: rows, the dialog, the check page.

import { until } from "./wait.js";

export const DELIVERY_DATE = "Show the delivery date in the basket";
export const COOKIE = "Keep scripts away from the session cookie";
export const STOREFRONT = "demo/storefront";
export const RULE = "Change approval";
// The samples: five merge requests with two checks each in one project, three with two in the other.
export const SAMPLES = 16;

export const byId = (place, id) => place.locator(`[data-testid="${id}"]`);
/** What a person reads there, once it is shown: Playwright alone reads also what is still unseen. */
export async function text(locator) {
  await locator.waitFor();
  return locator.innerText();
}

export const rows = (page) => byId(page, "check-row");

/** The row of one merge request and rule. */
export const row = (page, title, rule = RULE) => rows(page).filter({ hasText: title }).filter({ hasText: rule });

/** The listing of what others have to decide: all that waits, for somebody who may not decide. */
export const OTHERS = "?turn=others";

/** Opens the inbox and waits until its rows are there. */
export async function openInbox(page, app, count = SAMPLES, listing = "") {
  await page.goto(`${app}${listing}`);
  // A call that GitLab made a moment ago may still be behind the pill.
  await until(`${count} rows in the inbox`, async () => {
    const pill = byId(page, "new-pill");
    if (await pill.count()) await pill.click();
    return (await rows(page).count()) === count;
  });
  // Rows are there before the page is shown: it waits for the strips above it.
  await rows(page).first().waitFor();
}

export const dialog = (page) => byId(page, "decision-dialog");

/** Opens the dialog of a row with the mouse. */
export async function openDialog(page, title, verdict) {
  await byId(row(page, title), verdict).click();
  await dialog(page).waitFor();
}

/** Submits the dialog and waits until it is gone. */
export async function submit(page) {
  await byId(page, "decision-submit").click();
  await dialog(page).waitFor({ state: "detached" });
}

/** Selects rows by their boxes. */
export async function pick(page, ...titles) {
  for (const title of titles) await byId(row(page, title), "pick").check();
}

/** What the check page says about the delivery. */
export const truth = (page) => byId(byId(page, "check"), "delivery-truth");

/** Goes from a row to its check page by its title. */
export async function openCheck(page, title, rule = RULE) {
  await row(page, title, rule).locator("a").first().click();
  await byId(page, "check").waitFor();
}

/** Waits until an element's text matches. */
export async function says(locator, pattern, patience) {
  return until(`${pattern} in ${locator}`, async () => {
    // What a screen reader is told once more ends with a space that nobody sees.
    const text = (await locator.innerText()).replace(/\u00a0$/, "");
    if (!pattern.test(text)) throw new Error(text);
    return text;
  }, patience);
}

/** Waits for a row's state. */
export const state = (page, title, wanted, rule = RULE) =>
  until(`the row of “${title}” to be ${wanted}`, async () => {
    const is = await row(page, title, rule).getAttribute("data-state", { timeout: 1_000 });
    if (is !== wanted) throw new Error(`it is ${is}`);
    return true;
  });
