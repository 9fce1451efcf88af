// Owns the journeys of the set-up panel. The route is answered by a double: these prove what the page shows of an answer and
// what it asks for, and that a server that sets nothing up shows nothing. What steps do is proved by tests of the server.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

const panel = (/** @type {View} */ view) => view.page.locator("details.setup");

journey("without set-up the page shows nothing of it, and asks once", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage();
  let asked = 0;
  view.page.on("request", (request) => {
    if (request.url().endsWith("/api/setup-status")) asked += 1;
  });
  await view.page.goto(`${server.url}#code=${server.code}`);
  await view.ready();
  await view.waitForText(PROMPT);
  await until("the question", () => asked > 0);
  await view.run("echo $((6*7))", /^42\s*$/m);
  assert.equal(await panel(view).count(), 0);
});

journey("set-up is followed step by step beside a terminal that works, and goes when it is dismissed", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage();
  const now = Date.now();
  const step = (/** @type {string} */ id, /** @type {string} */ label, /** @type {object} */ rest) => ({ id, label, ...rest });
  let reply = {
    state: "running",
    steps: [
      step("git", "Git identity", { state: "complete", started_ms: now - 9000, ended_ms: now - 6000 }),
      step("claude", "Claude Code", { state: "running", started_ms: now - 5000, tail: "fetching <b>one</b>\nunpacking" }),
      step("gh", "GitHub CLI", { state: "waiting" }),
    ],
    terminal_mode: "tabs",
  };
  let asked = 0;
  await view.page.route("**/api/setup-status", async (route) => {
    asked += 1;
    await route.fulfill({ json: reply });
  });
  await view.page.goto(`${server.url}#code=${server.code}`);
  await view.ready();
  await panel(view).getByText("Setting up this machine: 1 of 3").waitFor();
  // Folded: the terminal has the keyboard and all of its room.
  await view.run("echo $((6*7))", /^42\s*$/m);
  await panel(view).locator("summary").click();
  const row = (/** @type {string} */ label) => panel(view).locator("li").filter({ hasText: label });
  assert.match(await row("Git identity").innerText(), /done\s+3 s/);
  assert.match(await row("Claude Code").innerText(), /running\s+\d+ s/);
  assert.match(await row("Claude Code").innerText(), /fetching <b>one<\/b>\nunpacking/, "output is text");
  assert.match(await row("GitHub CLI").innerText(), /waiting/);
  reply = {
    ...reply,
    state: "warning",
    steps: [
      reply.steps[0],
      step("claude", "Claude Code", { state: "complete", version: "2.1.0", started_ms: now - 5000, ended_ms: now }),
      step("gh", "GitHub CLI", { state: "error", started_ms: now - 2000, ended_ms: now, error: "no route to github.com" }),
    ],
  };
  await panel(view).getByText("Set up, but not everything works.").waitFor();
  await row("GitHub CLI").getByText("no route to github.com").waitFor();
  // What failed is tried again, and what runs is cancelled; nothing is offered for what went well.
  assert.equal(await row("Git identity").getByRole("button").count(), 0);
  /** @type {string[]} */
  const wanted = [];
  await view.page.route("**/api/setup-{retry,cancel}", async (route) => {
    wanted.push(`${new URL(route.request().url()).pathname} ${route.request().postData()}`);
    const state = wanted.length === 1 ? "running" : "skipped";
    const gh = step("gh", "GitHub CLI", { state, started_ms: Date.now() });
    reply = { ...reply, state: wanted.length === 1 ? "running" : "warning", steps: [...reply.steps.slice(0, 2), gh] };
    await route.fulfill({ json: {} });
  });
  await panel(view).getByRole("button", { name: "Try again: GitHub CLI" }).click();
  await panel(view).getByRole("button", { name: "Cancel: GitHub CLI" }).click();
  await row("GitHub CLI").getByText("skipped").waitFor();
  assert.deepEqual(wanted, ['/api/setup-retry {"id":"gh"}', '/api/setup-cancel {"id":"gh"}']);
  const before = asked;
  await panel(view).getByRole("button", { name: "Dismiss" }).click();
  await panel(view).waitFor({ state: "hidden" });
  await view.focus();
  await view.type("echo still-$((1+1))\n");
  await view.waitForText(/^still-2\s*$/m);
  assert.equal(asked, before, "nothing is asked once nothing runs");
});
