// Owns the journeys of tabs: what a reload, a second browser and the picker show is what the server keeps.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** Three tabs with different work in them, named. */
async function threeTabs(/** @type {import("../support/page.mjs").BowlinePage} */ view) {
  await view.waitForText(PROMPT);
  await view.run("echo first-$((1+0)) $$", /^first-1 \d+/m);
  await view.newTab();
  await view.run("seq -f 'second-%g' 3; MINE=second", /^second-3\s*$/m);
  await view.newTab();
  await view.run("node counter.mjs 100 5; echo third-$((1+2))", /^third-3\s*$/m);
  await view.renameTab(0, "alpha");
  await view.renameTab(1, "beta");
  await view.renameTab(2, "gamma");
}

/** The text of every tab, in order. */
async function texts(/** @type {import("../support/page.mjs").BowlinePage} */ view) {
  const all = [];
  const { length } = await view.tabs();
  for (let index = 0; index < length; index += 1) {
    await view.selectTab(index);
    await view.waitForText(PROMPT);
    all.push((await view.text()).trimEnd());
  }
  return all;
}

journey("a reload shows the same tabs, names, order and content, and starts no second shell", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await threeTabs(view);
  const before = await texts(view);
  const sessions = (await server.sessions()).map(({ session_id }) => session_id).sort();
  assert.equal(sessions.length, 3);
  await view.selectTab(1);
  await view.reload();
  assert.deepEqual(await view.tabs(), [
    { name: "alpha", selected: false },
    { name: "beta", selected: true },
    { name: "gamma", selected: false },
  ]);
  assert.deepEqual(await texts(view), before);
  await view.selectTab(1);
  await view.run("echo still-$MINE", /^still-second\s*$/m);
  assert.deepEqual((await server.sessions()).map(({ session_id }) => session_id).sort(), sessions);
});

journey("a second browser shows the same tabs and the same live bytes, both ways", async (stage) => {
  const server = await stage.server();
  const one = await stage.page();
  await threeTabs(one);
  const two = await stage.page();
  assert.deepEqual(
    (await two.tabs()).map(({ name }) => name),
    ["alpha", "beta", "gamma"],
  );
  await one.selectTab(0);
  await two.selectTab(0);
  await one.run("echo from-one-$((1+0))", /^from-one-1\s*$/m);
  await two.waitForText(/^from-one-1\s*$/m);
  await two.run("echo from-two-$((1+1))", /^from-two-2\s*$/m);
  await one.waitForText(/^from-two-2\s*$/m);
  await one.waitForText(PROMPT);
  await two.waitForText(PROMPT);
  assert.equal((await one.text()).trimEnd(), (await two.text()).trimEnd());
  assert.equal((await server.sessions()).length, 3);
});

journey("a tab added in one browser appears in the other", async (stage) => {
  await stage.server();
  const one = await stage.page();
  const two = await stage.page();
  await one.newTab();
  await one.run("echo shared-$((1+1))", /^shared-2\s*$/m);
  await two.waitForTabs(2);
  await two.selectTab(1);
  await two.waitForText(/^shared-2\s*$/m);
});

journey("closing a tab detaches: the picker brings the same shell back with its content", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.newTab();
  await view.run("MINE=kept; echo kept-$((1+1)); sleep 1", /^kept-2\s*$/m);
  await view.renameTab(1, "to keep");
  const session = await view.session();
  await view.closeTab(1);
  assert.equal((await server.sessions()).length, 2, "closing a view never ends a session");
  const picker = await view.openPicker();
  await picker.attach("to keep");
  await view.waitForTabs(2);
  await view.waitForPane("live");
  assert.equal(await view.session(), session);
  await view.waitForText(/^kept-2\s*$/m);
  await view.run("echo again-$MINE", /^again-kept\s*$/m);
});

journey("keys add, switch, jump to and close tabs", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.focus();
  for (const tabs of [2, 3]) {
    await view.press("Alt+Shift+T");
    await view.waitForTabs(tabs);
    await view.waitForPane("live");
  }
  const selected = async () => (await view.tabs()).findIndex((tab) => tab.selected);
  const press = async (/** @type {string} */ chord, /** @type {number} */ expected) => {
    await view.press(chord);
    await view.page.locator("[role=tablist] [role=tab]").nth(expected).and(view.page.locator("[aria-selected=true]")).waitFor();
  };
  assert.equal(await selected(), 2, "a new tab comes to the front");
  await press("Alt+Shift+Digit1", 0);
  await press("Alt+Shift+BracketRight", 1);
  await press("Alt+Shift+BracketLeft", 0);
  await press("Alt+Shift+Digit3", 2);
  await view.press("Alt+Shift+W");
  await view.waitForTabs(2);
  // None of the chords reached a shell.
  await view.waitForText(PROMPT);
  assert.match((await view.text()).trimEnd(), /^\$$/);
});

journey("what is changed in the moment before the page is left is kept", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.newTab();
  await view.waitForText(PROMPT);
  await view.renameTab(0, "first");
  await view.renameTab(1, "second");
  const names = async () => (await view.tabs()).map(({ name }) => name).join(" ");
  // The save that is under way as the page is left never comes to the server.
  let cut = 0;
  await view.page.route("**/api/workspace", async (route) => {
    if (route.request().method() === "POST" && cut === 0) cut += 1;
    else await route.continue();
  });
  await view.focus();
  await view.press("Control+Alt+Shift+BracketLeft");
  await until("a save under way", () => cut === 1);
  await view.reload();
  await until("the moved tab", async () => (await names()) === "second first");
});
