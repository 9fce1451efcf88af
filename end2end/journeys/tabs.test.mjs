// Owns the journeys of what tabs say of their sessions: names, output that nobody saw, calls for attention, progress, ends.
// That a tab shows the right terminal is `workspace`'s.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** Where everything in the tab bar is. */
function places(/** @type {View} */ view) {
  return view.page.locator(".bar").evaluate((bar) =>
    [...bar.querySelectorAll(".tab, .tab-name, .new-tab, .count")].map((element) => {
      const { x, y, width, height } = element.getBoundingClientRect();
      // A name is as wide as it is long; where it begins is what counts.
      return element.matches(".tab-name") ? [x, y] : [x, y, width, height];
    }),
  );
}

/** A second tab in front of the first, and the first one's session. */
async function behind(/** @type {View} */ view) {
  await view.waitForText(PROMPT);
  const session = await view.session();
  await view.renameTab(0, "back");
  await view.newTab();
  await view.renameTab(1, "front");
  return session;
}

journey("a tab goes by its program's title, by the name people gave it, else by the program", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.waitForTabWords(0, "bash");
  await view.run("printf '\\033]0;first title\\007'");
  await view.waitForTabWords(0, "first title");
  assert.equal(await view.page.title(), "first title – Bowline");
  // Nothing that a program says turns text around, breaks lines or grows without end.
  await view.run("printf '\\033]2;\\u202eexe.txt\\u2066 \\u200b\\t  end\\007'");
  await view.waitForTabWords(0, "exe.txt end");
  await view.run(`printf "\\033]2;$(printf 'long%.0s' {1..500})\\007"`);
  await view.waitForTabWords(0, /^(long){30}…$/);
  await view.run("printf '\\033]2;\\007'; read");
  await view.waitForTabWords(0, "bash");
  await view.press("Enter");
  await view.renameTab(0, "mine");
  await view.run("printf '\\033]0;not shown\\007'");
  await until("the title", async () => (await server.sessions())[0].title === "not shown");
  await view.reload();
  await view.waitForTabWords(0, "mine");
});

journey("a tab in the background says that there is output, until it is looked at", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const session = await behind(view);
  const before = await places(view);
  /** What comes just as the tab is left is no news: it prints until it is. */
  const print = () =>
    until("a word of new output", async () => {
      await server.type(session, "echo $((40+2))\r");
      return (await view.tabWords(0)) === "back, new output";
    });
  await view.waitForTabWords(0, "back");
  await print();
  assert.deepEqual(await places(view), before, "nothing moved");
  await view.selectTab(0);
  await view.waitForTabWords(0, "back");
  await view.waitForText(/^42\s*$/m);
  await view.selectTab(1);
  await view.waitForTabWords(0, "back");
  // Also of a tab that was not shown since the page was loaded.
  await view.reload();
  await view.waitForTabWords(0, "back");
  await print();
});

journey("a session that calls is marked, says why, and is counted in the page's title", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const session = await behind(view);
  const before = await places(view);
  // Later than the key, or it would be the key's answer.
  await server.type(session, "sleep 0.5; printf '\\a'; read\r");
  await view.waitForTabWords(0, "back, rang");
  assert.equal(await view.page.title(), "(1) front – Bowline");
  assert.match((await view.tabElements.nth(0).getAttribute("title")) ?? "", /^back.*\nRang$/);
  assert.deepEqual(await places(view), before, "nothing moved");
  // Looking is what a bell wants.
  await view.selectTab(0);
  await view.waitForTabWords(0, "back");
  assert.equal(await view.page.title(), "back – Bowline");
  await view.press("Enter");
  // A question wants an answer.
  await view.run('"$BOWLINE_BIN" status waiting; read answer');
  await view.waitForTabWords(0, "back, waits for you");
  await view.selectTab(1);
  await view.waitForTabWords(0, "back, waits for you");
  await view.selectTab(0);
  assert.equal(await view.page.title(), "(1) back – Bowline");
  await view.type("yes\r");
  await view.waitForTabWords(0, "back");
  assert.equal(await view.page.title(), "back – Bowline");
});

journey("progress is a bar on the tab", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const session = await behind(view);
  const before = await places(view);
  const bar = view.page.locator(".tab").nth(0).locator(".tab-progress");
  const steps = [
    ["1;40", "normal", "back, new output, 40 % done"],
    ["2;40", "error", "back, new output, failed at 40 %"],
    ["4;41", "paused", "back, new output, paused at 41 %"],
    ["3", "indeterminate", "back, new output, in progress"],
  ];
  const command = steps.map(([step]) => `read; printf '\\033]9;4;${step}\\007';`).join(" ");
  await server.type(session, `${command} read; printf '\\033]9;4;0\\007'; read\r`);
  for (const [, kind, words] of steps) {
    await server.type(session, "\r");
    await bar.and(view.page.locator(`[data-kind=${kind}]`)).waitFor();
    await until("the words", async () => {
      // Whether the output is news by then is not the question here.
      const said = await view.tabWords(0);
      return said === words || said === words.replace(" new output,", "");
    });
    assert.deepEqual(await places(view), before, "nothing moved");
  }
  await server.type(session, "\r");
  await bar.waitFor({ state: "hidden" });
});

journey("a session that ended in the background says how on its tab", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const session = await behind(view);
  await server.type(session, "exit 3\r");
  await view.waitForTabWords(0, "back, exited with status 3");
  await view.page.locator(".tab").nth(0).locator('.tab-detail[data-words="exit 3"]').waitFor();
  await view.reload();
  await view.waitForTabWords(0, "back, exited with status 3");
  await view.tabElements.nth(0).click();
  await view.waitForPane("exited");
  await view.restartButton.click();
  await view.waitForPane("live");
  await view.waitForTabWords(0, "back");
});

journey("a title that spins is shown a few times a second and moves nothing", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.newTab();
  await view.selectTab(0);
  await view.waitForText(PROMPT);
  const before = await places(view);
  await view.page.evaluate(() => {
    const name = document.querySelector(".tab .tab-name");
    if (!name) throw new Error("there is no tab");
    Object.assign(window, { journeyTitles: 0 });
    const count = () => ((/** @type {any} */ (window).journeyTitles) += 1);
    new MutationObserver(count).observe(name, { subtree: true, childList: true, characterData: true });
  });
  const spins = 100;
  await view.run(
    `for i in $(seq ${spins}); do printf "\\033]2;spin $((i % 10)) of a title that is far too long for its tab\\007"; sleep 0.02; done; printf '\\033]2;came to rest\\007'; read`,
  );
  await view.waitForTabWords(0, "came to rest");
  const shown = await view.page.evaluate(() => /** @type {any} */ (window).journeyTitles);
  stage.print(`${spins} titles, ${shown} shown`);
  assert.ok(shown > 1, "it is seen to spin");
  assert.ok(shown < spins / 4, `${shown} of ${spins} titles were shown`);
  assert.deepEqual(await places(view), before, "nothing moved");
  assert.equal((await server.sessions()).length, 2);
});
