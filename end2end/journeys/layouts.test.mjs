// Owns the journeys of panes beside each other: splitting, dividers, zoom, moving, closing, on one page and on two.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/**
 * Waits until the shell of a session has the size that its terminal on the page has, and that is as expected.
 *
 * @param {View} view
 * @param {string} session
 * @param {(size: {cols: number, rows: number}) => boolean} [expected]
 */
async function sizesAgree(view, session, expected = () => true) {
  await view.paneOf(session).locator(".screen").click();
  await view.waitForUse(session);
  let round = 0;
  await until("the same size in shell and page", async () => {
    round += 1;
    await view.run(`clear; echo round-${round} $(stty size).`, new RegExp(`^round-${round} \\d+ \\d+\\.\\s*$`, "m"));
    const [, rows, cols] = /^round-\d+ (\d+) (\d+)\.\s*$/m.exec(await view.text(session)) ?? [];
    const shown = await view.size();
    return shown.cols === Number(cols) && shown.rows === Number(rows) && expected(shown);
  });
}

/** One tab: a pane at the left, two at the right. @returns {Promise<[string, string, string]>} their sessions */
async function three(/** @type {View} */ view) {
  await view.waitForText(PROMPT);
  await view.focus();
  const left = await view.session();
  const above = await view.split("right");
  const below = await view.split("down");
  return [left, above, below];
}

/** The middle of an element. */
async function middle(/** @type {import("playwright-core").Locator} */ element) {
  const box = await element.boundingBox();
  assert.ok(box);
  return { x: box.x + box.width / 2, y: box.y + box.height / 2 };
}

journey("keys split panes, go to their neighbours and close one; its session goes on", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const [left, above, below] = await three(view);
  const places = await view.places();
  assert.equal(places[left].x, 0);
  assert.ok(places[above].x > 400 && places[above].x === places[below].x);
  assert.ok(places[below].y > places[above].y);
  for (const [chord, session] of [
    ["Alt+Shift+ArrowUp", above],
    ["Alt+Shift+ArrowLeft", left],
    ["Alt+Shift+O", above],
    ["Alt+Shift+O", below],
    ["Alt+Shift+O", left],
    ["Alt+Shift+U", below],
  ]) {
    await view.press(chord);
    await view.waitForUse(session);
  }
  // What is typed goes to the pane in use and to no other.
  await view.run("echo only-$((1+1))", /^only-2\s*$/m);
  assert.doesNotMatch(await view.text(left), /only/);
  await view.press("Alt+Shift+W");
  await view.waitForPanes(2);
  await view.waitForUse(above);
  assert.equal((await view.places())[above].height, places[left].height, "the sibling got the room");
  assert.equal((await server.sessions()).length, 3, "closing a pane never ends a session");
  const picker = await view.openPicker();
  await picker.attach("detached");
  await view.waitForTabs(2);
  assert.equal(await view.session(), below);
});

journey("buttons in a pane's head split, zoom and close", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [left, above, below] = await three(view);
  const head = (/** @type {string} */ session, /** @type {RegExp} */ name) =>
    view.paneOf(session).getByRole("button", { name });
  await head(above, /^Zoom/).click();
  await view.waitForPanes(1);
  await view.waitForUse(above);
  await sizesAgree(view, above, ({ cols }) => cols > 100);
  await head(above, /^Zoom/).click();
  await view.waitForPanes(3);
  await sizesAgree(view, above, ({ cols }) => cols < 70);
  await head(left, /^Split .* downwards/).click();
  await view.waitForPanes(4);
  await head(below, /^Close pane/).click();
  await view.waitForPanes(3);
});

