// What a browser needs and how long a person waits:  node bench.js
// It prints numbers and asserts nothing: times depend on the machine. The environment is that of the journeys: E2E_BINARY
// (the release build, for numbers that mean something) and CHROMIUM.

import { closeBrowser } from "./support/browser.js";
import { Crowd } from "./support/crowd.js";
import { byId, rows } from "./support/inbox.js";
import { Line } from "./support/line.js";
import { ownApp } from "./support/own.js";
import { freePort } from "./support/service.js";
import { until } from "./support/wait.js";
import { Scope, World } from "./support/world.js";

const FEWER = process.env.BENCH_QUICK ? 10 : 1;
const COLD_STARTS = 7;
const LISTED = 1_000 / FEWER;
const EVENTS = 10_000 / FEWER;
const DIFF_LINES = 5_000;
const DIFFS = 5;

const sorted = (numbers) => [...numbers].sort((a, b) => a - b);
const part = (numbers, share) => sorted(numbers)[Math.min(numbers.length - 1, Math.floor(numbers.length * share))];
const median = (numbers) => part(numbers, 0.5);
const say = (what, value, unit, goal = "") =>
  console.log(`${what.padEnd(62)} ${String(Math.round(value * 10) / 10).padStart(9)} ${unit.padEnd(5)} ${goal}`.trimEnd());

/** Listens to layout shifts and slow events from the first moment on. */
function listen() {
  window.seen = { shift: 0, inputs: [] };
  new PerformanceObserver((list) => {
    for (const one of list.getEntries()) if (!one.hadRecentInput) window.seen.shift += one.value;
  }).observe({ type: "layout-shift", buffered: true });
}

/** Opens the inbox in a new profile: nothing is in any cache. */
async function coldStart(service, query) {
  const page = await service.window({ viewport: { width: 1280, height: 800 } });
  await page.addInitScript(listen);
  const cdp = await page.context().newCDPSession(page);
  await cdp.send("Network.enable");
  let bytes = 0;
  let headers = 0;
  const heads = new Map();
  cdp.on("Network.responseReceived", ({ requestId, response }) => {
    if (!response.url.includes("/api/")) heads.set(requestId, response.encodedDataLength);
  });
  cdp.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    if (!heads.has(requestId)) return;
    headers += heads.get(requestId);
    bytes += encodedDataLength - heads.get(requestId);
  });
  await page.goto(`${service.url}${query}`, { waitUntil: "commit" });
  // Usable: the rows are painted and the first button can be pressed.
  const usable = await page.evaluate(() => new Promise((done) => {
    const look = () => {
      const row = document.querySelector("main:not([data-waiting]) [data-testid=check-row] [data-testid=approve]:enabled");
      if (row && document.querySelectorAll("[data-testid=check-row]").length >= 50) {
        requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now())));
      } else requestAnimationFrame(look);
    };
    look();
  }));
  await page.waitForTimeout(500);
  const shift = await page.evaluate(() => window.seen.shift);
  return { page, cdp, usable, shift, bytes, headers };
}

async function firstLoad(service) {
  const runs = [];
  for (let nth = 0; nth < COLD_STARTS; nth += 1) {
    const { page, ...run } = await coldStart(service, "");
    runs.push(run);
    await page.context().close();
  }
  say("first load over the wire: HTML, CSS, JS, WASM", median(runs.map((run) => run.bytes)) / 1000, "KB", "(at most 180)");
  say("and the headers of these answers", median(runs.map((run) => run.headers)) / 1000, "KB");
  say(`navigation to usable inbox, cold cache, median of ${COLD_STARTS}`, median(runs.map((run) => run.usable)), "ms", "(at most 1000)");
  say("layout shift while loading, worst", Math.max(...runs.map((run) => run.shift)) * 1000, "/1000", "(none)");
}

/** Loads until so many rows are there. */
async function fill(page, count) {
  await until(`${count} rows`, async () => {
    const more = byId(page, "load-more");
    if ((await rows(page).count()) >= count || !(await more.count())) return true;
    if (await more.isEnabled()) await more.click();
    return false;
  }, 120_000);
}

/** From a key to the next picture, for each letter typed into the search. */
async function typing(service) {
  const { page } = await coldStart(service, "");
  await fill(page, LISTED);
  await byId(page, "search").focus();
  await page.evaluate(() => {
    document.querySelector("#search").addEventListener("input", (event) => {
      const from = event.timeStamp;
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => window.seen.inputs.push(performance.now() - from);
        port2.postMessage(0);
      });
    });
  });
  for (const letter of "shelf 17 change approval warehouse") {
    await page.keyboard.press(letter === " " ? "Space" : letter);
    await page.waitForTimeout(letter === "l" || letter === "p" ? 600 : 90);
  }
  const inputs = await page.evaluate(() => window.seen.inputs);
  const n = LISTED;
  say(`typing in the search with ${n} rows: input to paint, median`, median(inputs), "ms", "(less than 50)");
  say(`typing in the search with ${n} rows: input to paint, 95 %`, part(inputs, 0.95), "ms", "(less than 50)");
  await page.context().close();
}

