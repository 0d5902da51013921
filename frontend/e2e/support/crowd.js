// A project with many checks: several rules, so that a few merge requests make many of them.

import { RULE } from "./inbox.js";
import { SANDBOX_SECRET } from "./service.js";
import { until } from "./wait.js";

const PROJECT = "demo/warehouse";

/** Runs for each, so many at a time. */
export async function each(things, run, at_once = 8) {
  const rest = [...things];
  await Promise.all(Array.from({ length: at_once }, async () => {
    for (let next = rest.shift(); next !== undefined; next = rest.shift()) await run(next);
  }));
}

export class Crowd {
  constructor(world, service) {
    Object.assign(this, { world, service, opened: [], rules: 1 });
  }

  /** Adds rules to the project of an app of its own, which has one. */
  async rule(more) {
    const id = await this.world.sandbox.projectId(PROJECT);
    for (let nth = 1; nth <= more; nth += 1, this.rules += 1) {
      const url = `${this.service.own}status_check/${nth}`;
      await this.world.sandbox.post(`projects/${id}/rules`, { name: `${RULE} ${nth + 1}`, url, secret: SANDBOX_SECRET });
    }
  }

  /** Opens merge requests, and waits until all their checks are there. */
  async open(count) {
    const before = await this.all();
    const project = await this.world.sandbox.projectId(PROJECT);
    const titles = Array.from({ length: count }, (_, nth) => `Shelf ${this.opened.length + nth + 1}`);
    await each(titles, async (title) => {
      const { iid } = await this.world.sandbox.post("merge_requests", { project, title });
      this.opened.push({ project, iid, title });
    });
    await this.until(before.length + count * this.rules);
  }

  async until(count) {
    await until(`${count} checks`, async () => (await this.all()).length >= count, 90_000);
  }

  /** All that waits, as the service lists it. */
  async all(query = "state=pending") {
    const found = [];
    for (let cursor = ""; cursor !== null;) {
      const page = await this.service.client.get(`checks?${query}&limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
      found.push(...page.items);
      cursor = page.next_cursor;
    }
    return found;
  }

  /** Changes the title of every merge request, which is an event for each of its checks. */
  async rename(suffix) {
    await each(this.opened, async (one) => {
      const value = `${one.title.split(" · ")[0]} · ${suffix}`;
      await this.#act(one, "title", { value });
      one.title = value;
    });
  }

  /** Closes so many merge requests, those that were opened first. */
  async close(count) {
    await each(this.opened.splice(0, count), (one) => this.#act(one, "close"));
  }

  async #act({ project, iid }, action, body) {
    await this.world.sandbox.post(`merge_requests/${project}/${iid}/${action}`, body);
  }
}
