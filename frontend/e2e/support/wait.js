// Waiting for a condition instead of for a time.

const PATIENCE = 15_000;
const PAUSE = 50;

/**
 * Asks until the answer is truthy, and returns it. What was answered or thrown last is in the error, so that a failed
 * journey says what it saw.
 */
export async function until(what, ask, patience = PATIENCE) {
  const end = Date.now() + patience;
  let last;
  for (;;) {
    try {
      last = await ask();
      if (last) return last;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${patience / 1000} s in vain for: ${what}; last seen: ${seen}`);
    }
    await new Promise((go) => setTimeout(go, PAUSE));
  }
}

/** Asks until an assertion holds. */
export const eventually = (what, check, patience) =>
  until(what, async () => {
    await check();
    return true;
  }, patience);
