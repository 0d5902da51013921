// A real OpenID Connect provider in the tests' own process (oidc-provider, which is certified), with pages that a
// browser clicks through. It can be told to hand out tokens that nobody may trust.

import { generateKeyPair, randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer } from "node:http";
import { text as bodyOf } from "node:stream/consumers";
import { promisify } from "node:util";
import Provider from "oidc-provider";
import { spoil } from "./tokens.js";

/** An RSA key that exists for this run only. */
const newKey = async () => (await promisify(generateKeyPair)("rsa", { modulusLength: 2048 })).privateKey;

/** Which claims come with which scope; `gitlab_user_id` is what a company's directory would add. */
const CLAIMS = { openid: ["sub"], profile: ["name", "gitlab_user_id"], email: ["email", "email_verified"], groups: ["groups"] };
const HOUR = 3600;

const page = (title, content) =>
  `<!doctype html><html lang="en"><meta charset="utf-8"><title>${title}</title><link rel="icon" href="data:,">` +
  `<main><h1>${title}</h1>${content}</main></html>`;

export class IdentityProvider {
  /** Names one of `spoil`'s faults: from then on every id token has it. */
  fault = null;
  #key;
  #server;
  #oidc;

  /**
   * Starts a provider that knows these people and this app. People may be changed at any time, as in a directory. The
   * host is another site than the app's, as in life: a cookie that does not survive that is lost here as well.
   */
  static async start(scope, { id, name, app, people, host = "127.0.0.2", linkByEmail = false }) {
    const provider = new IdentityProvider();
    Object.assign(provider, { id, name, people, host, app, linkByEmail, port: 0, clientId: "approval-app" });
    // With what has to be escaped in a header and in a form (RFC 6749, section 2.3.1).
    provider.secret = `${randomBytes(24).toString("base64")}:%&`;
    provider.#key = await newKey();
    await provider.listen();
    provider.#oidc = new Provider(provider.issuer, provider.#options());
    provider.#oidc.use((context, next) => provider.#misbehave(context, next));
    scope.after(() => provider.stop());
    scope.onFailure(() => `${name} at ${provider.issuer}, fault: ${provider.fault}`);
    return provider;
  }

  get issuer() {
    return `http://${this.host}:${this.port}`;
  }

  /** The provider's part of the app's file. A JSON string is a TOML string as well. */
  get toml() {
    const words = { id: this.id, name: this.name, issuer: this.issuer, client_id: this.clientId, client_secret: this.secret };
    return `[[provider]]
${Object.entries(words).map(([key, value]) => `${key} = ${JSON.stringify(value)}`).join("\n")}
scopes = ["groups"]
groups_claim = "groups"
gitlab_user_id_claim = "gitlab_user_id"
all_projects = true
link_by_email = ${this.linkByEmail}
[provider.group_roles]
"approvers" = ["reviewer"]
"admins" = ["administrator", "reviewer"]
`;
  }

  /** Comes up, after `stop` at the same address. */
  async listen() {
    this.#server = createServer((request, response) => this.#answer(request, response));
    this.#server.listen(this.port, this.host);
    await once(this.#server, "listening");
    this.port = this.#server.address().port;
  }

  async stop() {
    if (!this.#server.listening) return;
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, "close");
  }

  #options() {
    const key = { ...this.#key.export({ format: "jwk" }), kid: "of-this-run", alg: "RS256", use: "sig" };
    return {
      clients: [{
        client_id: this.clientId,
        client_secret: this.secret,
        redirect_uris: [`${this.app}api/v1/sign-in/${this.id}/callback`],
        post_logout_redirect_uris: [`${this.app}sign-in`],
      }],
      claims: CLAIMS,
      // As most providers do, the token itself tells them.
      conformIdTokenClaims: false,
      scopes: Object.keys(CLAIMS),
      cookies: { keys: [randomBytes(24).toString("hex")] },
      jwks: { keys: [key] },
      pkce: { required: () => true },
      ttl: { AccessToken: HOUR, AuthorizationCode: 60, Grant: HOUR, IdToken: HOUR, Interaction: HOUR, Session: HOUR },
      interactions: { url: (_, interaction) => `/who/${interaction.uid}` },
      features: {
        devInteractions: { enabled: false },
        rpInitiatedLogout: {
          enabled: true,
          logoutSource: (context, form) => {
            const button = `<button form="op.logoutForm" name="logout" value="yes">Leave ${this.name}</button>`;
            context.body = page("Are you sure?", form + button);
          },
        },
      },
      renderError: (context, out) => (context.body = page("Refused", `${out.error}: ${out.error_description}`)),
      findAccount: (_, sub) => {
        const person = this.people.find((one) => one.sub === sub);
        return person && { accountId: sub, claims: () => person };
      },
      loadExistingGrant: async ({ oidc }) => {
        // Nobody is asked for consent: the company has given it for everybody.
        const grant = new this.#oidc.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
        grant.addOIDCScope(Object.keys(CLAIMS).join(" "));
        await grant.save();
        return grant;
      },
    };
  }

  /** The provider's own answers, and the page that asks who somebody is. */
  async #answer(request, response) {
    if (!request.url.startsWith("/who/")) return this.#oidc.callback()(request, response);
    try {
      if (request.method === "POST") {
        const sub = new URLSearchParams(await bodyOf(request)).get("sub");
        const refused = { error: "access_denied", error_description: "They changed their mind." };
        return await this.#oidc.interactionFinished(request, response, sub ? { login: { accountId: sub } } : refused);
      }
      await this.#oidc.interactionDetails(request, response);
      const button = (sub, name) => `<button name="sub" value="${sub}">${name}</button>`;
      const all = this.people.map((one) => button(one.sub, one.name)).join("") + button("", "Cancel");
      response.setHeader("content-type", "text/html; charset=utf-8");
      return response.end(page(this.name, `<form method="post">${all}</form>`));
    } catch (error) {
      response.statusCode = 400;
      return response.end(String(error));
    }
  }

  /** Puts a bad id token into an answer that is good otherwise. */
  async #misbehave(context, next) {
    await next();
    if (!this.fault || !context.body?.id_token) return;
    context.body.id_token = spoil(this.fault, context.body.id_token, { own: this.#key, strange: await newKey() });
  }
}
