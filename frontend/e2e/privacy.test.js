// Strict towards browsers: nothing comes from elsewhere, nothing is told elsewhere, and files are cached as they should.
// Every other journey is watched for the same; here is what only a look at headers and at every page shows.

import assert from "node:assert/strict";
import { get } from "node:http";
import { once } from "node:events";
import { DELIVERY_DATE, byId, openCheck, openInbox, says } from "./support/inbox.js";
import { journey } from "./support/journey.js";
import { until } from "./support/wait.js";

/** A request as a browser makes it, without fetch's own unpacking. */
async function head(url) {
  const [answer] = await once(get(url, { headers: { "accept-encoding": "gzip, deflate, br" } }), "response");
  answer.resume();
  await once(answer, "end");
  return answer;
}

journey("hashed files are immutable and compressed, the index is asked for anew", async (world) => {
  const page = await world.window();
  const files = [];
  page.on("response", (answer) => {
    if (!answer.url().includes("/api/") && !answer.url().endsWith("/")) files.push(answer.url());
  });
  await openInbox(page, world.app);
  for (const kind of [".js", ".css", ".wasm"]) assert.ok(files.some((url) => url.endsWith(kind)), `${kind} in ${files}`);
  for (const url of files) {
    const { statusCode, headers } = await head(url);
    assert.equal(statusCode, 200, url);
    const immutable = /-[0-9a-f]{8,16}(_bg)?\.(js|css|wasm)$/.test(url);
    assert.match(headers["cache-control"], immutable ? /max-age=31536000, immutable/ : /^no-cache$/, url);
    assert.equal(headers["content-encoding"], "br", url);
    assert.equal(headers["x-content-type-options"], "nosniff", url);
  }
  for (const path of ["", "system", "checks/any", "no/such/page"]) {
    const { statusCode, headers } = await head(`${world.app}${path}`);
    assert.equal(statusCode, 200, path);
    assert.equal(headers["cache-control"], "no-cache", path);
    const policy = headers["content-security-policy"];
    assert.match(policy, /default-src 'none'/);
    assert.doesNotMatch(policy, /unsafe-inline|unsafe-eval(?<!wasm-unsafe-eval)|https?:|\*/);
    assert.match(headers["referrer-policy"], /^(no-referrer|same-origin)$/);
  }
  assert.equal((await head(`${world.app}no-such-file.js`)).statusCode, 404);
});

journey("the description of the interface for programs works without a network", async (world) => {
  const page = await world.window();
  await page.goto(`${world.app}api/docs/`);
  await page.locator("#operations-checks-decide_check").waitFor();
  await page.locator("#operations-checks-decide_check button").first().click();
  await page.getByText("expected_sha").first().waitFor();
  // The pages that show it are strict, this one needs inline styles; scripts are limited on both.
  const { headers } = await head(`${world.app}api/docs/`);
  assert.doesNotMatch(headers["content-security-policy"], /script-src[^;]*unsafe/);
});

journey("what a merge request says is cleaned or shown as text, and never run", async (world) => {
  const page = await world.window();
  const evil = `<img src=x onerror="document.title='taken'"><a href="javascript:alert(1)">x</a>`;
  await openInbox(page, world.app);
  await openCheck(page, DELIVERY_DATE);
  await byId(page, "description").waitFor();
  await world.sandbox.act(DELIVERY_DATE, "description", { value: `Look: ${evil} and http://tracker.example/pixel.gif` });
  // The description is Markdown, of which only what is harmless is left. An edit shows by itself.
  await says(byId(page, "description"), /Look: x and http:\/\/tracker\.example\/pixel\.gif/);
  const external = "[onerror], a[href*='tracker.example']";
  assert.equal(await byId(page, "description").locator(external).count(), 0, "no way out");
  await world.sandbox.act(DELIVERY_DATE, "title", { value: evil });
  await until("the title as it was written", async () => (await page.locator("h1").innerText()) === evil);
  assert.equal(await page.locator("main img, main [href^='javascript:']").count(), 0);
  assert.doesNotMatch(await page.title(), /^taken/);
});
