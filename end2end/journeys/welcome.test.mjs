// Owns the journeys of the first-run hints: when they come, that they are never in the way, and how they go.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

function hints(/** @type {View} */ view) {
  return view.page.getByRole("complementary", { name: "Welcome" });
}

journey("a first visitor sees the hints below the prompt; the first key takes them away and reaches the shell", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await hints(view).waitFor();
  for (const words of ["claude", "codex", "gemini", "opencode", "gh auth login", "sessions go on when you close the tab"]) {
    await hints(view).getByText(words).first().waitFor();
  }
  await hints(view).getByText(/^\d+\.\d+\.\d+/).waitFor();
  // The keyboard is in the terminal, and so is the pointer: over the hints it is the terminal's.
  const under = await hints(view).evaluate((card) => {
    const { left, top } = card.getBoundingClientRect();
    return document.elementFromPoint(left + 8, top + 8)?.closest(".screen") !== null;
  });
  assert.ok(under, "the hints let the pointer through");
  const [card, prompt] = await Promise.all([
    hints(view).boundingBox(),
    view.pane.locator(".xterm-helper-textarea").evaluate((textarea) => textarea.getBoundingClientRect().bottom),
  ]);
  assert.ok(card && prompt <= card.y, "the prompt is not covered");
  await view.type("echo typed-$((1+1))\n");
  await hints(view).waitFor({ state: "hidden" });
  await view.waitForText(/^typed-2\s*$/m);
  await view.press("Control+L");
  await view.waitForText(PROMPT);
  await view.reload();
  assert.equal(await hints(view).count(), 0, "once dismissed they don't come again");
  await view.focus();
  await view.press("Alt+Shift+H");
  await hints(view).waitFor();
  await hints(view).getByRole("button", { name: "Got it" }).click();
  await hints(view).waitFor({ state: "hidden" });
  await view.type("echo back-$((1+1))\n");
  await view.waitForText(/^back-2\s*$/m);
});

journey("the hints make room for output that nobody typed for, and come again until they are dismissed", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await hints(view).waitFor();
  await server.type(await view.session(), "seq 50\r");
  await hints(view).waitFor({ state: "hidden" });
  await server.type(await view.session(), "clear\r");
  await view.waitForText(/^\$ *\n*$/);
  await view.reload();
  await hints(view).waitFor();
  await hints(view).getByRole("button", { name: "All keys" }).click();
  await view.page.getByRole("dialog", { name: "Keyboard shortcuts" }).waitFor();
  await hints(view).waitFor({ state: "hidden" });
});

journey("who comes with several tabs needs no hints", async (stage) => {
  await stage.server();
  const one = await stage.page();
  await one.newTab();
  const two = await stage.page();
  await two.waitForTabs(2);
  await two.waitForText(PROMPT);
  assert.equal(await hints(two).count(), 0);
});
