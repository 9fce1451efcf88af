// Owns the journeys of the bars over the panes that say what is wrong: each says its own, once, and goes by itself when
// it is over. Outages as such are `outage`'s.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

const banner = (/** @type {View} */ view, /** @type {RegExp | string} */ words) =>
  view.page.locator(".banner").filter({ hasText: words });

journey("an outage counts down and its button stays the same button", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url });
  proxy.down();
  const bar = banner(view, "No connection.");
  await bar.waitFor();
  const retry = bar.getByRole("button", { name: "Retry now" });
  await retry.focus();
  const button = await retry.elementHandle();
  const words = new Set();
  await until("three different countdowns", async () => words.add(await bar.innerText()).size >= 3);
  assert.ok(await button?.evaluate((button) => button === document.activeElement), "the keyboard stays where it is");
  proxy.up();
  await bar.waitFor({ state: "hidden" });
});

journey("a restart that the server announced is called so", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.waitForLink("websocket");
  await server.kill("SIGTERM");
  await banner(view, "The server is restarting.").waitFor();
  assert.equal(await banner(view, "No connection.").count(), 0);
  await server.restart();
  await view.waitForLink("websocket", "poll");
  await banner(view, "The server is restarting.").waitFor({ state: "hidden" });
});

journey("who is signed out signs in again and loses nothing: same terminal, same keys under way", async (stage) => {
  const server = await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url });
  await view.run("MINE=kept; echo before-$((1+1))", /^before-2\s*$/m);
  const terminal = await view.pane.locator(".xterm").elementHandle();
  // The cookie is gone, as after an expired sign-in; the next transport learns of it.
  await view.page.context().clearCookies();
  proxy.cutAll();
  await view.waitForLink("auth");
  await view.type("echo typed-$MINE\n");
  const bar = banner(view, "Your sign-in has ended. Your sessions go on.");
  await bar.getByRole("button", { name: "Sign in again" }).click();
  const field = view.page.getByLabel("Access token or link");
  await field.fill(server.token);
  await view.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await field.waitFor({ state: "hidden" });
  await view.waitForLink("websocket");
  await view.waitForText(/^typed-kept\s*$/m);
  assert.ok(await terminal?.evaluate((terminal) => terminal.isConnected), "the terminal is the same");
  await bar.waitFor({ state: "hidden" });
  await view.focus();
  await view.type("echo after-$((1+1))\n");
  await view.waitForText(/^after-2\s*$/m);
});

journey("a session that ends for lack of use is warned of, and kept by a button", async (stage) => {
  const server = await stage.server({ args: ["--idle-limit", "40s"] });
  const view = await stage.page();
  const { status, json, text } = await server.api("api/session", { label: "forgotten", command: ["sleep", "1000"] });
  assert.equal(status, 200, text);
  const bar = banner(view, "“forgotten” ends unless somebody uses it.");
  // The list is read on; only what it says counts.
  await until("the warning", async () => {
    const { sessions } = (await server.api("api/sessions")).json;
    return sessions.find((/** @type {any} */ session) => session.session_id === json.session_id)?.ends_in_s !== undefined;
  }, { deadline: 60_000 });
  const picker = await view.openPicker();
  await bar.waitFor({ state: "attached" });
  await picker.close();
  await bar.getByRole("button", { name: "Keep it" }).click();
  await bar.waitFor({ state: "hidden" });
  const left = (await server.api("api/sessions")).json.sessions.find((/** @type {any} */ session) => session.session_id === json.session_id);
  assert.equal(left?.ends_in_s, undefined, "its clock starts again");
});

journey("a session that is gone is said to be gone, in its pane", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const session = await view.session();
  await server.api("api/session/close", { session_id: session });
  await view.waitForPane("exited");
  await view.pane.getByText("killed").waitFor();
  await view.pane.getByRole("button", { name: "Restart" }).click();
  await view.waitForPane("live");
});
