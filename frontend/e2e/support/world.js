// A service, a sandbox and the windows of the people who use them, and the way to be rid of them again.

import { openBrowser } from "./browser.js";
import { Sandbox } from "./sandbox.js";
import { startDemo } from "./service.js";
import { Watch } from "./watch.js";

/** What has to be undone, last first, and what is worth reading when something failed. */
export class Scope {
  #undo = [];
  #notes = [];

  after(run) {
    this.#undo.push(run);
  }

  onFailure(note) {
    this.#notes.push(note);
  }

  async notes() {
    return (await Promise.all(this.#notes.map((note) => note()))).join("\n");
  }

  async end() {
    for (const run of this.#undo.reverse()) await run();
  }
}

export class World {
  constructor(scope) {
    this.scope = scope;
    this.watches = [];
  }

  async start() {
    const { app, sandbox } = await startDemo(this.scope);
    this.app = app;
    this.sandbox = new Sandbox(sandbox);
  }

  /** A new window that shares nothing with the others, like that of another person. */
  async window({ origins = [], ...options } = {}) {
    const browser = await openBrowser();
    const context = await browser.newContext({ locale: "en-GB", ...options });
    context.setDefaultTimeout(15_000);
    this.scope.after(() => context.close());
    const watch = new Watch([this.app, this.sandbox.url, ...origins]);
    await watch.follow(context);
    this.watches.push(watch);
    const page = await context.newPage();
    page.watch = watch;
    this.scope.onFailure(async () => `${page.url()} showed:\n${await page.locator("body").innerText().catch(String)}`);
    return page;
  }

  /** Reads the service's own API, as a program would. */
  async api(path) {
    const answer = await fetch(`${this.app}api/v1/${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}
