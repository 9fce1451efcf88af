// Owns the journeys of fingers on a phone: the row of keys, scrolling, selecting, the screen's keyboard. That keys mean
// what they say to programs is the unit tests' of `held`.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

const PHONE = { viewport: { width: 390, height: 844 }, device: { hasTouch: true, isMobile: true, deviceScaleFactor: 2 } };

/** A finger, as Chromium's own input sees it. */
async function finger(/** @type {View} */ view) {
  const input = await view.page.context().newCDPSession(view.page);
  const send = (/** @type {any} */ type, /** @type {{x: number, y: number}[]} */ touchPoints) =>
    input.send("Input.dispatchTouchEvent", { type, touchPoints });
  return {
    down: (/** @type {number} */ x, /** @type {number} */ y) => send("touchStart", [{ x, y }]),
    move: (/** @type {number} */ x, /** @type {number} */ y) => send("touchMove", [{ x, y }]),
    up: () => send("touchEnd", []),
  };
}

/** The row of the terminal that shows a text, as a box of the window. */
async function place(/** @type {View} */ view, /** @type {string} */ text) {
  const row = view.pane.locator(".xterm-rows > div").filter({ hasText: text }).first();
  const box = await row.boundingBox();
  assert.ok(box, `no row shows ${text}`);
  return box;
}

const key = (/** @type {View} */ view, /** @type {string} */ name) =>
  view.page.getByRole("toolbar", { name: "Keys" }).getByRole("button", { name, exact: true });

journey("on a phone a row of keys has what its keyboard lacks", async (stage) => {
  await stage.server();
  const view = await stage.page(PHONE);
  await view.waitForText(PROMPT);
  await view.focus();
  await view.type("echo abc; cat");
  await key(view, "Left").tap();
  await key(view, "Left").tap();
  await key(view, "Left").tap();
  await view.type("x");
  await view.waitForText("echo abc; xcat");
  await view.press("Backspace", "Enter");
  await view.waitForText(/^abc$/m);
  // Held for one key: Ctrl, then c typed on the screen's keyboard.
  await key(view, "Ctrl").tap();
  assert.equal(await key(view, "Ctrl").getAttribute("aria-pressed"), "true");
  await view.type("c");
  await view.waitForText(/\^C/);
  assert.equal(await key(view, "Ctrl").getAttribute("aria-pressed"), "false");
  await view.run("read -rsn1 key; printf '%q\\n' \"$key\"");
  await key(view, "Escape").tap();
  await view.waitForText("$'\\E'");
  await key(view, "Up").tap();
  await view.waitForText(/\$ read -rsn1[^]*\$ read -rsn1/);
  await key(view, "More keys").tap();
  await key(view, "Pipe").tap();
  await view.waitForText(/\|\s*$/);
  assert.equal(await view.page.evaluate(() => document.activeElement?.className), "xterm-helper-textarea");
});

journey("a finger scrolls, and one that rests selects a word to copy", async (stage) => {
  await stage.server();
  const view = await stage.page(PHONE);
  await view.page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
  await view.run("clear; seq 1 200; echo one two-words three", /^one two-words three$/m);
  const touch = await finger(view);
  const rows = () => view.pane.locator(".xterm-rows").innerText();
  await touch.down(200, 300);
  for (let y = 300; y <= 700; y += 20) await touch.move(200, y);
  await touch.up();
  await until("earlier lines", async () => /^15\d$/m.test(await rows()) && !/three/.test(await rows()));
  // Back down, far beyond the end.
  for (let times = 0; times < 3; times += 1) {
    await touch.down(200, 700);
    for (let y = 700; y >= 100; y -= 50) await touch.move(200, y);
    await touch.up();
  }
  await until("the end", async () => /three/.test(await rows()));
  const row = await place(view, "one two-words");
  await touch.down(row.x + 60, row.y + row.height / 2);
  const menu = view.page.getByRole("toolbar", { name: "Selection" });
  await until("a selection", () => view.page.evaluate(() => document.querySelector(".xterm-selection")?.childElementCount ?? 0));
  await touch.up();
  await menu.getByRole("button", { name: "Copy" }).tap();
  await until("the copy", async () => (await view.page.evaluate(() => navigator.clipboard.readText())) === "two-words");
  await menu.waitFor({ state: "hidden" });
});

journey("two fingers make the text larger and smaller", async (stage) => {
  await stage.server();
  const view = await stage.page(PHONE);
  await view.waitForText(PROMPT);
  const before = await view.size();
  const input = await view.page.context().newCDPSession(view.page);
  const pinch = async (/** @type {number} */ from, /** @type {number} */ to) => {
    const points = (/** @type {number} */ apart) => [
      { x: 195 - apart / 2, y: 400, id: 1 },
      { x: 195 + apart / 2, y: 400, id: 2 },
    ];
    await input.send("Input.dispatchTouchEvent", { type: "touchStart", touchPoints: points(from) });
    for (let step = 1; step <= 10; step += 1) {
      await input.send("Input.dispatchTouchEvent", { type: "touchMove", touchPoints: points(from + ((to - from) * step) / 10) });
    }
    await input.send("Input.dispatchTouchEvent", { type: "touchEnd", touchPoints: [] });
  };
  await pinch(80, 200);
  const larger = await view.waitForSizeOtherThan(before);
  assert.ok(larger.cols < before.cols);
  await pinch(300, 60);
  await until("smaller text", async () => (await view.size()).cols > before.cols);
});

journey("the screen's keyboard never covers the prompt", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage(PHONE);
  // No browser here has a keyboard on its screen: what one does to the page is said by a double of visualViewport.
  await view.page.addInitScript(() => {
    const seen = Object.assign(new EventTarget(), { height: innerHeight, offsetTop: 0, scale: 1, width: innerWidth });
    Object.defineProperty(window, "visualViewport", { value: seen });
    Object.assign(window, {
      journeyKeyboard: (/** @type {number} */ height) => {
        seen.height = innerHeight - height;
        seen.dispatchEvent(new Event("resize"));
      },
    });
  });
  await view.open(server.loginUrl);
  await view.run("clear; seq 1 100", /^100$/m);
  const before = await view.size();
  await view.page.evaluate(() => /** @type {any} */ (window).journeyKeyboard(336));
  const after = await view.waitForSizeOtherThan(before);
  assert.ok(after.rows < before.rows);
  await view.run("stty size", new RegExp(`^${after.rows} ${after.cols}$`, "m"));
  const keys = await view.page.getByRole("toolbar", { name: "Keys" }).boundingBox();
  assert.ok(keys && keys.y + keys.height <= 844 - 336 + 1, "the row of keys stands above the keyboard");
  await view.page.evaluate(() => /** @type {any} */ (window).journeyKeyboard(0));
  assert.deepEqual(await view.waitForSizeOtherThan(after), before);
});
