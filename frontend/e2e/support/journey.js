// A journey: a test with a world of its own, watched from beginning to end.

import { after, test } from "node:test";
import { closeBrowser } from "./browser.js";
import { Scope, World } from "./world.js";

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
      console.error(await scope.notes(), "\nthe browser's console:", heard);
      throw error;
    } finally {
      await scope.end();
    }
  });
}
