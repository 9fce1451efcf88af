// Owns the journeys of panes and tabs that are dragged by mouse and finger: where they come to lie, what is shown
// meanwhile, and that a drag given up changes nothing. Where exactly an edge begins is the unit tests' of `drag`.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */
/** @typedef {import("playwright-core").Locator} Locator */
/** @typedef {{x: number, y: number}} Point */

/** A point of an element, by shares of its width and height. @returns {Promise<Point>} */
async function at(/** @type {Locator} */ element, x = 0.5, y = 0.5) {
  const box = await element.boundingBox();
  assert.ok(box, "the element is on screen");
  return { x: box.x + box.width * x, y: box.y + box.height * y };
}

/** Presses the mouse on one point and moves it to another, without letting go. */
async function hold(/** @type {View} */ view, /** @type {Point} */ from, /** @type {Point} */ to) {
  await view.page.mouse.move(from.x, from.y);
  await view.page.mouse.down();
  await view.page.mouse.move((from.x + to.x) / 2, (from.y + to.y) / 2, { steps: 3 });
  await view.page.mouse.move(to.x, to.y, { steps: 3 });
}

/** The same, and lets go. */
async function drag(/** @type {View} */ view, /** @type {Point} */ from, /** @type {Point} */ to) {
  await hold(view, from, to);
  await view.page.locator(".drag-label").waitFor();
  await view.page.mouse.up();
  await view.page.locator(".drag-label").waitFor({ state: "detached" });
}

const head = (/** @type {View} */ view, /** @type {string} */ session) =>
  at(view.paneOf(session).locator(".pane-name"), 0.2);

const tab = (/** @type {View} */ view, /** @type {number} */ index, x = 0.5) => at(view.page.locator(".tab").nth(index), x);

/** The bar's room beside the tabs. */
const free = (/** @type {View} */ view) => at(view.page.locator(".bar-end"), 0, 0.5);

const names = async (/** @type {View} */ view) => (await view.tabs()).map(({ name }) => name).join(" ");

/** Two panes side by side in one tab. @returns {Promise<[string, string]>} their sessions */
async function two(/** @type {View} */ view) {
  await view.waitForText(PROMPT);
  await view.focus();
  const left = await view.session();
  return [left, await view.split("right")];
}

/** Tabs named `a`, `b`, … with a shell each. @returns {Promise<string[]>} their sessions */
async function tabs(/** @type {View} */ view, /** @type {number} */ count) {
  await view.waitForText(PROMPT);
  const sessions = [await view.session()];
  while (sessions.length < count) {
    await view.newTab();
    sessions.push(await view.session());
  }
  for (let index = 0; index < count; index += 1) await view.renameTab(index, "abcdefghij"[index]);
  return sessions;
}

/** Waits until the panes lie as said, and sees that they still do after the page was loaded again. */
async function lie(
  /** @type {View} */ view,
  /** @type {string} */ how,
  /** @type {(places: Record<string, {x: number, y: number, width: number, height: number}>) => boolean} */ expected,
) {
  const asked = async () => expected(await view.places());
  await until(how, asked);
  const count = await view.panes.count();
  await view.reload();
  await view.waitForPanes(count);
  assert.ok(await asked(), `${how}, after the reload`);
}

journey("a pane dragged to an edge of another lies beside it there, and keeps its terminal", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [left, right] = await two(view);
  await view.run("echo stays-$((1+1))", /^stays-2\s*$/m);
  await view.paneOf(right).locator(".xterm").evaluate((terminal) => Object.assign(terminal, { journeyMark: "kept" }));
  const below = await at(view.paneOf(left).locator(".screen"), 0.5, 0.95);
  await hold(view, await head(view, right), below);
  // What it would take is shown, and nothing is done before.
  const room = view.page.locator(".drop-room");
  await room.waitFor();
  const shown = await room.evaluate((room) => room.getAttribute("style"));
  assert.equal(shown, "left:0.0000%;top:50.0000%;right:50.0000%;bottom:0.0000%");
  assert.match(await view.page.locator(".drag-label").innerText(), /below/);
  assert.ok((await view.places())[left].height > 400);
  await view.page.mouse.up();
  await room.waitFor({ state: "detached" });
  await view.waitForUse(right);
  const mark = view.paneOf(right).locator(".xterm").evaluate((terminal) => /** @type {any} */ (terminal).journeyMark);
  assert.equal(await mark, "kept");
  assert.equal(await view.page.evaluate(() => getSelection()?.toString()), "");
  await lie(view, "one below the other", (places) => places[right].y > places[left].y && places[left].width > 900);
  await drag(view, await head(view, right), await at(view.paneOf(left), 0.05, 0.6));
  await lie(view, "side by side", (places) => places[right].x === 0 && places[left].x > 400);
});

