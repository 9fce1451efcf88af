// Owns the one way in which tests wait for something that sends no event (a file, a process table, a port).
// Must not be used where an event, a promise or Playwright's own waiting exists.

import { setTimeout as pause } from "node:timers/promises";

/** How long a wait may take unless its caller says otherwise. Generous: two busy cores must pass. */
export const DEADLINE_MS = 30_000;

/**
 * Asks `probe` until it answers something truthy, and returns that answer.
 * An error thrown by the probe counts as "not yet"; the last one is reported when time is over.
 *
 * @template T
 * @param {string} what named in the error
 * @param {() => T | Promise<T>} probe
 * @param {{deadline?: number, every?: number}} [options]
 * @returns {Promise<Exclude<Awaited<T>, false | null | undefined>>}
 */
export async function until(what, probe, { deadline = DEADLINE_MS, every = 20 } = {}) {
  const end = Date.now() + deadline;
  let last;
  for (;;) {
    try {
      const answer = await probe();
      if (answer) return /** @type {any} */ (answer);
      last = undefined;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) {
      throw new Error(`not seen within ${deadline} ms: ${what}`, { cause: last });
    }
    await pause(every);
  }
}

/**
 * A promise with a deadline.
 *
 * @template T
 * @param {string} what
 * @param {Promise<T>} promise
 * @param {number} [deadline]
 * @returns {Promise<T>}
 */
export function within(what, promise, deadline = DEADLINE_MS) {
  /** @type {NodeJS.Timeout} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done within ${deadline} ms: ${what}`)), deadline);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
