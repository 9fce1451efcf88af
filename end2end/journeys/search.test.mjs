// Owns the journeys of the search: the bar over the pane, what is found in all of the history, and that output goes on.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** The search bar and what a person does with it. */
class SearchBar {
  constructor(/** @type {import("../support/page.mjs").BowlinePage} */ view) {
    this.view = view;
    this.bar = view.pane.getByRole("search");
    this.field = this.bar.getByRole("textbox", { name: "Search" });
    this.count = this.bar.getByRole("status");
  }

  async open(chord = "Control+Shift+F") {
    await this.view.press(chord);
    await this.field.waitFor();
    return this;
  }

  async says(/** @type {string} */ words) {
    await until(`the search to say ${words}`, async () => (await this.count.textContent()) === words).catch(async (error) => {
      throw new Error(`${error.message}; it says ${await this.count.textContent()}`);
    });
  }

  async toggle(/** @type {string} */ way) {
    await this.bar.getByRole("button", { name: way }).click();
  }
}

journey("a search counts, steps both ways, and takes case, words and expressions", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("clear; seq -f 'apple %g' 60; echo Apple pie; echo pineapple", /pineapple\n/);
  await view.focus();
  const search = await new SearchBar(view).open();
  assert.ok(await search.field.evaluate((field) => field === document.activeElement), "the keyboard is in the field");
  await view.type("apple");
  // Of the command line nothing is left but the text that it printed.
  await search.says("62 of 62");
  await view.press("Enter");
  await search.says("1 of 62");
  await view.press("Shift+Enter");
  await search.says("62 of 62");
  await view.press("Shift+F3", "Shift+F3");
  await search.says("60 of 62");
  await view.press("F3");
  await search.says("61 of 62");

  await search.toggle("Whole words");
  await search.says("61 of 61");
  await search.toggle("Match case");
  await search.says("60 of 60");
  await search.toggle("Match case");
  await search.toggle("Whole words");
  await search.toggle("Regular expression");
  await search.field.fill("apple \\d$");
  await search.says("9 of 9");
  await search.field.fill("apple (");
  await search.says("Not a regular expression");
  assert.equal(await search.field.getAttribute("aria-invalid"), "true");
  await search.field.fill("nowhere at all");
  await search.says("No matches");

  await view.press("Escape");
  await search.bar.waitFor({ state: "detached" });
  await view.page.locator(".pane .xterm-helper-textarea:focus").waitFor({ state: "attached" });
  await view.type("echo back-$((1+1))\n");
  await view.waitForText(/^back-2$/m);
});

journey("what is found is shown and painted, the selected one apart", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("clear; seq -f 'row %g' 300", /^row 300$/m);
  await view.focus();
  const search = await new SearchBar(view).open("Alt+Shift+F");
  await view.type("row 1");
  await search.says("111 of 111");
  await view.press("Enter");
  await search.says("1 of 111");
  // Scrolled to: the first line with it is on screen, with the lines below it that have it too.
  const rows = view.pane.locator(".xterm-rows");
  await until("the first match on screen", async () => /row 1(?!\d)/.test((await rows.textContent()) ?? ""));
  const colours = async () =>
    rows.locator("span").evaluateAll((spans) => {
      const painted = spans.map((span) => getComputedStyle(span).backgroundColor);
      return [...new Set(painted.filter((colour) => colour !== "rgba(0, 0, 0, 0)"))];
    });
  await until("two colours", async () => (await colours()).length === 2);
  await view.press("Escape");
  await until("no colour", async () => (await colours()).length === 0);
});

journey("all of the history is searched, and output goes on below", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  const session = await view.session();
  await view.newTab();
  // More than a snapshot's first piece, while nobody looks.
  await server.type(session, "seq -f 'needle %.0f' 300000; echo all-$((1+1))\r");
  await until("the end of the flood", async () => {
    const screen = await server.api("api/session/screen", { session_id: session, format: "text" });
    return /^all-2\s*$/m.test(screen.json.text);
  });
  await view.selectTab(0);
  await view.waitForText(/^all-2\s*$/m);
  await view.focus();
  const search = await new SearchBar(view).open();
  await view.type("needle 29[1-3]\\d+$");
  await search.toggle("Regular expression");
  await search.says("3000 of 3000");

  // What is selected stands still; what comes meanwhile is there when the search ends.
  await server.type(session, "echo later-$((1+1))\r");
  await view.pane.getByRole("button", { name: "Output waits for the selection" }).waitFor();
  assert.doesNotMatch(await view.text(), /^later-2$/m);
  await search.field.focus();
  await view.press("Escape");
  await view.pane.getByRole("button", { name: "New output below" }).click();
  await view.waitForText(/^later-2$/m);

  // Found none: output comes in and is searched too.
  await search.open();
  await search.field.fill("not-yet-\\d$");
  await search.toggle("Regular expression");
  await search.says("No matches");
  await server.type(session, "echo not-yet-$((1+1))\r");
  await search.says("1 match");
});
