// The people of the sandbox, and talking to the service as one of them without a browser.

/** The demo's ready-made people; the password is the same for all and opens nothing else. */
const PASSWORD = "sandbox-password";
const sample = (name) => ({ email: `${name}@sandbox.example`, password: PASSWORD });
/** Decides. */
export const RITA = sample("rita");
/** Manages people, does not decide. */
export const ADAM = sample("adam");
/** Reads the record. */
export const AUDREY = sample("audrey");
/** Decides, but not on the merge requests that he wrote. */
export const ARTHUR = sample("arthur");

/** A session of a person. */
export class Client {
  constructor(app, cookie) {
    this.app = app;
    this.cookie = cookie;
  }

  static async signIn(app, { email, password }) {
    const client = new Client(app, "");
    const answer = await client.send("POST", "session", { email, password });
    client.keep(answer);
    return client;
  }

  /** Keeps the cookie that an answer sets. */
  keep(answer) {
    const [cookie] = answer.headers.getSetCookie();
    if (!cookie) throw new Error("no cookie was set");
    this.cookie = cookie.split(";")[0];
  }

  /** Sends as the pages do: from the same origin, and JSON only. */
  async send(method, path, body) {
    const headers = { origin: new URL(this.app).origin, "content-type": "application/json", cookie: this.cookie };
    const answer = await fetch(`${this.app}api/v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  }

  async get(path) {
    return (await this.send("GET", path)).json();
  }

  async post(path, body = {}) {
    return (await this.send("POST", path, body)).json();
  }

  /** Makes a person who has joined already. */
  async person(name, roles, more = {}) {
    const email = `${name.toLowerCase().replace(/\W+/g, ".")}@example.com`;
    const password = "correct horse battery";
    const { link, person } = await this.post("people", { name, email, roles, all_projects: true, ...more });
    const token = new URL(link.url).hash.slice(1);
    await new Client(this.app, "").send("POST", "links/accept", { token, password });
    return { id: person.id, name, email, password };
  }

  /** The first person of a new service, by the secret of its set-up link: administrator and reviewer. */
  static async setUp(app, token) {
    const person = { name: "Sole Owner", email: "owner@example.com", password: "correct horse battery" };
    const client = new Client(app, "");
    client.keep(await client.send("POST", "links/accept", { token, ...person }));
    return { client, person };
  }

  /** The cookie, as a browser's profile takes it. */
  forBrowser() {
    const [name, ...value] = this.cookie.split("=");
    return { name, value: value.join("="), url: new URL(this.app).origin, httpOnly: true, sameSite: "Lax" };
  }
}
