// Pictures of every page with the sample data:  node screenshots.js FOLDER [--docs]
// The environment is that of the journeys: E2E_BINARY and CHROMIUM. With --docs only those that the documentation
// shows, small enough for a repository.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { closeBrowser } from "./support/browser.js";
import { SINCE, tellChange } from "./support/change.js";
import { COOKIE, DELIVERY_DATE, byId, openCheck, openDialog, openInbox, pick, says, state, submit, truth } from "./support/inbox.js";
import { ADAM, RITA } from "./support/people.js";
import { until } from "./support/wait.js";
import { Scope, World } from "./support/world.js";

const SEARCH = "Make product search fast";

const SHAPES = [
  { name: "light-1280", colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { name: "dark-1280", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  { name: "light-360", colorScheme: "light", viewport: { width: 360, height: 740 } },
];

/** What the documentation shows: every page once, and those that are looked at most also dark and narrow. */
const EVERYWHERE = ["inbox", "check-pending", "dialog-approve"];
const DOCUMENTED = [
  ...EVERYWHERE, "inbox-selected", "bulk-results", "inbox-decided", "check-decided", "history", "people", "account", "system",
  "sign-in",
];
const documented = (name, shape) => (shape === "light-1280" ? DOCUMENTED : EVERYWHERE).includes(name);

const PAGES = {
  inbox: async () => {},
  "inbox-decided": async (page) => {
    await byId(page, "tab-decided").click();
    await state(page, COOKIE, "rejected");
  },
  "inbox-selected": (page) => pick(page, DELIVERY_DATE, SEARCH),
  "saved-listings": async (page) => {
    await byId(page, "saved-open").click();
    await byId(page, "saved-link").first().waitFor();
  },
  "dialog-bulk": async (page) => {
    await pick(page, DELIVERY_DATE, SEARCH);
    await byId(page, "bulk-approve").click();
    await byId(page, "bulk-dialog").waitFor();
  },
  "bulk-results": async (page) => {
    // In the service's place, so that the next picture finds everything as it was.
    await page.route("**/api/v1/checks/decisions", async (route) => {
      const results = route.request().postDataJSON().items.map(({ id }, nth) => {
        const refused = { id, decided: false, code: "sha_moved", detail: "", check: null };
        return nth ? refused : { id, decided: true, code: null, detail: null, check: null };
      });
      await route.fulfill({ json: { results } });
    });
    await pick(page, DELIVERY_DATE, SEARCH);
    await byId(page, "bulk-approve").click();
    await byId(page, "decision-submit").click();
    await byId(page, "bulk-done").waitFor();
    await page.unroute("**/api/v1/checks/decisions");
  },
  "check-pending": (page) => openCheck(page, DELIVERY_DATE),
  "check-change": async (page) => {
    await tellChange(page, { since: SINCE });
    await openCheck(page, DELIVERY_DATE);
    await byId(page, "files").scrollIntoViewIfNeeded();
    await byId(page, "lines").first().waitFor();
  },
  "check-side-by-side": async (page) => {
    await openCheck(page, DELIVERY_DATE);
    if (await byId(page, "side-by-side").isVisible()) await byId(page, "side-by-side").click();
    for (const part of ["commits", "pipeline"]) await byId(page, part).locator("summary").first().click();
    await byId(page, "show-lines").first().click();
    await byId(page, "lines").nth(1).waitFor();
  },
  "check-decided": async (page) => {
    await byId(page, "tab-decided").click();
    await openCheck(page, COOKIE);
    await says(truth(page), /GitLab shows/);
  },
  "dialog-approve": (page) => openDialog(page, DELIVERY_DATE, "approve"),
  "dialog-reject": async (page) => {
    await openDialog(page, DELIVERY_DATE, "reject");
    await byId(page, "decision-submit").click();
    await byId(page, "decision-error").waitFor();
  },
  system: async (page, world) => {
    await page.goto(`${world.app}system`);
    await byId(page, "system-calls-none").waitFor();
  },
  history: async (page, world) => {
    await page.goto(`${world.app}audit`);
    await byId(page, "record-row").first().waitFor();
    await byId(page, "verify").click();
    await byId(page, "chain-intact").waitFor();
  },
  people: async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "person-row").first().waitFor();
  },
  "dialog-person": async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "person-edit").first().click();
    await byId(page, "reach-some").check();
  },
  "dialog-link": async (page, world) => {
    await page.goto(`${world.app}people`);
    await byId(page, "person-edit").first().click();
    await byId(page, "person-link").click();
    await byId(page, "link-dialog").waitFor();
  },
  account: async (page, world) => {
    await page.goto(`${world.app}account`);
    await byId(page, "token").first().waitFor();
  },
  "dialog-token": async (page, world) => {
    await page.goto(`${world.app}account`);
    await byId(page, "token-new").click();
    await byId(page, "token-dialog").waitFor();
  },
  "person-menu": async (page) => {
    await byId(page, "person").click();
    await byId(page, "person-menu").waitFor();
  },
};

