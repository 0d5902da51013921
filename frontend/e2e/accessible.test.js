// axe-core finds nothing on any page, light or dark, wide or narrow; nothing has to be scrolled sideways.

import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { SINCE, tellChange } from "./support/change.js";
import { COOKIE, DELIVERY_DATE, byId, dialog, openCheck, openDialog, openInbox, pick, state, submit } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { ADAM } from "./support/people.js";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Each page, and how to get there from the inbox. */
const PAGES = {
  inbox: async () => {},
  "inbox without a match": async (page, world) => {
    await page.goto(`${world.app}?q=nobody+wrote+this`);
    await byId(page, "empty-match").waitFor();
    await page.locator("[aria-busy=false]").waitFor();
  },
  "all checks": async (page) => {
    await byId(page, "tab-all").click();
    await state(page, COOKIE, "rejected");
  },
  "waiting on others": async (page) => {
    await byId(page, "tab-others").click();
    await byId(page, "empty-done").waitFor();
  },
  "selected rows": async (page) => {
    await pick(page, DELIVERY_DATE, "Make product search fast");
    // A click may have scrolled: a row that is half under the head of the list is no small target.
    await page.evaluate(() => scrollTo(0, 0));
  },
  "dialog for many": (page) => openMany(page, "approve"),
  "dialog for many with a fault": async (page) => {
    await openMany(page, "reject");
    await byId(page, "decision-submit").click();
    await byId(page, "decision-error").waitFor();
  },
  "results of many": async (page) => {
    await page.route("**/api/v1/checks/decisions", refuseSecond);
    await openMany(page, "approve");
    await byId(page, "decision-submit").click();
    await byId(page, "bulk-done").waitFor();
  },
  "saved listings": async (page) => {
    await byId(page, "saved-open").click();
    await byId(page, "saved-save").click();
    await page.locator("#saved-wrong:not(:empty)").waitFor();
  },
  "pending check": (page) => openCheck(page, DELIVERY_DATE),
  "check with every kind of file": async (page) => {
    await tellChange(page, { since: SINCE, stale: "The connection was refused." });
    await openCheck(page, DELIVERY_DATE);
    for (const summary of await byId(page, "change").locator(".folds summary").all()) await summary.click();
    await byId(page, "show-lines").first().click();
    await byId(page, "lines").nth(1).waitFor();
    await page.evaluate(() => document.querySelector("[data-testid=lines]").scrollIntoView({ block: "center" }));
  },
  "changes side by side": async (page) => {
    await openCheck(page, DELIVERY_DATE);
    const toggle = byId(page, "side-by-side");
    if (await toggle.isVisible()) await toggle.click();
    // Lines are made when they come near the window.
    await byId(page, "files").scrollIntoViewIfNeeded();
    await byId(page, "lines").first().waitFor();
  },
  "decided check": async (page) => {
    await byId(page, "tab-decided").click();
    await openCheck(page, COOKIE);
  },
  "approve dialog": (page) => openDialog(page, DELIVERY_DATE, "approve"),
  "reject dialog with a fault": async (page) => {
    await openDialog(page, DELIVERY_DATE, "reject");
    await byId(page, "decision-submit").click();
    await byId(page, "decision-error").waitFor();
  },
  help: async (page) => {
    await page.keyboard.press("?");
    await byId(page, "help-dialog").waitFor();
  },
  system: async (page, world) => {
    await page.goto(`${world.app}system`);
    await byId(page, "system-calls-none").waitFor();
  },
  history: async (page, world) => {
    await page.goto(`${world.app}audit`);
    await byId(page, "record-row").first().waitFor();
    await byId(page, "record-row").first().locator("summary").click();
    await byId(page, "verify").click();
    await byId(page, "chain-intact").waitFor();
  },
  "history without a match": async (page, world) => {
    await page.goto(`${world.app}audit?q=nobody+wrote+this`);
    await byId(page, "empty-match").waitFor();
  },
  people: async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "person-row").first().waitFor();
  },
  "invite dialog with a fault": async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "invite").click();
    await byId(page, "invite-send").click();
    await page.locator("#invite-name-wrong:not(:empty)").waitFor();
  },
  "person dialog": async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "person-edit").first().click();
    await byId(page, "reach-some").check();
  },
  "question": async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "person-edit").first().click();
    await byId(page, "person-end-sessions").click();
    await byId(page, "question-dialog").waitFor();
  },
  "group dialog": async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "person-row").first().waitFor();
    await byId(page, "group-new").click();
    await byId(page, "group-dialog").waitFor();
  },
  account: async (page, world) => {
    await page.goto(`${world.app}account`);
    await byId(page, "session").first().waitFor();
  },
  "token dialog": async (page, world) => {
    await page.goto(`${world.app}account`);
    await byId(page, "token-new").click();
    await byId(page, "token-dialog").waitFor();
  },
  "person menu": async (page) => {
    await byId(page, "person").click();
    await byId(page, "person-menu").waitFor();
  },
  "not found": async (page, world) => {
    await page.goto(`${world.app}no/such/page`);
    await byId(page, "not-found").waitFor();
  },
};