/** What the tab holds, once everything that can be freed is. */
async function held(cdp) {
  await cdp.send("HeapProfiler.enable");
  await cdp.send("HeapProfiler.collectGarbage");
  await cdp.send("HeapProfiler.collectGarbage");
  const { metrics } = await cdp.send("Performance.getMetrics");
  const of = (name) => metrics.find((one) => one.name === name).value;
  return { heap: of("JSHeapUsedSize") / 2 ** 20, nodes: of("Nodes"), listeners: of("JSEventListeners") };
}

/** Events as in an hour, compressed in time. Twice: what grows again and again is a leak. */
async function events(service, crowd) {
  const { page, cdp } = await coldStart(service, "");
  await cdp.send("Performance.enable");
  const perRound = crowd.opened.length * crowd.rules;
  const rounds = Math.max(1, Math.round(EVENTS / perRound / 2));
  const told = async (mark) => until(`the title “${mark}”`, async () =>
    (await rows(page).filter({ hasText: ` · ${mark}` }).count()) > 0, 60_000);
  await crowd.rename("warm");
  await told("warm");
  const seen = [await held(cdp)];
  for (const half of ["first", "second"]) {
    for (let nth = 1; nth <= rounds; nth += 1) await crowd.rename(`${half} ${nth}`);
    await told(`${half} ${rounds}`);
    await page.waitForTimeout(2_000);
    seen.push(await held(cdp));
  }
  const names = ["before", `after ${rounds * perRound} events`, `after ${2 * rounds * perRound} events`];
  seen.forEach(({ heap, nodes, listeners }, nth) => {
    say(`tab ${names[nth]}: JS heap`, heap, "MiB");
    say(`tab ${names[nth]}: DOM nodes`, nodes, "");
    say(`tab ${names[nth]}: listeners`, listeners, "");
  });
  await page.context().close();
}

/** From the key that unfolds a diff of so many lines to its first lines, and what scrolling through it takes. */
async function bigDiff(world, service) {
  const title = "A large change";
  await world.sandbox.open("demo/warehouse", title, { diff_lines: DIFF_LINES });
  const check = await until("its check", async () =>
    (await service.client.get("checks?state=pending&sort=newest")).items.find((item) => item.merge_request.title === title));
  const times = [];
  const frames = [];
  let drawn = 0;
  for (let nth = 0; nth < DIFFS; nth += 1) {
    const page = await service.window({ viewport: { width: 1280, height: 800 } });
    await page.goto(`${service.url}checks/${check.id}`);
    const place = page.locator("[data-testid=file]").first();
    const toggle = byId(place, "show-lines");
    await toggle.waitFor();
    await toggle.scrollIntoViewIfNeeded();
    times.push(await toggle.evaluate((one) => new Promise((done) => {
      const from = performance.now();
      one.click();
      const look = () => {
        if (document.querySelector("[data-testid=lines] .ln")) requestAnimationFrame(() => done(performance.now() - from));
        else requestAnimationFrame(look);
      };
      look();
    })));
    frames.push(...await page.evaluate(async () => {
      const taken = [];
      const next = () => new Promise((done) => requestAnimationFrame(done));
      let before = await next();
      for (let step = 0; step < 120; step += 1) {
        scrollBy(0, 400);
        const now = await next();
        taken.push(now - before);
        before = now;
      }
      return taken;
    }));
    drawn = Math.max(drawn, await page.locator(".ln").count());
    await page.context().close();
  }
  say(`opening a diff of ${DIFF_LINES} lines, to the first lines painted, median`, median(times), "ms");
  say("the same, worst", Math.max(...times), "ms");
  say("scrolling through it: a frame, 95 %", part(frames, 0.95), "ms", "(16.7 is every frame)");
  say("lines of it in the document, most", drawn, "");
}

const scope = new Scope();
const world = new World(scope);
try {
  await world.start();
  const port = await freePort();
  // Straight to the service, but from an address of its own: a browser must not know the files already.
  const service = await ownApp(world, { port, line: await Line.to(scope, port) });
  const crowd = new Crowd(world, service);
  await crowd.rule(3);
  await crowd.open(Math.ceil(LISTED / 4));
  await firstLoad(service);
  await typing(service);
  await events(service, crowd);
  await bigDiff(world, service);
} catch (error) {
  console.error(await scope.notes());
  throw error;
} finally {
  await scope.end();
  await closeBrowser();
}
