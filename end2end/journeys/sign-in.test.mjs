// Owns the journeys of signing in where another site does it: a proxy that says who comes, and whose own sign-ins end.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";

const OWNER = "ana@example.com";
const BY_PROXY = ["--auth", "proxy", "--owner", OWNER, "--trusted-proxy", "127.0.0.1"];

/** @typedef {import("playwright-core").Page} Page */

/** Fills in the provider's page. */
async function signIn(/** @type {Page} */ page, who = OWNER) {
  await page.getByLabel("Who are you?").fill(who);
  await page.getByRole("button", { name: "Sign in at the provider" }).click();
}

/** A page that came through the proxy's sign-in. */
async function enter(/** @type {import("../support/stage.mjs").Stage} */ stage, who = OWNER) {
  const server = await stage.server({ args: BY_PROXY });
  const proxy = await stage.signingProxy();
  const view = await stage.blankPage();
  await view.page.goto(proxy.url);
  await signIn(view.page, who);
  return { server, proxy, view };
}

journey("the owner comes in through a proxy, and types", async (stage) => {
  const { view } = await enter(stage);
  await view.waitForLink("websocket");
  await view.focus();
  await view.run("echo in-$((1+1))", /^in-2\s*$/m);
  assert.equal(await view.page.locator("body[data-proof]").count(), 0, "the proof is not left lying about");
});

journey("somebody else is turned away, and does not learn whose it is", async (stage) => {
  const { view } = await enter(stage, "eve@example.com");
  await view.page.getByText("You are signed in as eve@example.com").waitFor();
  assert.ok(!(await view.page.content()).includes("ana@"));
});

journey("a sign-in at the proxy ends: a small window brings it back, and nothing typed is lost", async (stage) => {
  const { proxy, view } = await enter(stage);
  await view.waitForLink("websocket");
  await view.focus();
  await view.run("MINE=kept; echo before-$((1+1))", /^before-2\s*$/m);
  const terminal = await view.pane.locator(".xterm").elementHandle();
  proxy.expire();
  await view.waitForLink("auth");
  await view.type("echo typed-$MINE\n");
  const bar = view.page.locator(".banner").filter({ hasText: "Your sign-in has ended. Your sessions go on." });
  const opened = view.page.waitForEvent("popup");
  await bar.getByRole("button", { name: "Sign in again" }).click();
  const small = await opened;
  await Promise.all([small.waitForEvent("close"), signIn(small)]);
  await view.waitForLink("websocket");
  await view.waitForText(/^typed-kept\s*$/m);
  await bar.waitFor({ state: "hidden" });
  assert.ok(await terminal?.evaluate((terminal) => terminal.isConnected), "the terminal is the same");
  await view.focus();
  await view.type("echo after-$((1+1))\n");
  await view.waitForText(/^after-2\s*$/m);
});

journey("a page that another server's key made goes on without a question", async (stage) => {
  const { server, view } = await enter(stage);
  await view.waitForLink("websocket");
  await server.forget("proof-key");
  await server.restart();
  await view.waitForLink("websocket", "poll");
  await view.focus();
  await view.run("echo again-$((1+1))", /^again-2\s*$/m);
});
