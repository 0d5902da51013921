// The sandbox's control API: what developers, GitLab and bad luck do, without a browser.

import { SANDBOX_TOKEN } from "./service.js";

export class Sandbox {
  constructor(url) {
    this.url = url.replace(/\/$/, "");
  }

  async state() {
    return (await fetch(`${this.url}/sandbox/state`)).json();
  }

  async post(path, body = {}) {
    return this.#send("POST", `sandbox/${path}`, body);
  }

  /** GitLab's own API, as somebody with the token uses it. */
  async get(path) {
    return this.#send("GET", `api/v4/${path}`);
  }

  async put(path, body) {
    return this.#send("PUT", `api/v4/${path}`, body);
  }

  async #send(method, path, body) {
    const headers = { "content-type": "application/json", "private-token": SANDBOX_TOKEN };
    const answer = await fetch(`${this.url}/${path}`, { method, headers, body: JSON.stringify(body) });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
    return JSON.parse(text);
  }

  /** The merge request with this title. */
  async mergeRequest(title) {
    const { merge_requests: all } = await this.state();
    const found = all.find((one) => one.title === title);
    if (!found) throw new Error(`the sandbox has no merge request “${title}”`);
    return found;
  }

  /** What GitLab's merge request widget shows for one rule. */
  async shows(title, rule) {
    const { checks } = await this.mergeRequest(title);
    return checks.find((check) => check.name === rule)?.status;
  }

  /** Answers a check without the app, as anybody with a token may. */
  async answer(title, rule, status) {
    const { project, iid, sha, checks } = await this.mergeRequest(title);
    const { rule: id } = checks.find((check) => check.name === rule);
    const body = { external_status_check_id: id, sha, status };
    return this.#send("POST", `api/v4/projects/${project}/merge_requests/${iid}/status_check_responses`, body);
  }

  async projectId(path) {
    return (await this.state()).projects.find((one) => one.path === path).id;
  }

  async open(project, title, more = {}) {
    return this.post("merge_requests", { project: await this.projectId(project), title, ...more });
  }

  async act(title, action, body = {}) {
    const { project, iid } = await this.mergeRequest(title);
    return this.post(`merge_requests/${project}/${iid}/${action}`, body);
  }
}
