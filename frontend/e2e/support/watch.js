// Listens to everything a browser window does that a reviewer's administrator would object to.

import assert from "node:assert/strict";

/** The browser's own report of what the policy stopped; the console does not show every kind. */
function tellViolations() {
  document.addEventListener("securitypolicyviolation", (event) => {
    console.error(`CSP: ${event.violatedDirective} stopped ${event.blockedURI}`);
  });
}

export class Watch {
  requests = [];
  errors = [];
  #origins;
  #expected = [];

  constructor(origins) {
    this.#origins = new Set(origins.map((url) => new URL(url).origin));
  }

  async follow(context) {
    await context.addInitScript(tellViolations);
    context.on("request", (request) => this.requests.push(request.url()));
    context.on("console", (message) => {
      if (message.type() === "error") this.errors.push(`${message.text()} (${message.location().url})`);
    });
    context.on("weberror", (error) => this.errors.push(`${error.error()}`));
  }

  /** Chromium writes every answer above 399 to the console: a journey names those that it provokes. */
  expect(pattern) {
    this.#expected.push({ pattern, seen: false });
  }

  /** The same for those that may come or not, depending on who is faster. */
  allow(pattern) {
    this.#expected.push({ pattern, seen: true });
  }

  /** Nothing went elsewhere, nothing was complained about, and what was expected did happen. */
  verify() {
    assert.ok(this.requests.length > 0, "the window asked for something");
    const foreign = this.requests.filter((url) => !/^(data|blob):/.test(url) && !this.#origins.has(new URL(url).origin));
    assert.deepEqual(foreign, [], "requests that leave this machine's two services");
    const unexpected = this.errors.filter((error) => {
      const known = this.#expected.find(({ pattern }) => pattern.test(error));
      if (known) known.seen = true;
      return !known;
    });
    assert.deepEqual(unexpected, [], "errors in the browser's console");
    const missing = this.#expected.filter(({ seen }) => !seen).map(({ pattern }) => String(pattern));
    assert.deepEqual(missing, [], "expected errors that did not come");
  }
}
