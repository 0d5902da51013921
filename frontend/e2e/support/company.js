// An app whose people come from OpenID Connect providers, and what they do to get in.

import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { byId, says } from "./inbox.js";
import { ownApp } from "./own.js";
import { IdentityProvider } from "./provider.js";
import { appAt, folder, freePort } from "./service.js";

/** Somebody whom a provider knows, and the app not yet. */
export const newcomer = (more = {}) => ({
  sub: "1001",
  name: "Nora Newcomer",
  email: "nora@example.com",
  email_verified: true,
  groups: ["approvers"],
  gitlab_user_id: 900_001,
  ...more,
});

/** Each provider is a site of its own: cookies know no ports. */
const SITES = [
  { id: "corp", name: "Example Corp", host: "127.0.0.2" },
  { id: "partner", name: "Partner Ltd", host: "127.0.0.3" },
];

export class Company {
  /** Starts a provider for each list of people, and the app; with `away` while the providers cannot be reached. */
  static async start(world, people, { away = false, linkByEmail = false } = {}) {
    const company = new Company();
    const port = await freePort();
    company.url = appAt(port);
    company.providers = await Promise.all(people.map((known, nth) =>
      IdentityProvider.start(world.scope, { ...SITES[nth], people: known, app: company.url, linkByEmail })));
    if (away) await Promise.all(company.providers.map((provider) => provider.stop()));
    const file = join(await folder(world.scope), "providers.toml");
    await writeFile(file, company.providers.map(({ toml }) => toml).join("\n"), { mode: 0o600 });
    const env = { APPROVAL_OIDC_FILE: file, APPROVAL_PUBLIC_URL: new URL(company.url).origin };
    company.app = await ownApp(world, { port, env });
    return company;
  }

  /** A window in which nobody is signed in; sooner or later it shows the sign-in page. */
  async visitor() {
    const page = await this.app.window({ as: null, origins: this.providers.map(({ issuer }) => issuer) });
    page.watch.expect(/401/);
    return page;
  }

  /** Where signing in through a provider begins. */
  begin({ id }, to) {
    return `${this.url}api/v1/sign-in/${id}${to === undefined ? "" : `?return_to=${encodeURIComponent(to)}`}`;
  }

  /** Clicks through sign-in page and provider. */
  async signIn(page, provider, person) {
    await byId(page, "provider").filter({ hasText: `Sign in with ${provider.name}` }).click();
    await answer(page, person);
  }

  /** Ends the session in this window and nowhere else: the provider still knows who sits there. */
  async forget(page) {
    await page.context().clearCookies({ domain: new URL(this.url).hostname });
  }

  /** The window's cookies for the app, as a header. */
  async cookie(page) {
    return (await page.context().cookies(this.url)).map(({ name, value }) => `${name}=${value}`).join("; ");
  }

  /** Asks the app from the page itself, with whatever the browser sends along; a refusal is its status. */
  async ask(page, path, body) {
    const options = body && { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
    return page.evaluate(async ([address, options]) => {
      const told = await fetch(address, options);
      return told.ok ? told.json() : told.status;
    }, [`${this.url}api/v1/${path}`, options]);
  }

  /** The sign-in page says why nobody was let in, and nobody was. */
  async refused(page, code) {
    await says(byId(page, "sign-in-fault"), /\w/);
    const shown = page.watch.requests.filter((url) => url.startsWith(`${this.url}sign-in?`)).at(-1);
    assert.equal(new URL(shown).searchParams.get("error"), code);
    assert.equal(await this.ask(page, "session"), 401);
  }

  /** Goes all the way through the provider, and returns the address that leads back without having followed it. */
  async wayBack(page, provider, person) {
    const step = async (address, form) => {
      const options = { maxRedirects: 0, method: form ? "POST" : "GET", form };
      return (await page.request.fetch(address, options)).headers().location;
    };
    const question = new URL(await step(await step(this.begin(provider))), provider.issuer).href;
    return step(await step(question, { sub: person.sub }));
  }
}

/** Tells the provider who one is. */
export const answer = (page, { name }) => page.getByRole("button", { name, exact: true }).click();
