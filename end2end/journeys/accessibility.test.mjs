// Owns the journeys of who sees little, hears the page, or has no mouse: axe-core in a light and a dark theme at three
// sizes, and the whole page by keyboard alone.

import assert from "node:assert/strict";

import { seriousProblems } from "../support/axe.mjs";
import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";

const SIZES = [
  { width: 390, height: 844 },
  { width: 1280, height: 720 },
  { width: 2560, height: 1440 },
];

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  journey(`axe-core finds nothing serious in the ${colorScheme} theme, at three sizes, dialogs open or not`, async (stage) => {
    await stage.server();
    // Colours on their way to others are nobody's text.
    const view = await stage.page({ colorScheme, device: { reducedMotion: "reduce" } });
    await view.waitForText(PROMPT);
    await view.newTab();
    /** @type {string[]} */
    const found = [];
    for (const viewport of SIZES) {
      await view.page.setViewportSize(viewport);
      const look = async (/** @type {string} */ what) => {
        const problems = await seriousProblems(view.page);
        found.push(...problems.map((problem) => `${what} at ${viewport.width}: ${problem}`));
      };
      await look("workspace");
      for (const [keys, name] of [
        ["Alt+Shift+KeyS", "Sessions"],
        ["Alt+Shift+Slash", "Keyboard shortcuts"],
        ["Alt+Shift+Comma", "Settings"],
      ]) {
        await view.focus();
        await view.press(keys);
        const dialog = view.page.getByRole("dialog", { name });
        await dialog.waitFor();
        await look(name);
        await view.press("Escape");
        await dialog.waitFor({ state: "hidden" });
      }
    }
    assert.deepEqual(found, []);
  });
}