journey("a divider moves by mouse and by keys, and the shells hear of it", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [left, above] = await three(view);
  const before = await view.places();
  const upright = view.page.getByRole("separator").and(view.page.locator("[aria-orientation=vertical]"));
  // Not at its middle, where the other divider meets it.
  const grip = async () => {
    const { x, y } = await middle(upright);
    return { x, y: y - 120 };
  };
  const from = await grip();
  await view.page.mouse.move(from.x, from.y);
  await view.page.mouse.down();
  await view.page.mouse.move(from.x - 100, from.y, { steps: 4 });
  await view.page.mouse.move(from.x - 200, from.y, { steps: 4 });
  await view.page.mouse.up();
  await until("the divider", async () => {
    const moved = before[left].width - (await view.places())[left].width;
    return Math.abs(moved - 200) <= 2;
  });
  await sizesAgree(view, left, ({ cols }) => cols < 40);
  await sizesAgree(view, above, ({ cols }) => cols > 70);
  // Not beyond a tenth.
  const now = await grip();
  await view.page.mouse.move(now.x, now.y);
  await view.page.mouse.down();
  await view.page.mouse.move(5, now.y, { steps: 3 });
  await view.page.mouse.up();
  await until("a tenth", async () => (await upright.getAttribute("aria-valuenow")) === "10");
  await upright.focus();
  await view.press("End");
  await until("nine tenths", async () => (await upright.getAttribute("aria-valuenow")) === "90");
  await view.press("ArrowLeft", "ArrowLeft");
  await until("two steps", async () => (await upright.getAttribute("aria-valuenow")) === "86");
  await sizesAgree(view, left, ({ cols }) => cols > 90);
  await view.press("Alt+Shift+Home");
  await until("a step by chord", async () => (await upright.getAttribute("aria-valuenow")) === "84");
  await view.press("Alt+Shift+Backslash");
  await until("equal sizes", async () => (await upright.getAttribute("aria-valuenow")) === "50");
  await upright.dblclick({ position: { x: 2, y: 60 } });
  await view.press("Escape");
  await view.waitForUse(left);
});

journey("a reload and a second browser show the same panes", async (stage) => {
  await stage.server();
  const one = await stage.page();
  const [left] = await three(one);
  await one.page.getByRole("separator").first().focus();
  await one.press("ArrowRight", "ArrowRight", "Escape");
  await one.press("Alt+Shift+ArrowLeft");
  await one.waitForUse(left);
  await one.run("echo here-$((1+1))", /^here-2\s*$/m);
  const places = await one.places();
  await one.reload();
  await one.waitForPanes(3);
  await one.waitForUse(left);
  assert.deepEqual(await one.places(), places);
  await one.waitForText(/^here-2\s*$/m);
  const two = await stage.page();
  await two.waitForPanes(3);
  assert.deepEqual(Object.keys(await two.places()).sort(), Object.keys(places).sort());
  assert.deepEqual(await two.places(), places);
});

journey("two browsers that split at the same time lose nothing, and keep the keyboard where it was", async (stage) => {
  const server = await stage.server();
  const one = await stage.page();
  await one.waitForText(PROMPT);
  const two = await stage.page();
  await two.waitForText(PROMPT);
  await Promise.all([one.focus(), two.focus()]);
  await Promise.all([one.press("Alt+Shift+D"), two.press("Alt+Shift+E")]);
  await Promise.all([one.waitForPanes(3), two.waitForPanes(3)]);
  const [mine, theirs] = [await one.session(), await two.session()];
  assert.notEqual(mine, theirs, "each uses the pane it made");
  await until("the same panes in both", async () => {
    const [a, b] = [await one.places(), await two.places()];
    return JSON.stringify(Object.keys(a).sort()) === JSON.stringify(Object.keys(b).sort());
  });
  assert.equal((await server.sessions()).length, 3);
  await one.waitForUse(mine);
  await one.run("echo one-$((1+1))", /^one-2\s*$/m);
  await two.waitForUse(theirs);
  await two.run("echo two-$((1+1))", /^two-2\s*$/m);
  assert.doesNotMatch(await one.text(mine), /two-/);
});

journey("moving a pane keeps its terminal: nothing is loaded again", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [left, above, below] = await three(view);
  await view.run("echo stays-$((1+1))", /^stays-2\s*$/m);
  await view.paneOf(below).locator(".xterm").evaluate((terminal) => Object.assign(terminal, { journeyMark: "kept" }));
  await view.press("Alt+Shift+M");
  await view.waitForTabs(2);
  await view.waitForPanes(1);
  await view.waitForUse(below);
  await view.waitForText(/^stays-2\s*$/m);
  const mark = await view.paneOf(below).locator(".xterm").evaluate((terminal) => /** @type {any} */ (terminal).journeyMark);
  assert.equal(mark, "kept");
  await sizesAgree(view, below);
  await view.selectTab(0);
  await view.waitForPanes(2);
  assert.deepEqual(Object.keys(await view.places()).sort(), [left, above].sort());
});