journey("a pane dropped in the middle of another changes places with it", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [left, right] = await two(view);
  const below = await view.split("down");
  const before = await view.places();
  await drag(view, await head(view, left), await at(view.paneOf(below)));
  await view.waitForUse(left);
  await lie(view, "two panes changed places", (places) =>
    JSON.stringify([places[left], places[below], places[right]]) === JSON.stringify([before[below], before[left], before[right]]),
  );
});

journey("a pane is dragged into another tab, and into one of its own", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const [other] = await tabs(view, 2);
  const first = await view.session();
  const second = await view.split("right");
  const third = await view.split("right");
  await hold(view, await head(view, second), await tab(view, 0));
  await view.page.locator(".tab[data-drag=into]").waitFor();
  await view.page.mouse.up();
  await view.waitForUse(second);
  assert.equal(await view.session(), second);
  await lie(view, "beside the other tab's pane", (places) => Object.keys(places).sort().join() === [other, second].sort().join());
  await view.selectTab(1);
  await view.waitForPanes(2);
  await hold(view, await head(view, first), await free(view));
  await view.page.locator(".bar.takes").waitFor();
  await view.page.mouse.up();
  await view.waitForTabs(3);
  await view.waitForUse(first);
  assert.equal((await view.tabs())[2].selected, true, "it stands at the end");
  await lie(view, "alone", (places) => Object.keys(places).join() === first);
  await view.selectTab(1);
  await lie(view, "what it left has the room", (places) => Object.keys(places).join() === third);
  assert.equal((await server.sessions()).length, 4);
});

journey("in the grid a pane changes places with another and moves to an empty slot", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [a, b, c] = await tabs(view, 3);
  await view.press("Alt+Shift+G");
  await view.waitForPanes(3);
  const before = await view.places();
  await drag(view, await head(view, a), await at(view.paneOf(b), 0.05));
  await view.waitForUse(a);
  await lie(view, "changed places", (places) =>
    JSON.stringify([places[a], places[b], places[c]]) === JSON.stringify([before[b], before[a], before[c]]),
  );
  const slot = view.page.locator(".slot");
  await drag(view, await head(view, b), await at(slot, 0.5, 0.5));
  await view.waitForUse(b);
  await lie(view, "in the slot that was empty", (places) => places[b].x > 400 && places[b].y > 200);
  const { x, y } = await at(slot);
  assert.ok(x < 500 && y < 350, "its own is empty now");
});

journey("a tab is dragged along the bar; a click on it is still one, and so is a double click", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await tabs(view, 4);
  assert.equal(await names(view), "a b c d");
  await hold(view, await tab(view, 0), await tab(view, 2, 0.8));
  await view.page.locator(".tab[data-drag=before]").waitFor();
  assert.equal(await view.page.locator(".tab[data-drag=self]").count(), 1);
  await view.page.mouse.up();
  await until("a behind c", async () => (await names(view)) === "b c a d");
  assert.equal((await view.tabs()).findIndex(({ selected }) => selected), 3, "the tab shown stays shown");
  await drag(view, await tab(view, 3), await tab(view, 0, 0.2));
  await until("d in front", async () => (await names(view)) === "d b c a");
  await drag(view, await tab(view, 1), await free(view));
  await until("b at the end", async () => (await names(view)) === "d c a b");
  await view.reload();
  assert.equal(await names(view), "d c a b");
  await view.selectTab(2);
  const { x, y } = await tab(view, 1, 0.4);
  await view.page.mouse.move(x, y);
  await view.page.mouse.down();
  await view.page.mouse.move(x + 3, y + 2);
  await view.page.mouse.up();
  await until("a hand that trembles clicks", async () => (await view.tabs())[1].selected);
  await view.page.mouse.dblclick(x, y);
  await view.page.locator(".tab-field").waitFor();
  assert.equal(await names(view).then((names) => names.split(" ").length), 4);
});

journey("the bar scrolls under a tab that is held at its end", async (stage) => {
  await stage.server();
  const view = await stage.page({ viewport: { width: 640, height: 480 } });
  await tabs(view, 8);
  await view.selectTab(0);
  const bar = view.page.locator(".tabs");
  const scrolled = () => bar.evaluate((bar) => bar.scrollLeft);
  await until("the first tab in view", async () => (await scrolled()) < 5);
  const end = await at(bar, 0.99, 0.6);
  await hold(view, await tab(view, 0), end);
  await until("the end", () => bar.evaluate((bar) => bar.scrollLeft >= bar.scrollWidth - bar.clientWidth - 1));
  await view.page.mouse.up();
  await until("a at the end", async () => /a$/.test(await names(view)));
});

journey("a tab with a single pane, dropped on an edge, is a split; one with several is not", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [a, b] = await tabs(view, 2);
  await drag(view, await tab(view, 0), await at(view.paneOf(b), 0.5, 0.08));
  await view.waitForTabs(1);
  await view.waitForPanes(2);
  await view.waitForUse(a);
  await lie(view, "above", (places) => places[a].y === 0 && places[b].y > 200);
  await view.newTab();
  const c = await view.session();
  await hold(view, await tab(view, 0), await at(view.paneOf(c), 0.05));
  await view.page.locator(".drag-label").waitFor();
  assert.equal(await view.page.locator(".drop-room").count(), 0);
  await view.page.mouse.up();
  await view.waitForUse(c);
  assert.equal((await view.tabs()).length, 2);
});

