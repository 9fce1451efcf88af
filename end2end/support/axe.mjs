// Owns what axe-core says of a page. Must not decide what a journey looks at.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

const source = readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * What is serious or worse, one line for each element.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function seriousProblems(page) {
  // Evaluated by the debugger: the page's policy lets no foreign script in.
  await page.evaluate(await source);
  return page.evaluate(async () => {
    const axe = /** @type {any} */ (window).axe;
    const { violations } = await axe.run(document, { resultTypes: ["violations"] });
    return violations
      .filter((/** @type {any} */ violation) => ["serious", "critical"].includes(violation.impact))
      .flatMap((/** @type {any} */ { id, help, nodes }) =>
        nodes.map((/** @type {any} */ node) => `${id}: ${help}: ${node.target.join(" ")} ${node.html.slice(0, 120)} ${node.failureSummary ?? ""}`),
      );
  });
}
