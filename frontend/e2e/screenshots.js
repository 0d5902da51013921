// Pictures of every page with the sample data:  node screenshots.js FOLDER
// The environment is that of the journeys: E2E_BINARY and CHROMIUM.

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { closeBrowser } from "./support/browser.js";
import { COOKIE, DELIVERY_DATE, byId, openCheck, openDialog, openInbox, says, state, submit, truth } from "./support/inbox.js";
import { ADAM } from "./support/people.js";
import { Scope, World } from "./support/world.js";

const SHAPES = [
  { name: "light-1280", colorScheme: "light", viewport: { width: 1280, height: 800 } },
  { name: "dark-1280", colorScheme: "dark", viewport: { width: 1280, height: 800 } },
  { name: "light-360", colorScheme: "light", viewport: { width: 360, height: 740 } },
];

const PAGES = {
  inbox: async () => {},
  "check-pending": (page) => openCheck(page, DELIVERY_DATE),
  "check-decided": async (page) => {
    await byId(page, "tab-rejected").click();
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

/**
 * Makes the window as high as the page. Rows out of sight are not painted, and taking a picture of a page that is higher
 * than its window would show them empty.
 */
async function stretch(page, { width, height }) {
  const whole = await page.evaluate(() => document.scrollingElement.scrollHeight);
  await page.setViewportSize({ width, height: Math.max(height, whole) });
  await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn))));
}

async function take(world, folder) {
  await decideOne(world);
  const { olga, link } = await fill(world);
  for (const { name: shape, ...options } of SHAPES) {
    const outside = await world.window({ ...options, as: null, reducedMotion: "reduce" });
    for (const [name, go] of Object.entries(OPEN_PAGES)) {
      await go(outside, world, link);
      await stretch(outside, options.viewport);
      await outside.screenshot({ path: join(folder, `${name}-${shape}.png`), caret: "hide" });
      await outside.setViewportSize(options.viewport);
    }
    const page = await world.window({ ...options, as: olga, reducedMotion: "reduce" });
    for (const [name, go] of Object.entries(PAGES)) {
      await openInbox(page, world.app, 15);
      await go(page, world);
      // A dialog covers the window, not the page behind it.
      if (!name.startsWith("dialog")) await stretch(page, options.viewport);
      await page.screenshot({ path: join(folder, `${name}-${shape}.png`), caret: "hide" });
      await page.setViewportSize(options.viewport);
    }
  }
}

const folder = process.argv[2];
if (!folder) {
  console.error("usage: node screenshots.js FOLDER");
  process.exit(2);
}
await mkdir(folder, { recursive: true });
const scope = new Scope();
const world = new World(scope);
try {
  await world.start();
  await take(world, folder);
  console.log(`==> ${folder}`);
} finally {
  await scope.end();
  await closeBrowser();
}
