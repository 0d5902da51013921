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
    Object.assign(this, { world, service, titles: [], rules: 1 });
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
    const titles = Array.from({ length: count }, (_, nth) => `Shelf ${this.titles.length + nth + 1}`);
    await each(titles, (title) => this.world.sandbox.open(PROJECT, title));
    this.titles.push(...titles);
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
    const state = await this.world.sandbox.state();
    const known = new Map(state.merge_requests.map((one) => [one.title, one]));
    const next = this.titles.map((title) => [title, `${title.split(" · ")[0]} · ${suffix}`]);
    await each(next, async ([title, value]) => {
      const { project, iid } = known.get(title);
      await this.world.sandbox.post(`merge_requests/${project}/${iid}/title`, { value });
    });
    this.titles = next.map(([, title]) => title);
  }
}
