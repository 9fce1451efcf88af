// Owns the frame of a journey as a test: a stage of its own, ended whatever happens, explained when it failed.
// Must not know what a journey does.

import { after, test } from "node:test";

import { Stage, closeBrowser } from "./stage.mjs";

const JOURNEY_MS = 240_000;

after(closeBrowser);

/**
 * One journey: its name says what it proves.
 *
 * @param {string} name
 * @param {(stage: Stage) => Promise<void>} body
 * @param {{timeout?: number}} [options]
 */
export function journey(name, body, { timeout = JOURNEY_MS } = {}) {
  test(name, { timeout }, async (t) => {
    const stage = new Stage((line) => t.diagnostic(line));
    try {
      await body(stage);
      const errors = stage.unexpectedErrors();
      if (errors.length > 0) throw new Error(`the page reported errors:\n${errors.join("\n")}`);
    } catch (error) {
      await stage.explain(name);
      throw error;
    } finally {
      await stage.end();
    }
  });
}
