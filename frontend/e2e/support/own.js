// An app of its own beside the demo's, which can be killed or configured while the sandbox lives.

import { RULE } from "./inbox.js";
import { Client } from "./people.js";
import { SANDBOX_SECRET, folder, freePort, startServe } from "./service.js";
import { until } from "./wait.js";

/** Starts an app, set up by its owner, that serves a project of its own with one merge request. */
export async function ownApp(world, { port, env } = {}) {
  const at = { port: port ?? (await freePort()), path: await folder(world.scope), gitlab: world.sandbox.url, env };
  const start = () => startServe(world.scope, at);
  let app = await start();
  const { id } = await world.sandbox.post("projects", { path: "demo/warehouse" });
  const rule = { name: RULE, url: `${app.app}status_check`, secret: SANDBOX_SECRET };
  await world.sandbox.post(`projects/${id}/rules`, rule);
  const { client, person } = await Client.setUp(app.app, await app.setUpSecret());
  await world.sandbox.open("demo/warehouse", "Count boxes");
  await until("the first check", async () => (await client.get("checks?state=pending")).items.length === 1);
  return {
    url: app.app,
    client,
    person,
    window: ({ origins = [], ...more } = {}) =>
      world.window({ origins: [app.app, ...origins], app: app.app, as: person, ...more }),
    kill: () => app.kill(),
    restart: async () => (app = await start()),
  };
}
