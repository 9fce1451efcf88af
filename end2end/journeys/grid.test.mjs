// Owns the journeys of the grid: its sizes, its slots, and that it shows the same panes as the tabs.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** The toolbar's button of a size. */
function size(/** @type {View} */ view, /** @type {string} */ name) {
  return view.page.getByRole("toolbar", { name: "Grid" }).getByRole("button", { name, exact: true });
}

/** What the dots say. */
function dots(/** @type {View} */ view) {
  return view.page.locator(".dot").evaluateAll((dots) => dots.map((dot) => dot.getAttribute("data-slot")).join(" "));
}

/** Tabs with a shell each. @returns {Promise<string[]>} their sessions */
async function tabs(/** @type {View} */ view, /** @type {number} */ count) {
  await view.waitForText(PROMPT);
  const sessions = [await view.session()];
  while (sessions.length < count) {
    await view.newTab();
    sessions.push(await view.session());
  }
  return sessions;
}

journey("the grid shows the panes of all tabs, as large as they are many, and keeps them running", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const sessions = await tabs(view, 3);
  await view.run("echo kept-$((1+1))", /^kept-2\s*$/m);
  await view.paneOf(sessions[2]).locator(".xterm").evaluate((terminal) => Object.assign(terminal, { journeyMark: "kept" }));
  await view.press("Alt+Shift+G");
  await view.waitForPanes(3);
  assert.equal(await dots(view), "live live focused empty");
  assert.equal(await size(view, "4 terminals").getAttribute("aria-pressed"), "true");
  const places = Object.values(await view.places());
  const [first] = places;
  for (const { width, height } of places) {
    assert.ok(Math.abs(width - first.width) <= 1 && Math.abs(height - first.height) <= 1, "equal cells");
  }
  const mark = view.paneOf(sessions[2]).locator(".xterm").evaluate((terminal) => /** @type {any} */ (terminal).journeyMark);
  assert.equal(await mark, "kept");
  await view.waitForText(/^kept-2\s*$/m, { session: sessions[2] });
  // A tab in the bar leads to its pane.
  await view.tabElements.nth(0).click();
  await view.waitForUse(sessions[0]);
  await view.press("Alt+Shift+ArrowRight");
  await view.waitForUse(sessions[1]);
  await view.press("Alt+Shift+G");
  await view.waitForPanes(1);
  await view.waitForUse(sessions[1]);
  assert.equal((await server.sessions()).length, 3);
});

journey("every size has its cells; what has no slot comes back with a larger one", async (stage) => {
  await stage.server();
  const view = await stage.page({ viewport: { width: 1600, height: 1000 } });
  const sessions = await tabs(view, 3);
  await view.press("Alt+Shift+G");
  await view.waitForPanes(3);
  for (const [name, slots] of /** @type {[string, number][]} */ ([
    ["20 terminals", 20],
    ["16 terminals", 16],
    ["12 terminals", 12],
    ["9 terminals", 9],
    ["6 terminals", 6],
    ["4 terminals", 4],
    ["2 terminals, one below the other", 2],
    ["2 terminals side by side", 2],
    ["1 terminal", 1],
  ])) {
    await size(view, name).click();
    await view.waitForPanes(Math.min(slots, 3));
    assert.equal(await view.page.locator(".dot").count(), slots);
    assert.equal(await view.page.locator(".slot").count(), Math.max(slots - 3, 0));
  }
  assert.equal(await view.session(), sessions[2], "the pane in use is on screen");
  // Used, another takes its place.
  await view.tabElements.nth(0).click();
  await view.waitForUse(sessions[0]);
  await view.waitForPanes(1);
  await size(view, "4 terminals").click();
  await view.waitForPanes(3);
  await view.run("echo back-$((1+1))", /^back-2\s*$/m);
});

journey("a closed pane leaves an empty slot, which opens a terminal; a reload and a second browser agree", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const sessions = await tabs(view, 4);
  await view.press("Alt+Shift+G");
  await view.waitForPanes(4);
  await view.paneOf(sessions[1]).getByRole("button", { name: /^Close pane/ }).click();
  await view.waitForPanes(3);
  assert.equal(await dots(view), "live empty focused live");
  assert.equal((await server.sessions()).length, 4, "closing a pane never ends a session");
  await view.page.getByRole("button", { name: "Open a terminal in slot 2" }).click();
  await view.waitForPanes(4);
  assert.equal(await dots(view), "live focused live live");
  await view.waitForText(PROMPT);
  const places = await view.places();
  await view.reload();
  await view.waitForPanes(4);
  assert.deepEqual(await view.places(), places);
  const two = await stage.page();
  await two.waitForPanes(4);
  assert.deepEqual(await two.places(), places);
});

journey("the server says which view comes first; a choice beats that, until it is taken back", async (stage) => {
  await stage.server({ env: { TERMINAL_MODE: "grid" } });
  const view = await stage.page();
  await view.page.getByRole("toolbar", { name: "Grid" }).waitFor();
  const saved = view.page.waitForResponse(
    (response) => response.url().endsWith("/api/workspace") && response.request().method() === "POST",
  );
  await view.press("Alt+Shift+G");
  await view.page.getByRole("toolbar", { name: "Grid" }).waitFor({ state: "hidden" });
  await saved;
  await view.reload();
  assert.equal(await view.page.getByRole("toolbar", { name: "Grid" }).count(), 0);
  await view.press("Alt+Shift+Backspace");
  await view.page.getByRole("toolbar", { name: "Grid" }).waitFor();
  await until("nothing is chosen", async () => (await view.page.getByRole("button", { name: "Reset view" }).count()) === 0);
});

journey("the toolbar is walked by arrow keys", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.focus();
  await view.press("Control+Alt+Shift+Digit2");
  await view.page.locator(".dot").nth(1).waitFor();
  await size(view, "2 terminals side by side").focus();
  await view.press("ArrowRight", "ArrowRight", "Enter");
  await view.page.locator(".dot").nth(3).waitFor();
  assert.equal(await size(view, "4 terminals").getAttribute("aria-pressed"), "true");
});