/** Opens the dialog for two rows. */
async function openMany(page, verdict) {
  await pick(page, DELIVERY_DATE, "Make product search fast");
  await byId(page, `bulk-${verdict}`).click();
  await byId(page, "bulk-dialog").waitFor();
}

/** Answers in the service's place, so that nothing is decided: the first is taken, the others are not. */
async function refuseSecond(route) {
  const { items } = route.request().postDataJSON();
  const results = items.map(({ id }, nth) => {
    const refused = { id, decided: false, code: "own_change", detail: "You wrote this merge request.", check: null };
    return nth ? refused : { id, decided: true, code: null, detail: null, check: null };
  });
  await route.fulfill({ json: { results } });
}

/** The pages for those who are not signed in; the link comes from an invitation. */
const OPEN_PAGES = {
  "sign-in": async (page, world) => {
    await page.goto(world.app);
    await byId(page, "samples").waitFor();
  },
  "sign-in refused": async (page, world) => {
    await page.goto(`${world.app}sign-in`);
    await byId(page, "sign-in-email").fill("nobody@example.com");
    await byId(page, "sign-in-password").fill("wrong");
    await byId(page, "sign-in-send").click();
    await byId(page, "sign-in-fault").waitFor();
  },
  invitation: async (page, world, link) => {
    await page.goto(link);
    await byId(page, "welcome").waitFor();
  },
  "spent link": async (page, world) => {
    await page.goto(`${world.app}welcome`);
    await byId(page, "link-spent").waitFor();
  },
};

/** What axe-core objects to, each with the elements. */
async function objections(page) {
  const { violations } = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), LEVELS);
  return violations.map(({ id, help, nodes }) => `${id} (${help}): ${nodes.map((node) => node.html).slice(0, 4).join(" ")}`);
}

/** What sticks out at the right, if the page can be scrolled sideways. */
const overflow = (page) =>
  page.evaluate(() => {
    const wide = document.scrollingElement.clientWidth;
    if (document.scrollingElement.scrollWidth <= wide) return [];
    return [...document.querySelectorAll("body *")]
      .filter((one) => one.getBoundingClientRect().right > wide + 1)
      .map((one) => `${one.tagName.toLowerCase()}.${one.className}`);
  });

/** What can be used but lies outside of the window, where nobody finds it; the strip of tabs can be scrolled. */
const cut = (page) =>
  page.evaluate(() => {
    const wide = document.scrollingElement.clientWidth;
    return [...document.querySelectorAll("a, button, input, select, textarea, summary")]
      .filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.closest(".tabs, .skip"))
      .filter((one) => {
        const { left, right, width } = one.getBoundingClientRect();
        return width > 0 && (left < -1 || right > wide + 1);
      })
      .map((one) => `${one.tagName.toLowerCase()}.${one.className} is cut off`);
  });

/** Runs a look at every page; all objections together make one error. */
async function everyPage(world, options, look) {
  const found = {};
  const visit = async (name, page, go) => {
    await go();
    // The page is unseen until its strips have come; before that there is nothing to look at.
    await page.locator("main:not([data-waiting])").waitFor();
    const objected = await look(page);
    if (objected.length) found[name] = objected;
  };
  const open = async (as) => {
    const page = await world.window({ ...options, as });
    await page.context().addInitScript({ path: AXE });
    return page;
  };
  const inside = await open(await allRound(world));
  for (const [name, go] of Object.entries(PAGES)) {
    await visit(name, inside, async () => {
      await openInbox(inside, world.app, 15);
      await go(inside, world);
    });
  }
  const { link } = await (await world.as(ADAM)).post("people", INVITED);
  const outside = await open(null);
  outside.watch.expect(/401/);
  for (const [name, go] of Object.entries(OPEN_PAGES)) await visit(name, outside, () => go(outside, world, link.url));
  assert.deepEqual(found, {});
}

/** Somebody who sees every page and every button. */
const allRound = (world) => world.person("Olga Allround", ["reviewer", "administrator"]);
const INVITED = { name: "Nora Newcomer", email: "nora@example.com", roles: ["viewer"], all_projects: true };

/** One check decided, so that there is a page with a decision and a delivery. */
async function decideOne(world) {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  await byId(page, "decision-comment").fill("Not yet.");
  await submit(page);
  await dialog(page).waitFor({ state: "detached" });
}

for (const colorScheme of ["light", "dark"]) {
  for (const width of [1280, 360]) {
    journey(`axe-core has nothing to say: ${colorScheme}, ${width} pixels wide`, async (world) => {
      await decideOne(world);
      // Half a fade has half a contrast.
      const options = { colorScheme, viewport: { width, height: 800 }, reducedMotion: "reduce" };
      await everyPage(world, options, objections);
    });
  }
}

// A window of 1280 pixels at 200 % is one of 640 with two dots for each of its pixels.
for (const [name, width, deviceScaleFactor] of [["at 320 pixels", 320, 1], ["at 200 % zoom", 640, 2]]) {
  journey(`${name} nothing is cut off or has to be scrolled sideways`, async (world) => {
    await decideOne(world);
    const look = async (page) => [...(await overflow(page)), ...(await cut(page))];
    await everyPage(world, { viewport: { width, height: 640 }, deviceScaleFactor }, look);
  });
}
