// An app of its own beside the demo's, which can be killed or configured while the sandbox lives.

import { RULE } from "./inbox.js";
import { Client } from "./people.js";
import { SANDBOX_SECRET, appAt, folder, freePort, startServe } from "./service.js";
import { until } from "./wait.js";

/**
 * Starts an app, set up by its owner, that serves a project of its own with one merge request. With a line, browsers
 * reach it through that alone.
 */
export async function ownApp(world, { port, env, line } = {}) {
  const at = { port: port ?? (await freePort()), path: await folder(world.scope), gitlab: world.sandbox.url, env };
  const start = () => startServe(world.scope, at);
  let app = await start();
  const { id } = await world.sandbox.post("projects", { path: "demo/warehouse" });
  const rule = { name: RULE, url: `${app.app}status_check`, secret: SANDBOX_SECRET };
  await world.sandbox.post(`projects/${id}/rules`, rule);
  const { client, person } = await Client.setUp(app.app, await app.setUpSecret());
  await world.sandbox.open("demo/warehouse", "Count boxes");
  const url = line ? appAt(line.port) : app.app;
  await until("the first check", async () => (await client.get("checks?state=pending")).items.length === 1);
  return {
    url,
    own: app.app,
    client,
    person,
    window: ({ origins = [], ...more } = {}) =>
      world.window({ origins: [app.app, url, ...origins], app: url, as: person, ...more }),
    kill: () => app.kill(),
    restart: async () => (app = await start()),
  };
}
