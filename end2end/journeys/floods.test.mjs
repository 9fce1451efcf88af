// Owns the journeys of floods as a person feels them: Ctrl-C answers, twenty floods leave the page responsive, a long file
// ends at the server's speed. Prints what it measured and asserts no time.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { ctrlCTimes, quantile } from "../support/stopwatch.mjs";
import { until } from "../support/wait.mjs";

const TIMES = 10;
const TABS = 20;
const LONG_TASK_MS = 50;

const told = (/** @type {number[]} */ times) =>
  `median ${quantile(times, 0.5).toFixed(0)} ms, 95 of 100 ${quantile(times, 0.95).toFixed(0)} ms`;

journey("Ctrl-C under a flood gives a prompt, on loopback and on a line of 1 MB/s", async (stage) => {
  await stage.server();
  const near = await stage.page();
  stage.print(`Ctrl-C to the prompt drawn, loopback: ${told(await ctrlCTimes(near, TIMES))}`);
  await near.page.context().close();
  const proxy = await stage.cuttingProxy({ bytesPerSecond: 1_000_000 });
  const far = await stage.page({ url: proxy.url, login: "token" });
  stage.print(`Ctrl-C to the prompt drawn, 1 MB/s behind 64 KiB: ${told(await ctrlCTimes(far, TIMES))}`);
});

journey("a long file ends at the server's speed, in the last lines it has", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("seq -f 'a line of a long file, number %09.0f' 2000000 > long; ls -l long | cut -d' ' -f5", /^\d{8}\s*$/m);
  const bytes = Number(/^(\d{8})\s*$/m.exec(await view.text())?.[1]);
  await view.run("clear; cat long > /dev/null");
  const begun = performance.now();
  await view.run("cat long; echo all-$((1+1))", /^all-2\s*$/m);
  await view.waitForText(PROMPT);
  const took = performance.now() - begun;
  stage.print(`${(bytes / 1e6).toFixed(0)} MB to the prompt in ${(took / 1000).toFixed(1)} s`);
  await until("the lines above the screen", async () => (await view.text()).split("\n").length > 900);
  const numbers = [...(await view.text()).matchAll(/number (\d+)\s*$/gm)].map(([, number]) => Number(number));
  assert.deepEqual(
    numbers,
    Array.from({ length: numbers.length }, (_, at) => 2_000_000 - numbers.length + 1 + at),
  );
  const screen = await server.api("api/session/screen", { session_id: await view.session(), format: "text" });
  const last = (/** @type {string} */ text) => text.trimEnd().split("\n").slice(-20).map((line) => line.trimEnd());
  assert.deepEqual(last(await view.text()), last(screen.json.text));
});

journey("twenty tabs flood and one is looked at: the page stays responsive", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const sessions = [await view.session()];
  while (sessions.length < TABS) {
    await view.newTab();
    sessions.push(await view.session());
  }
  assert.equal(new Set(sessions).size, TABS);
  const shown = /** @type {string} */ (sessions.at(-1));
  const hidden = sessions.slice(0, -1);
  const before = await Promise.all(hidden.map((session) => view.text(session)));
  await Promise.all(sessions.map((session) => server.type(session, "yes a-flood\r")));
  await view.waitForText(/(^a-flood\s*\n){20}/m, { session: shown });
  await Promise.all(
    hidden.map((session) => until("the hidden to flood", async () => (await server.outputEnd(session)) > 1_000_000)),
  );
  const { frames, long, worst } = await view.page.evaluate(
    (least) =>
      new Promise((resolve) => {
        /** @type {number[]} */
        const tasks = [];
        new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
          type: "longtask",
        });
        let frames = 0;
        const count = () => {
          frames += 1;
          if (frames < 100) requestAnimationFrame(count);
          else resolve({ frames: performance.now() - begun, long: tasks.filter((task) => task > least), worst: Math.max(0, ...tasks) });
        };
        const begun = performance.now();
        requestAnimationFrame(count);
      }),
    LONG_TASK_MS,
  );
  stage.print(`100 frames in ${frames.toFixed(0)} ms; tasks over ${LONG_TASK_MS} ms: ${long.length}, the longest ${worst.toFixed(0)} ms`);
  assert.deepEqual(await Promise.all(hidden.map((session) => view.text(session))), before, "nothing is sent to hidden tabs");
  await view.focus();
  await view.press("Control+c");
  await view.waitForText(PROMPT);
  await view.run("echo still-$((1+1))", /^still-2\s*$/m);
  await view.selectTab(0);
  await view.waitForText(/(^a-flood\s*\n){20}/m);
  await Promise.all(hidden.map((session) => server.type(session, "\x03")));
  await view.waitForText(PROMPT);
});
