// Owns the journeys of the settings about the clipboard: each takes effect at once, in panes that are open already, and
// is kept.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { openSettings } from "../support/settings.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** A page that may use the clipboard. */
async function withClipboard(/** @type {import("../support/stage.mjs").Stage} */ stage) {
  const server = await stage.server();
  const view = await stage.page();
  await view.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await view.waitForText(PROMPT);
  const read = () => view.page.evaluate(() => navigator.clipboard.readText());
  const write = (/** @type {string} */ text) => view.page.evaluate((text) => navigator.clipboard.writeText(text), text);
  return { server, view, read, write };
}

/** Changes something in the group and goes back to the terminal. */
async function set(/** @type {View} */ view, /** @type {(dialog: import("playwright-core").Locator) => Promise<unknown>} */ change) {
  const dialog = await openSettings(view, "Clipboard");
  await change(dialog);
  await view.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await view.focus();
}

const onSwitch = (/** @type {string} */ name, /** @type {boolean} */ on) => (/** @type {import("playwright-core").Locator} */ dialog) =>
  dialog.getByRole("switch", { name }).setChecked(on);

/** Where a line of the terminal is on the page. */
async function line(/** @type {View} */ view, /** @type {RegExp} */ text) {
  const box = await view.pane.locator(".xterm-rows > div").filter({ hasText: text }).last().boundingBox();
  assert.ok(box);
  return { x: box.x + 20, y: box.y + box.height / 2 };
}

journey("what is selected is copied at once for who likes that, and by nobody else", async (stage) => {
  const { view, read, write } = await withClipboard(stage);
  await write("nothing");
  await view.run("clear; echo selected-$((6*7))", /^selected-42\n/m);
  const word = await line(view, /^selected-42\s*$/);
  await view.page.mouse.dblclick(word.x, word.y);
  await view.press("Escape");
  await view.waitForText(PROMPT);
  assert.equal(await read(), "nothing", "not asked for");

  await set(view, onSwitch("Copy on select", true));
  await view.page.mouse.dblclick(word.x, word.y);
  await until("a copy", async () => (await read()) === "selected-42");
  // A click that selects nothing copies nothing.
  await write("kept");
  await view.page.mouse.click(word.x, word.y);
  await view.page.mouse.click(word.x + 200, word.y);
  assert.equal(await read(), "kept");

  await view.reload();
  await view.page.mouse.dblclick(word.x, word.y);
  await until("a copy after a reload", async () => (await read()) === "selected-42");
});

journey("programs copy only while the settings let them, in panes that are open already", async (stage) => {
  const { view, read, write } = await withClipboard(stage);
  const copy = (/** @type {string} */ text) => view.run(`printf '\\033]52;c;%s\\a' $(printf ${text} | base64)`);
  await write("mine");
  await set(view, onSwitch("Programs may copy", false));
  await copy("theirs");
  await view.page.getByText("A program wanted to copy 6 characters; your settings don’t allow it.").waitFor();
  assert.equal(await read(), "mine");
  await set(view, onSwitch("Programs may copy", true));
  await copy("allowed");
  await view.page.getByText("A program copied 7 characters to the clipboard.").waitFor();
  assert.equal(await read(), "allowed");
});

journey("lines are pasted without a question, or with one about two, as the user likes", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  const question = view.page.getByRole("dialog", { name: "Paste this?" });
  await set(view, async (dialog) => {
    const many = dialog.getByRole("spinbutton", { name: "Ask about long pastes" });
    await many.fill("2");
    await many.press("Enter");
  });
  // The shell takes pastes in brackets.
  await view.paste("echo one-$((1+1))\necho two-$((1+1))");
  await question.waitFor();
  await view.press("Escape");
  await question.waitFor({ state: "detached" });

  await set(view, onSwitch("Ask before pasting lines", false));
  await view.run("cat", /^\$ cat\n/m);
  await view.paste("three\nfour\n");
  await view.waitForText(/^four\n(.*\n)*four\n/m);
  assert.equal(await question.count(), 0);
  await view.press("Control+d");
  await view.waitForText(PROMPT);
  await set(view, onSwitch("Ask before pasting lines", true));
  await view.paste("five\nsix");
  await question.waitFor();
});

journey("the right button pastes, or copies what is selected; the menu comes back with the setting", async (stage) => {
  const { view, read, write } = await withClipboard(stage);
  const menu = view.page.getByRole("menu", { name: "Terminal" });
  await set(view, (dialog) => dialog.getByRole("radio", { name: "Paste" }).check());
  await view.run("clear; echo word-$((6*7))", /^word-42\n/m);
  const word = await line(view, /^word-42\s*$/);
  await write("echo clicked-$((1+1))");
  await view.page.mouse.click(word.x + 200, word.y, { button: "right" });
  await view.waitForText(/echo clicked-\$/);
  await view.press("Enter");
  await view.waitForText(/^clicked-2$/m);
  await view.page.mouse.dblclick(word.x, word.y);
  await view.page.mouse.click(word.x, word.y, { button: "right" });
  await until("a copy", async () => (await read()) === "word-42");
  assert.equal(await menu.count(), 0);

  // The menu's key asks for the menu.
  await view.focus();
  await view.press("ContextMenu");
  await menu.waitFor();
  await view.press("Escape");
  await set(view, (dialog) => dialog.getByRole("radio", { name: "Menu" }).check());
  await view.page.mouse.click(word.x + 200, word.y, { button: "right" });
  await menu.waitFor();
});

journey("a plain click opens a link for who likes that, and selecting in its text does not", async (stage) => {
  const { server, view } = await withClipboard(stage);
  const target = `${server.url}health`;
  const print = () => view.run(`clear; printf '\\033]8;;${target}\\033\\\\a-link-to-open\\033]8;;\\033\\\\\\n'`, /^a-link-to-open\n/m);
  await print();
  const link = await line(view, /^a-link-to-open\s*$/);
  const pages = () => view.page.context().pages().length;
  const tip = view.pane.locator(".link-tip");
  const says = (/** @type {RegExp} */ words) => until(`${words}`, async () => words.test((await tip.textContent().catch(() => "")) ?? ""));
  await view.page.mouse.move(link.x, link.y);
  await says(/Ctrl or ⌘ and click opens it/);
  await view.page.mouse.click(link.x, link.y);
  assert.equal(pages(), 1);

  await set(view, async (dialog) => {
    await dialog.getByRole("radio", { name: "Click", exact: true }).check();
  });
  // The same cell again would be no news to the terminal.
  await view.page.mouse.move(link.x + 60, link.y);
  await says(/\nA click opens it/);
  // Selecting ends on the link.
  await view.page.mouse.down();
  await view.page.mouse.move(link.x + 20, link.y, { steps: 4 });
  await until("a selection", async () => (await view.pane.locator(".xterm-selection div").count()) > 0);
  await view.page.mouse.up();
  const [other] = await Promise.all([view.page.context().waitForEvent("page"), view.page.mouse.click(link.x, link.y)]);
  await other.waitForURL(target);
  assert.equal(pages(), 2, "the click, and not the selecting before it");
});
