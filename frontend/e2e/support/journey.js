// A journey: a service, a sandbox and a browser of its own, watched from beginning to end.

import { after, test } from "node:test";
import { closeBrowser, openBrowser } from "./browser.js";
import { Sandbox } from "./sandbox.js";
import { startDemo } from "./service.js";
import { Watch } from "./watch.js";

/** What has to be undone, last first, and what is worth reading when the journey failed. */
class Scope {
  #undo = [];
  #notes = [];

  after(run) {
    this.#undo.push(run);
  }

  onFailure(note) {
    this.#notes.push(note);
  }

  notes() {
    return this.#notes.map((note) => note()).join("\n");
  }

  async end() {
    for (const run of this.#undo.reverse()) await run();
  }
}

class World {
  constructor(scope) {
    this.scope = scope;
    this.watches = [];
  }

  async start() {
    Object.assign(this, await startDemo(this.scope));
    this.sandbox = new Sandbox(this.sandbox);
  }

  /** A new window that shares nothing with the others, like that of another person. */
  async window(options = {}) {
    const { origins = [], ...rest } = options;
    const browser = await openBrowser();
    const context = await browser.newContext({ locale: "en-GB", ...rest });
    context.setDefaultTimeout(15_000);
    const watch = new Watch([this.app, this.sandbox.url, ...origins]);
    await watch.follow(context);
    this.watches.push(watch);
    // Otherwise a closed test would leave the live stream open, and the service waiting for it.
    this.scope.after(() => context.close());
    const page = await context.newPage();
    page.watch = watch;
    return page;
  }

  /** Reads the service's own API, as a program would. */
  async api(path) {
    const answer = await fetch(`${this.app}api/v1/${path}`);
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

after(closeBrowser);

/** Defines one journey. */
export function journey(name, run) {
  test(name, { timeout: 120_000 }, async () => {
    const scope = new Scope();
    const world = new World(scope);
    try {
      await world.start();
      await run(world);
      for (const watch of world.watches) watch.verify();
    } catch (error) {
      const heard = world.watches.flatMap((watch) => watch.errors);
      console.error(scope.notes(), "\nthe browser's console:", heard);
      throw error;
    } finally {
      await scope.end();
    }
  });
}
