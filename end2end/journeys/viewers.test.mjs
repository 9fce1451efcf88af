// Owns the journeys of several viewers: whose size rules and who sees that, who only looks, what a hidden or a
// scrolled-up terminal gets.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

const SIZED = /Sized by another window: (\d+)×(\d+)/;

/** The notes over the terminal in front. */
function note(/** @type {import("../support/page.mjs").BowlinePage} */ view, /** @type {RegExp | string} */ text) {
  return view.pane.locator(".pane-note").filter({ hasText: text });
}

/** Nothing sticks out of the page to the side. */
async function fits(/** @type {import("../support/page.mjs").BowlinePage} */ view) {
  return view.page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth);
}

journey("the window that is typed into rules the size, and the others say so", async (stage) => {
  await stage.server();
  const wide = await stage.page();
  await wide.waitForText(PROMPT);
  await wide.focus();
  const large = await wide.size();
  const phone = await stage.page({ viewport: { width: 400, height: 700 } });
  await phone.focus();
  const small = await wide.waitForSizeOtherThan(large);
  assert.ok(small.cols < large.cols, `${small.cols} < ${large.cols}`);
  await note(wide, SIZED).waitFor();
  assert.equal(await note(phone, SIZED).count(), 0);
  assert.deepEqual(await phone.size(), small);

  // Back to the first: the phone shows the large terminal, and stays a phone's page.
  await wide.page.bringToFront();
  await wide.pane.locator(".xterm-helper-textarea").evaluate((element) => element.blur());
  await wide.focus();
  assert.deepEqual(await wide.waitForSizeOtherThan(small), large);
  await note(wide, SIZED).waitFor({ state: "detached" });
  await note(phone, SIZED).waitFor();
  const [, cols, rows] = SIZED.exec(await note(phone, SIZED).innerText()) ?? [];
  assert.deepEqual({ cols: Number(cols), rows: Number(rows) }, large);
  assert.ok(await fits(phone), "no sideways scrolling of the page");
  await wide.run("stty size", new RegExp(`^${large.rows} ${large.cols}\\s*$`, "m"));
  await phone.waitForText(new RegExp(`^${large.rows} ${large.cols}\\s*$`, "m"));
});

journey("a page that only looks changes nothing and says so", async (stage) => {
  const server = await stage.server();
  const writer = await stage.page();
  await writer.waitForText(PROMPT);
  const size = await writer.size();
  const reader = await stage.page({ url: `${server.url}?view=readonly`, viewport: { width: 500, height: 400 } });
  await note(reader, "Read only").waitFor();
  await reader.focus();
  await reader.type("echo typed-by-reader\r");
  await writer.run("echo typed-by-$((40+2))", /^typed-by-42\s*$/m);
  await reader.waitForText(/^typed-by-42\s*$/m);
  assert.doesNotMatch(await writer.text(), /typed-by-reader/);
  assert.deepEqual(await writer.size(), size);
  assert.deepEqual(await reader.size(), size);
  assert.equal(await reader.pane.getByRole("button", { name: "Type here" }).count(), 0);
  assert.ok(await fits(reader), "no sideways scrolling of the page");
});

journey("a session is watched from the picker, and typed into when that is wished", async (stage) => {
  await stage.server();
  const writer = await stage.page();
  await writer.waitForText(PROMPT);
  await writer.renameTab(0, "to watch");
  const other = await stage.page();
  const picker = await other.openPicker();
  await picker.row("to watch").getByRole("button", { name: "Watch" }).click();
  await picker.dialog.waitFor({ state: "hidden" });
  await note(other, "Read only").waitFor();
  await other.focus();
  await other.type("x");
  await other.pane.getByRole("button", { name: "Type here" }).click();
  await note(other, "Read only").waitFor({ state: "detached" });
  await other.run("echo now-$((1+1))", /^now-2\s*$/m);
  await writer.waitForText(/^now-2\s*$/m);
  assert.doesNotMatch(await writer.text(), /xecho/);
});

journey("a tab that is not looked at gets no output, and shows all of it when it is", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  const session = await view.session();
  await view.focus();
  await view.type("for i in $(seq 400); do echo line-$i; sleep 0.01; done; echo all-$((1+1))\r");
  await view.waitForText(/^line-3\s*$/m);
  await view.newTab();
  const hidden = await view.text(session);
  const end = await server.outputEnd(session);
  await until("the hidden program to go on", async () => (await server.outputEnd(session)) > end + 1000);
  assert.equal(await view.text(session), hidden, "nothing was sent for a terminal that nobody sees");
  await view.selectTab(0);
  await view.waitForText(/^all-2\s*$/m);
  const lines = [...(await view.text()).matchAll(/^line-(\d+)\s*$/gm)].map(([, line]) => Number(line));
  assert.deepEqual(lines, Array.from({ length: 400 }, (_, line) => line + 1));
});

journey("output waits while the user looks further up, and comes when they come back", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("seq -f 'old-%g' 300", /^old-300\s*$/m);
  await view.waitForText(PROMPT);
  await view.focus();
  await view.type("read; echo new-$((1+1)); seq -f 'more-%g' 200\r");
  await view.press("Shift+PageUp", "Shift+PageUp");
  const before = await view.text();
  const session = await view.session();
  // From elsewhere: typing here would come back to the bottom.
  await server.type(session, "\r");
  await note(view, "New output below").waitFor();
  assert.equal(await view.text(), before);
  await note(view, "New output below").click();
  await view.waitForText(/^more-200\s*$/m);
  await note(view, "New output below").waitFor({ state: "detached" });

  // The same for a selection.
  await view.waitForText(PROMPT);
  await view.type("read; echo last-$((1+1))\r");
  const row = await view.pane.locator(".xterm-rows > div").filter({ hasText: /^more-199\s*$/ }).boundingBox();
  assert.ok(row);
  const word = /** @type {const} */ ([row.x + 20, row.y + row.height / 2]);
  await view.page.mouse.dblclick(...word);
  await server.type(session, "\r");
  await note(view, "waits for the selection").waitFor();
  assert.doesNotMatch(await view.text(), /^last-2\s*$/m);
  await view.page.mouse.click(...word);
  await view.waitForText(/^last-2\s*$/m);
});
