// Owns the journeys of links in terminals: those of programs (OSC 8) and addresses in text are shown first, opened only
// with Ctrl held, and only if they lead to the web.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

/** The middle of a word on the terminal's screen. */
async function place(/** @type {import("../support/page.mjs").BowlinePage} */ view, /** @type {string} */ word) {
  const box = await view.pane.locator(".xterm-rows").evaluate((rows, word) => {
    for (const row of [...rows.children].reverse()) {
      const walker = document.createTreeWalker(row, NodeFilter.SHOW_TEXT);
      for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const at = node.textContent?.indexOf(word) ?? -1;
        if (at < 0) continue;
        const range = document.createRange();
        range.setStart(node, at);
        range.setEnd(node, at + word.length);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      }
    }
    throw new Error(`${word} is not on screen`);
  }, word);
  return box;
}

journey("a link shows where it leads, and opens with Ctrl in a window of its own", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const target = `${server.url}health`;
  await view.run(
    `clear; printf 'see \\e]8;;${target}\\e\\\\theword\\e]8;;\\e\\\\ or ${target}?plain or \\e]8;;javascript:alert(1)\\e\\\\badword\\e]8;;\\e\\\\ end\\n'`,
    /badword end/,
  );
  const tip = view.pane.locator(".link-tip");
  const opened = () => view.page.context().pages().length;

  const word = await place(view, "theword");
  await view.page.mouse.move(word.x, word.y);
  await until("where it leads", async () => ((await tip.textContent().catch(() => "")) ?? "").startsWith(`${target}\n`));
  await view.page.mouse.click(word.x, word.y);
  assert.equal(opened(), 1, "a click alone opens nothing");

  const open = async (/** @type {{x: number, y: number}} */ { x, y }) => {
    await view.page.mouse.move(x + 1, y);
    await view.page.keyboard.down("Control");
    await view.page.mouse.click(x, y);
    await view.page.keyboard.up("Control");
  };
  let [other] = await Promise.all([view.page.context().waitForEvent("page"), open(word)]);
  await other.waitForURL(target);
  assert.equal(await other.evaluate(() => window.opener), null);
  assert.equal(await other.evaluate(() => document.referrer), "");
  await other.close();

  [other] = await Promise.all([view.page.context().waitForEvent("page"), open(await place(view, "?plain"))]);
  await other.waitForURL(`${target}?plain`);
  await other.close();

  const bad = await place(view, "badword");
  await view.page.mouse.move(bad.x, bad.y);
  await until("that it is not opened", async () => ((await tip.textContent().catch(() => "")) ?? "").includes("not opened"));
  await open(bad);
  await view.page.mouse.move(5, 5);
  await tip.waitFor({ state: "detached" });
  assert.equal(opened(), 1);
});
