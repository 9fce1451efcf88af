// Owns the journeys of signing in at an OpenID Connect provider, a real one: in, again under an open page, out, and the
// ways of not being let in that people meet.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";

const OWNER = "ana@example.com";

/** @typedef {import("playwright-core").Page} Page */

/** Fills in the provider's page. */
async function say(/** @type {Page} */ page, who = OWNER) {
  await page.getByLabel("Who are you?").fill(who);
  await page.getByRole("button", { name: "Sign in at the provider" }).click();
}

/** A page that shows Bowline's own way to the provider. */
async function before(/** @type {import("../support/stage.mjs").Stage} */ stage, rule = ["--owner", OWNER]) {
  const provider = await stage.identityProvider();
  provider.know(OWNER);
  const { args, env } = provider.settings;
  const server = await stage.server({ args: [...args, ...rule], env });
  provider.serve(`${server.url}auth/callback`);
  const view = await stage.blankPage();
  await view.page.goto(server.url);
  const signIn = view.page.getByRole("link", { name: "Sign in" });
  await signIn.waitFor();
  return { provider, server, view, signIn };
}

/** The owner, signed in, at a prompt. */
async function enter(/** @type {import("../support/stage.mjs").Stage} */ stage) {
  const begun = await before(stage);
  await begun.signIn.click();
  await say(begun.view.page);
  await begun.view.ready();
  // Only the cookie was missing on the way.
  begun.view.errors.length = 0;
  return begun;
}

/** Calls the API as a program on the machine does. */
async function ask(/** @type {import("../support/server.mjs").BowlineServer} */ server, /** @type {string} */ path, /** @type {unknown} */ body) {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  const options = body === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(body) };
  const answer = await fetch(new URL(path, server.url), options);
  assert.equal(answer.status, 200, path);
  return answer.json();
}

journey("the owner signs in at a provider, types, and stays signed in over a reload and a restart", async (stage) => {
  const { server, view } = await enter(stage);
  assert.equal(view.page.url(), server.url, "nothing of the sign-in is left in the address");
  await view.focus();
  await view.run("echo in-$((1+1))", /^in-2\s*$/m);
  await view.reload();
  await view.waitForText(/^in-2\s*$/m);
  const { browsers } = await ask(server, "api/logins", undefined);
  assert.deepEqual(browsers.map(({ who }) => who), [OWNER]);
  await server.restart();
  await view.waitForLink("websocket", "poll");
  await view.focus();
  await view.run("echo again-$((1+1))", /^again-2\s*$/m);
  view.errors.length = 0;
});

journey("somebody else is turned away, and may sign in as the owner then", async (stage) => {
  const { provider, view, signIn } = await before(stage);
  provider.know("eve@example.com");
  await signIn.click();
  await say(view.page, "eve@example.com");
  await view.page.getByText("You are signed in as eve@example.com").waitFor();
  assert.ok(!(await view.page.content()).includes("ana@"));
  // The provider would not ask again by itself.
  await view.page.getByRole("link", { name: "Sign in as somebody else" }).click();
  await say(view.page);
  await view.ready();
  view.errors.length = 0;
});

journey("an address that the provider has not verified lets nobody in, a group does", async (stage) => {
  const { provider, view, signIn } = await before(stage, ["--oidc-group", "ops", "--oidc-scope", "groups", "--owner", OWNER]);
  provider.know(OWNER, { verified: false });
  await signIn.click();
  await say(view.page);
  await view.page.getByText(`has not verified that ${OWNER} is your address`).waitFor();
  provider.know("bo@example.com", { verified: false, groups: ["dev", "ops"] });
  await view.page.getByRole("link", { name: "Sign in as somebody else" }).click();
  await say(view.page, "bo@example.com");
  await view.ready();
  view.errors.length = 0;
});

journey("a login is revoked under an open page: a small window brings it back, and nothing typed is lost", async (stage) => {
  const { server, view } = await enter(stage);
  await view.waitForLink("websocket");
  await view.focus();
  await view.run("MINE=kept; echo before-$((1+1))", /^before-2\s*$/m);
  const terminal = await view.pane.locator(".xterm").elementHandle();
  const { browsers } = await ask(server, "api/logins", undefined);
  await ask(server, "api/logins/end", { id: browsers[0].id });
  await view.waitForLink("auth");
  await view.type("echo typed-$MINE\n");
  const bar = view.page.locator(".banner").filter({ hasText: "Your sign-in has ended. Your sessions go on." });
  // The provider has forgotten who it is, too.
  await view.page.context().clearCookies({ domain: "localhost" });
  const opened = view.page.waitForEvent("popup");
  await bar.getByRole("button", { name: "Sign in again" }).click();
  const small = await opened;
  await Promise.all([small.waitForEvent("close"), say(small)]);
  await view.waitForLink("websocket");
  await view.waitForText(/^typed-kept\s*$/m);
  await bar.waitFor({ state: "hidden" });
  assert.ok(await terminal?.evaluate((terminal) => terminal.isConnected), "the terminal is the same");
  view.errors.length = 0;
});

journey("who signs out is out, and is told where to sign out at the provider", async (stage) => {
  const { provider, server, view } = await enter(stage);
  await view.waitForLink("websocket");
  const left = await view.page.evaluate(async () => {
    const proof = localStorage.getItem("bowline-proof") ?? "";
    const answer = await fetch("api/logout", { method: "POST", headers: { "bowline-proof": proof } });
    return answer.json();
  });
  await view.waitForLink("auth");
  assert.ok(left.elsewhere.startsWith(`${provider.issuer}/session/end?client_id=`), left.elsewhere);
  const { browsers } = await ask(server, "api/logins", undefined);
  assert.deepEqual(browsers, []);
  const other = await view.page.context().newPage();
  await other.goto(left.elsewhere);
  await other.getByText(/sign-out/i).first().waitFor();
  view.errors.length = 0;
});
