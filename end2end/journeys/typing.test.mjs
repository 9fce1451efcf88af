// Owns the journeys of who types faster than the page moves the keyboard: no key is lost, and none goes where it was not meant.

import assert from "node:assert/strict";

import { burst } from "../support/burst.mjs";
import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** Everything over a terminal that Escape closes, and how it is opened. @type {[string, (view: View) => Promise<void>][]} */
const OVER = [
  ["connection", (view) => view.page.getByRole("button", { name: /^Connected/ }).click()],
  ["settings", (view) => view.page.getByRole("button", { name: "Settings" }).click()],
  ["palette", (view) => view.press("Alt+Shift+P")],
  ["sessions", (view) => view.press("Alt+Shift+S")],
  ["search", (view) => view.press("Alt+Shift+F")],
  ["menu", (view) => view.pane.click({ button: "right" })],
];

journey("what is typed right behind Escape goes to the terminal, whatever lay over it", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  for (const [name, open] of OVER) {
    await view.focus();
    await open(view);
    const over = view.page.getByRole(name === "search" || name === "menu" ? name : "dialog");
    await over.waitFor();
    await burst(view, "Escape", `echo ${name}-it`, "Enter");
    await view.waitForText(new RegExp(`^\\$ echo ${name}-it\\n${name}-it\\s*$`, "m"));
    assert.equal(await over.count(), 0, name);
  }
});

journey("what is typed right behind the keys for a new tab or pane goes there, and nowhere else", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  const first = await view.session();
  await burst(view, "Alt+Shift+T", "echo in the new tab", "Enter");
  await view.waitForText(/^in the new tab\s*$/m);
  const second = await view.session();
  assert.notEqual(second, first);
  await burst(view, "Alt+Shift+D", "echo in the new pane", "Enter");
  await view.waitForText(/^in the new pane\s*$/m);
  assert.ok(![first, second].includes(await view.session()));
  assert.doesNotMatch(await view.text(first), /echo/);
  assert.doesNotMatch(await view.text(second), /pane/);
  // What a menu leads to has the keyboard, not what was under the menu.
  await view.pane.click({ button: "right" });
  await view.page.getByRole("menuitem", { name: /^Search/ }).press("Enter");
  await view.page.getByRole("search").waitFor();
  await burst(view, "new", "Escape", "echo found it", "Enter");
  await view.waitForText(/^found it\s*$/m);
  // Back and forth.
  await burst(view, "Alt+Shift+1", "echo once more in the first", "Enter");
  await view.waitForText(/^once more in the first\s*$/m);
  assert.equal(await view.session(), first);
});
