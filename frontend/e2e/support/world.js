// A service, a sandbox and the windows of the people who use them, and the way to be rid of them again.

import { openBrowser } from "./browser.js";
import { ADAM, Client, RITA } from "./people.js";
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
    this.clients = {};
  }

  async start() {
    const { app, sandbox } = await startDemo(this.scope);
    this.app = app;
    this.sandbox = new Sandbox(sandbox);
  }

  /** A session of one of the demo's people, or of another one, for asking without a browser. */
  async as(person) {
    this.clients[person.email] ??= await Client.signIn(this.app, person);
    return this.clients[person.email];
  }

  /** Makes a person with these roles. */
  async person(name, roles, more) {
    return (await this.as(ADAM)).person(name, roles, more);
  }

  /**
   * A new window that shares nothing with the others, like that of another person: by default one who decides and is
   * signed in already. With `as: null` nobody is.
   */
  async window({ origins = [], as = RITA, app = this.app, ...options } = {}) {
    const browser = await openBrowser();
    const context = await browser.newContext({ locale: "en-GB", ...options });
    context.setDefaultTimeout(15_000);
    this.scope.after(() => context.close());
    const watch = new Watch([this.app, this.sandbox.url, ...origins]);
    await watch.follow(context);
    this.watches.push(watch);
    if (as) await context.addCookies([(await Client.signIn(app, as)).forBrowser()]);
    const page = await context.newPage();
    page.watch = watch;
    this.scope.onFailure(async () => `${page.url()} showed:\n${await page.locator("body").innerText().catch(String)}`);
    return page;
  }

  /** Reads the service's own API, as a program of somebody who decides would. */
  async api(path) {
    return (await this.as(RITA)).get(path);
  }
}
