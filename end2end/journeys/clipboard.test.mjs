// Owns the journeys of copying and pasting: what is asked about before it runs, what can't be smuggled in, and what
// programs put on the clipboard.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** A page that may use the clipboard, and what lies on it. */
async function withClipboard(/** @type {import("../support/stage.mjs").Stage} */ stage) {
  await stage.server();
  const view = await stage.page();
  await view.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await view.waitForText(PROMPT);
  const read = () => view.page.evaluate(() => navigator.clipboard.readText());
  const write = (/** @type {string} */ text) => view.page.evaluate((text) => navigator.clipboard.writeText(text), text);
  return { view, read, write };
}

journey("lines pasted into a program that would run them are shown first, and pasted as the user says", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const dialog = view.page.getByRole("dialog", { name: "Paste this?" });
  // The program's own prompt, as a shell without brackets around pastes has it.
  await view.run("cat", /^\$ cat\n/m);
  await view.paste("one\n  two\n");
  await dialog.waitFor();
  assert.match((await dialog.textContent()) ?? "", /2 lines, 10 bytes/);
  assert.equal(await dialog.getByLabel("The text").textContent(), "one\n  two\n");
  await view.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await view.type("typed\n");
  await view.waitForText(/typed\ntyped\n/);
  assert.doesNotMatch(await view.text(), /two/);

  await view.paste("one\n  two\n");
  await dialog.getByRole("button", { name: "Paste as one line" }).click();
  await view.waitForText(/one two/);
  await view.type("\n");
  await view.waitForText(/one two\none two\n/);

  // Nothing is asked about one line; nor once the user says so.
  await view.paste("single");
  await view.waitForText(/^single$/m);
  await view.type("\n");
  await view.paste("three\nfour\n");
  await dialog.getByRole("checkbox", { name: /ask again/ }).check();
  await dialog.getByRole("button", { name: "Paste", exact: true }).click();
  await view.waitForText(/^four\n(.*\n)*four\n/m);
  await view.paste("five\nsix\n");
  await view.waitForText(/^six\n(.*\n)*six\n/m);
  await view.press("Control+d");
  await view.waitForText(PROMPT);
});

journey("what would end the brackets around a paste is not pasted, nor control characters without them", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.focus();
  // The shell takes pastes in brackets: nothing runs until Enter.
  await view.paste("echo a\u001b[20\u001b[201~1~b\necho c-$((1+1))\n");
  await view.waitForText(/echo ab\n/);
  assert.doesNotMatch(await view.text(), /^c-2$/m);
  await view.press("Enter");
  await view.waitForText(/^ab$/m);
  await view.waitForText(/^c-2$/m);
  await view.waitForText(PROMPT);

  await view.run("cat -v", /^\$ cat -v\n/m);
  await view.paste("x\u001b\u0007y");
  const dialog = view.page.getByRole("dialog", { name: "Paste this?" });
  await dialog.waitFor();
  assert.match((await dialog.textContent()) ?? "", /2 control characters are left out/);
  await view.press("Enter");
  await dialog.waitFor({ state: "detached" });
  await view.press("Enter");
  await view.waitForText(/xy\nxy\n/);
});

journey("the selection is copied as text and with colours, and everything there is", async (stage) => {
  const { view, read } = await withClipboard(stage);
  await view.run("clear; printf '\\e[31mred\\e[0m plain   \\n'; seq 200", /^200\n/m);
  await view.focus();
  await view.press("Control+Alt+Shift+A");
  await view.press("Control+Shift+C");
  await until("a copy", async () => /red plain\n1\n2\n/.test(await read()));

  await view.press("Control+Alt+Shift+A");
  await view.press("Alt+Shift+C");
  const html = () =>
    view.page.evaluate(async () => {
      const [item] = await navigator.clipboard.read();
      return item.types.includes("text/html") ? (await item.getType("text/html")).text() : "";
    });
  await until("a copy with colours", async () => /<span[^>]*color[^>]*>red<\/span>/.test(await html()));
  assert.match(await read(), /red plain\n1\n2\n/);

  await view.press("Control+Alt+Shift+C");
  await view.page.getByText(/Copied all \d+ lines/).waitFor();
  assert.match(await read(), /red plain\n1\n(.*\n)*200\n\$$/);
});

journey("a program copies by OSC 52, is told of, and never learns what is on the clipboard", async (stage) => {
  const { view, read, write } = await withClipboard(stage);
  await view.run("printf '\\e]52;c;%s\\a' $(printf 'from a program \\360\\237\\252\\242' | base64)");
  await view.page.getByText("A program copied 16 characters to the clipboard.").waitFor();
  assert.equal(await read(), "from a program 🪢");
  await write("secret");
  await view.run("printf '\\e]52;c;?\\a\\e]52;c;\\a\\e]52;c;!!\\a'; IFS= read -rs -t 1 answer; echo \"got<$answer>\"", /^got<>$/m);
  assert.equal(await read(), "secret");

  // From what is on the clipboard, by a key and without the browser's event.
  await write("echo pasted-$((1+1))");
  await view.focus();
  await view.press("Control+v");
  await view.press("Enter");
  await view.waitForText(/^pasted-2$/m);
});

journey("the terminal's menu copies, pastes and searches, by mouse and keyboard", async (stage) => {
  const { view, read, write } = await withClipboard(stage);
  await view.run("clear; echo copyme", /^copyme\n/m);
  const menu = view.page.getByRole("menu", { name: "Terminal" });
  const { x, y } = /** @type {{x: number, y: number}} */ (await view.pane.boundingBox());
  const open = async () => {
    await view.page.mouse.click(x + 40, y + 20, { button: "right" });
    await menu.waitFor();
  };
  await view.page.mouse.dblclick(x + 40, y + 20);
  await open();
  await menu.getByRole("menuitem", { name: /^Copy Ctrl/ }).click();
  await until("a copy", async () => (await read()) === "copyme");

  await write("echo by-menu-$((1+1))");
  await open();
  await view.press("ArrowDown", "ArrowDown", "ArrowDown", "Enter");
  await view.waitForText(/by-menu-\$/);
  await view.press("Enter");
  await view.waitForText(/^by-menu-2$/m);

  await open();
  await menu.getByRole("menuitem", { name: /^Search/ }).press("Enter");
  await view.pane.getByRole("search").waitFor();
  await view.press("Escape");
  await open();
  await view.press("Escape");
  await menu.waitFor({ state: "detached" });
  await view.type("echo typed\n");
  await view.waitForText(/^typed$/m);
});

journey("the terminal's menu splits, zooms and closes panes, and says the keys for it", async (stage) => {
  const { view } = await withClipboard(stage);
  const first = await view.session();
  const menu = view.page.getByRole("menu", { name: "Terminal" });
  const choose = async (/** @type {RegExp} */ name) => {
    const { x, y } = /** @type {{x: number, y: number}} */ (await view.pane.boundingBox());
    await view.page.mouse.click(x + 60, y + 60, { button: "right" });
    await menu.getByRole("menuitem", { name }).click();
  };
  await choose(/^Split right Alt\+Shift\+D$/);
  await view.waitForPanes(2);
  await until("the new pane in use", async () => !["", first].includes(await view.session()));
  await choose(/^Split down Alt\+Shift\+E$/);
  await view.waitForPanes(3);
  await choose(/^Zoom, or show all Alt\+Shift\+Z$/);
  await view.waitForPanes(1);
  await choose(/^Zoom, or show all/);
  await view.waitForPanes(3);
  await choose(/^Close pane Alt\+Shift\+W$/);
  await view.waitForPanes(2);
});
