// Owns the journeys through a network that goes away and comes back.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

/** Longer than the quiet time before the page says that it is offline. */
const OUTAGE_MS = 10_000;

for (const upgrades of /** @type {const} */ (["pass", "refuse"])) {
  const way = upgrades === "pass" ? "WebSocket" : "polling";
  journey(`over ${way}, down for 10 s and back: the page recovers by itself, keys typed in between arrive once`, async (stage) => {
    const server = await stage.server();
    const proxy = await stage.cuttingProxy({ upgrades });
    const view = await stage.page({ url: proxy.url });
    await view.waitForLink(upgrades === "pass" ? "websocket" : "poll");
    const file = path.join(server.home, "typed.txt");
    await view.run("cat > typed.txt; echo end-$((1+1))");
    // The shell has left its line editor: what is typed before that is not made into lines.
    await until("the program to run", () => existsSync(file));
    await view.type("before\n");
    const back = proxy.outage(OUTAGE_MS);
    await view.type("early\n");
    await view.waitForLink("offline");
    await view.type("late\n");
    const shown = view.page.getByRole("button", { name: /retry|reconnect|now/i }).filter({ visible: true }).first();
    await shown.waitFor();
    await back;
    await view.waitForLink("websocket", "poll");
    await view.type("after\n");
    const whole = "before\nearly\nlate\nafter\n";
    await until("the typed lines", async () => (await readFile(file, "utf8")).length >= whole.length);
    await view.press("Control+D");
    await view.waitForText(/^end-2\s*$/m);
    assert.equal(await readFile(file, "utf8"), whole);
    assert.equal(await shown.count(), 0, "the outage is no longer shown");
  });
}

journey("the button ends the waiting: retry now connects as soon as the proxy is back", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url });
  await view.run("echo $((6*7))", /^42\s*$/m);
  proxy.down();
  await view.waitForLink("offline");
  const retry = view.page.getByRole("button", { name: /retry|reconnect|now/i }).filter({ visible: true }).first();
  await retry.waitFor();
  proxy.up();
  // It may come back by itself before the click; then the button is gone.
  await retry.click({ timeout: 2000 }).catch(() => {});
  await view.waitForLink("websocket");
  await view.run("echo back-$((1+1))", /^back-2\s*$/m);
});

journey("output printed during an outage is there afterwards", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url });
  await view.run("node counter.mjs 200 1500; echo end-$((1+1))", /^c100\s*$/m);
  proxy.down();
  await view.waitForLink("offline");
  proxy.up();
  await view.waitForText(/^end-2\s*$/m, { timeout: 60_000 });
  const numbers = (await view.text()).match(/^c\d+/gm)?.map((line) => Number(line.slice(1)));
  assert.deepEqual(
    numbers,
    Array.from({ length: 1500 }, (_, index) => index + 1),
  );
});