/** The pages for those who are not signed in. */
const OPEN_PAGES = {
  "sign-in": async (page, world) => {
    await page.goto(world.app);
    await byId(page, "samples").waitFor();
  },
  "sign-in-refused": async (page, world) => {
    await page.goto(`${world.app}sign-in`);
    await byId(page, "sign-in-email").fill("nobody@example.com");
    await byId(page, "sign-in-password").fill("wrong");
    await byId(page, "sign-in-send").click();
    await byId(page, "sign-in-fault").waitFor();
  },
  welcome: async (page, world, link) => {
    await page.goto(link);
    await byId(page, "welcome").waitFor();
  },
};

/** People in every state, a group, and a token. */
async function fill(world) {
  const adam = await world.as(ADAM);
  const olga = await world.person("Olga Allround", ["reviewer", "administrator"]);
  const { items: projects } = await adam.get("projects");
  const vera = await world.person("Vera Viewer", ["viewer"], { all_projects: false, projects: [projects[0].id] });
  const off = { name: "Otto Off", roles: ["reviewer"], all_projects: true, projects: [], groups: [], gitlab_user_id: null, active: false };
  const otto = await world.person("Otto Off", ["reviewer"]);
  await adam.send("PUT", `people/${otto.id}`, off);
  await adam.post("groups", { name: "Storefront", projects: [projects[0].id], members: [vera.id] });
  const { link } = await adam.post("people", { name: "Nora Newcomer", email: "nora@example.com", roles: ["viewer"], all_projects: true });
  const all = await world.as(olga);
  await all.post("tokens", { name: "release robot", scopes: ["checks:read", "checks:decide"], projects: [], expires_in_days: 90 });
  await all.send("PUT", "account/filters", { filters: [{ name: "Search", query: "q=search" }, { name: "Decided lately", query: "state=approved%2Crejected&sort=newest" }] });
  return { olga, link: link.url };
}

/** One decision, so that there is one to show. */
async function decideOne(world) {
  const page = await world.window();
  await openInbox(page, world.app);
  await openDialog(page, COOKIE, "reject");
  await byId(page, "decision-comment").fill("Sessions should also end after a day without use.");
  await submit(page);
  await state(page, COOKIE, "rejected");
}

/** A check that the person has decided before: new commits bring it back. */
async function comeBack(world, person) {
  const page = await world.window({ as: person });
  await openInbox(page, world.app, 15);
  await openDialog(page, SEARCH, "approve");
  await submit(page);
  await world.sandbox.act(SEARCH, "push");
  const reader = await world.as(person);
  await until("the newer check", async () => {
    const { needs_you: mine, waiting_on_others: others } = await reader.get("system");
    return mine + others === 15;
  });
}

/** A picture of the window: of every point, or small enough for a repository. */
async function picture(page, path, docs) {
  if (!docs) {
    await page.screenshot({ path: `${path}.png`, caret: "hide" });
    return;
  }
  const browser = await page.context().newCDPSession(page);
  const { data } = await browser.send("Page.captureScreenshot", { format: "webp", quality: 80 });
  await writeFile(`${path}.webp`, Buffer.from(data, "base64"));
  await browser.detach();
}

/** The highest picture, in pixels: more than anybody looks at. */
const HIGHEST = 2_000;

/**
 * Makes the window as high as the page. Rows out of sight are not painted, and taking a picture of a page that is higher
 * than its window would show them empty.
 */
async function stretch(page, { width, height }) {
  const whole = await page.evaluate(() => document.scrollingElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.min(Math.max(height, whole), HIGHEST) });
  // The lines of a change are asked for when they come near the window.
  await page.waitForFunction(() => [...document.querySelectorAll(".file-body")]
    .filter((body) => body.getBoundingClientRect().top < innerHeight)
    .every((body) => body.querySelector(".ln, .file-says")));
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

async function take(world, folder, docs) {
  await decideOne(world);
  const { olga, link } = await fill(world);
  await comeBack(world, olga);
  const wanted = (pages, shape) => Object.entries(pages).filter(([name]) => !docs || documented(name, shape));
  for (const { name: shape, ...options } of SHAPES) {
    const outside = await world.window({ ...options, as: null, reducedMotion: "reduce" });
    for (const [name, go] of wanted(OPEN_PAGES, shape)) {
      await go(outside, world, link);
      await stretch(outside, options.viewport);
      await picture(outside, join(folder, `${name}-${shape}`), docs);
      await outside.setViewportSize(options.viewport);
    }
    const page = await world.window({ ...options, as: olga, reducedMotion: "reduce" });
    for (const [name, go] of wanted(PAGES, shape)) {
      await openInbox(page, world.app, 15);
      await go(page, world);
      // A dialog covers the window, not the page behind it.
      if (!/^(dialog|bulk)/.test(name)) await stretch(page, options.viewport);
      await picture(page, join(folder, `${name}-${shape}`), docs);
      await page.setViewportSize(options.viewport);
    }
  }
}

const [folder, docs] = process.argv.slice(2);
if (!folder) {
  console.error("usage: node screenshots.js FOLDER [--docs]");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const scope = new Scope();
const world = new World(scope);
try {
  await world.start();
  await take(world, folder, docs === "--docs");
  console.log(`==> ${folder}`);
} finally {
  await scope.end();
  await closeBrowser();
}
