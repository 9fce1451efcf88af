// Owns the journeys of snapshots: whatever a page missed, it shows what the program's terminal shows.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

const LINES = 300_000;

/** The numbers that a terminal shows below one another, oldest first. */
function numbers(/** @type {string} */ text) {
  return [...text.matchAll(/^(\d{4,})\s*$/gm)].map(([, number]) => Number(number));
}

const range = (/** @type {number} */ from, /** @type {number} */ to) => Array.from({ length: to - from + 1 }, (_, at) => from + at);

journey("a flood that nobody watched ends in its last lines, and more when the user scrolls up to their end", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  const session = await view.session();
  await view.newTab();
  await server.type(session, `seq ${LINES}; echo all-$((1+1))\r`);
  await until("the end of the flood", async () => {
    const screen = await server.api("api/session/screen", { session_id: session, format: "text" });
    return /^all-2\s*$/m.test(screen.json.text);
  });
  await view.selectTab(0);
  await view.waitForText(/^all-2\s*$/m);
  // The screen comes first where it is still a flood.
  await until("lines above the screen", async () => numbers(await view.text()).length > 900);
  const shown = numbers(await view.text());
  assert.deepEqual(shown, range(LINES + 1 - shown.length, LINES));

  await view.focus();
  const { rows } = await view.size();
  // The topmost line of every frame.
  await view.pane.locator(".xterm-rows").evaluate((element) => {
    /** @type {string[]} */
    const tops = [];
    Object.assign(window, { journeyTops: tops });
    const look = () => {
      const top = element.firstElementChild?.textContent?.trim() ?? "";
      if (top !== tops.at(-1)) tops.push(top);
      requestAnimationFrame(look);
    };
    look();
  });
  const tops = () => view.page.evaluate(() => /** @type {string[]} */ (/** @type {any} */ (window).journeyTops));
  // As a person does: up, beyond the first line there is.
  const first = LINES + 1 - shown.length;
  await until("lines above those that were there", async () => {
    await view.press("Shift+PageUp");
    const top = Number((await tops()).at(-1));
    return top > 0 && top < first;
  });
  const all = numbers(await view.text());
  assert.deepEqual(all, range(LINES + 1 - all.length, LINES));
  assert.ok(all.length >= 10_000 - 2 * rows, `${all.length} lines`);
  // Page by page and nothing else in between: what the user looked at stayed when more came.
  // (Looked at early in a frame, when the DOM renderer may have emptied itself for the rows that it is about to draw.)
  const seen = (await tops()).map(Number).filter((top) => top > 0);
  for (const [at, top] of seen.entries()) {
    const step = at === 0 ? 0 : seen[at - 1] - top;
    assert.ok(step >= 0 && step < 2 * rows, `frame by frame: ${seen}`);
  }
});

journey("the old picture stays until the new one is parsed, whatever size it has", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("seq 2000", /^2000\s*$/m);
  const session = await view.session();
  const size = await view.size();
  await view.newTab();
  // Too much to catch up with, and of another size when it is shown again.
  await server.type(session, `seq -f '%.0f ${"x".repeat(60)}' ${LINES}; echo all-$((1+1))\r`);
  await server.api("api/resize", { session_id: session, cols: size.cols - 20, rows: size.rows - 5 });
  await until("the end of the flood", async () => {
    const screen = await server.api("api/session/screen", { session_id: session, format: "text" });
    return /^all-2\s*$/m.test(screen.json.text);
  });
  // What is painted: a resize observer is asked after everything that a frame changes, before it is painted.
  await view.page.evaluate(() => {
    const frames = { painted: 0, empty: 0 };
    Object.assign(window, { journeyFrames: frames });
    const probe = document.createElement("div");
    probe.style.cssText = "position: fixed; height: 0; width: 1px";
    document.body.append(probe);
    new ResizeObserver(() => {
      const rows = document.querySelector(".pane.shown .xterm-rows");
      if (!rows) return;
      frames.painted += 1;
      if (!rows.textContent?.trim()) frames.empty += 1;
    }).observe(probe);
    let turn = 0;
    const move = () => {
      turn += 1;
      probe.style.width = `${1 + (turn % 2)}px`;
      requestAnimationFrame(move);
    };
    move();
  });
  await view.selectTab(0);
  await view.waitForText(/^all-2\s*$/m);
  await until("lines above the screen", async () => (await view.text()).length > 900 * 60);
  await until("the size of its own", async () => (await view.size()).cols === size.cols);
  const frames = await view.page.evaluate(() => /** @type {any} */ (window).journeyFrames);
  stage.print(`${frames.painted} frames, ${frames.empty} of them empty`);
  assert.ok(frames.painted > 0);
  assert.equal(frames.empty, 0);
});

journey("what a full-screen program drew is shown whole to who comes later", async (stage) => {
  await stage.server();
  const one = await stage.page();
  await one.run("seq -f 'file line %g' 200 > long.txt; seq 50000; clear; vim long.txt", /file line 20\s*$/m);
  await one.press("Control+f", "Control+f", "l", "l");
  await one.waitForText(/file line 60\s*$/m);
  await one.waitForText(/ 51,3 /);
  const drawn = (await one.text()).trimEnd();
  await one.reload();
  await one.waitForText(/file line 60\s*$/m);
  assert.equal((await one.text()).trimEnd(), drawn);
  const two = await stage.page();
  await two.waitForText(/file line 60\s*$/m);
  assert.equal((await two.text()).trimEnd(), drawn);
  // Its modes too: the keypad's, the alternate screen, the cursor's place.
  await one.focus();
  await one.press("x");
  await two.waitForText(/^file line \d+/m);
  await until("the same screen in both", async () => (await one.text()) !== drawn && (await one.text()) === (await two.text()));
  await one.focus();
  await one.type(":q!\r");
  await one.waitForText(PROMPT);
  await two.waitForText(PROMPT);
});

journey("a program learns the colours that the page shows, in both themes", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  /** A colour of the style sheet, as programs are told it. */
  const colour = (/** @type {string} */ property) =>
    view.pane.locator(".screen").evaluate((element, property) => {
      const probe = element.ownerDocument.createElement("span");
      probe.style.color = `var(${property})`;
      element.append(probe);
      const channels = /** @type {string[]} */ (getComputedStyle(probe).color.match(/\d+/g));
      probe.remove();
      const [red, green, blue] = channels.map((channel) => Number(channel).toString(16).padStart(2, "0").repeat(2));
      return `rgb:${red}/${green}/${blue}`;
    }, property);
  const ask = (/** @type {string} */ query) =>
    `printf '\\e]${query};?\\e\\\\'; IFS= read -rs -d '\\' -t 10 answer; echo "it is \${answer##*;}" | tr -d '\\033'`;
  const asked = [
    ["11", "--term-background"],
    ["4;1", "--ansi-1"],
    ["4;15", "--ansi-15"],
  ];
  /** @type {string[]} */
  const told = [];
  for (const theme of ["dark", "light"]) {
    if (theme === "light") await view.press("Alt+Shift+L");
    for (const [query, property] of asked) {
      told.push(await colour(property));
      await view.run(ask(query), `it is ${told.at(-1)}`);
    }
  }
  assert.equal(new Set(told).size, 2 * asked.length, "other colours in the other theme");
});