journey("Escape, a pointer that is taken away and a drop outside change nothing", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const [left, right] = await two(view);
  const before = await view.places();
  const edge = () => at(view.paneOf(left), 0.5, 0.9);
  const nothing = async (/** @type {string} */ why) => {
    await view.page.locator(".drag-label").waitFor({ state: "detached" });
    await view.waitForUse(right);
    assert.deepEqual(await view.places(), before, why);
  };
  await hold(view, await head(view, right), await edge());
  await view.page.locator(".drop-room").waitFor();
  await view.press("Escape");
  await nothing("Escape");
  await view.page.mouse.up();
  await nothing("let go after Escape");
  await hold(view, await head(view, right), await edge());
  await view.page.locator(".drop-room").waitFor();
  await view.page.evaluate(() => {
    const lost = new PointerEvent("pointercancel", { pointerId: 1, bubbles: true });
    document.querySelector(".pane.dragged .pane-head")?.dispatchEvent(lost);
  });
  await nothing("pointercancel");
  await view.page.mouse.up();
  // Back where it was taken, and beside the window.
  await hold(view, await head(view, right), await at(view.paneOf(right)));
  await view.page.locator(".drag-label").waitFor();
  assert.equal(await view.page.locator(".drop-room").count(), 0);
  await view.page.mouse.up();
  await nothing("on itself");
  await hold(view, await head(view, right), await edge());
  await view.page.mouse.move(-20, 300);
  await view.page.mouse.up();
  await nothing("outside");
  // The shell heard of none of it: no Escape, no letters lost.
  await view.run("echo fine-$((1+1))", /^fine-2\s*$/m);
  await view.paneOf(right).locator(".pane-name").dblclick();
  await view.waitForPanes(1);
});

journey("a finger that rests on a tab drags it, one that moves at once scrolls the bar", async (stage) => {
  await stage.server();
  const view = await stage.page({ viewport: { width: 640, height: 480 }, device: { hasTouch: true, isMobile: true } });
  await tabs(view, 8);
  await view.selectTab(0);
  const input = await view.page.context().newCDPSession(view.page);
  const send = (/** @type {any} */ type, /** @type {Point[]} */ touchPoints) =>
    input.send("Input.dispatchTouchEvent", { type, touchPoints });
  const slide = async (/** @type {Point} */ from, /** @type {Point} */ to) => {
    for (let step = 1; step <= 12; step += 1) {
      await send("touchMove", [{ x: from.x + ((to.x - from.x) * step) / 12, y: from.y + ((to.y - from.y) * step) / 12 }]);
    }
  };
  const order = await names(view);
  const scrolled = () => view.page.locator(".tabs").evaluate((bar) => bar.scrollLeft);
  await until("the first tab in view", async () => (await scrolled()) < 5);
  const [first, third] = [await tab(view, 0), await tab(view, 2, 0.3)];
  await send("touchStart", [third]);
  await slide(third, first);
  await send("touchEnd", []);
  await until("a bar that was scrolled", async () => (await scrolled()) > 40);
  assert.equal(await names(view), order, "nothing was dragged");
  await view.selectTab(7);
  await view.selectTab(0);
  await until("the first tab in view again", async () => (await scrolled()) < 5);
  await send("touchStart", [first]);
  await view.page.locator(".tab[data-drag=self]").waitFor();
  await slide(first, third);
  await view.page.locator(".drag-label").waitFor();
  await view.page.locator(".tab[data-drag=before]").waitFor();
  await send("touchEnd", []);
  await until("a behind b", async () => (await names(view)) === order.replace("a b", "b a"));
  assert.equal(await view.page.locator(".menu").count(), 0);
});

journey("a finger that rests on a pane's head drags the pane", async (stage) => {
  await stage.server();
  const view = await stage.page({ device: { hasTouch: true, isMobile: true } });
  const [left, right] = await two(view);
  const input = await view.page.context().newCDPSession(view.page);
  const send = (/** @type {any} */ type, /** @type {Point[]} */ touchPoints) =>
    input.send("Input.dispatchTouchEvent", { type, touchPoints });
  const from = await head(view, right);
  const to = await at(view.paneOf(left), 0.5, 0.9);
  await send("touchStart", [from]);
  await view.page.locator(".pane.dragged").waitFor();
  for (let step = 1; step <= 8; step += 1) {
    await send("touchMove", [{ x: from.x + ((to.x - from.x) * step) / 8, y: from.y + ((to.y - from.y) * step) / 8 }]);
  }
  await view.page.locator(".drop-room").waitFor();
  await send("touchEnd", []);
  await lie(view, "one below the other", (places) => places[right].y > places[left].y);
});
