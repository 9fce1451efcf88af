// Owns the journeys of the list of signed-in browsers: who is signed in is seen, and signed out from afar or here.

import assert from "node:assert/strict";

import { seriousProblems } from "../support/axe.mjs";
import { journey } from "../support/journey.mjs";
import { openSettings } from "../support/settings.mjs";

const GROUP = "Signed in";

journey("another browser is seen and signed out from afar, and its link closes at once", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("echo here-$((1+1))", /^here-2$/m);
  const device = { userAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:132.0) Gecko/20100101 Firefox/132.0" };
  const other = await stage.page({ device });
  const dialog = await openSettings(view, GROUP);
  const rows = dialog.getByRole("listitem");
  const row = rows.filter({ hasText: "Firefox on Linux" });
  await row.waitFor();
  assert.equal(await rows.count(), 2);
  assert.equal(await rows.filter({ hasText: "this browser" }).count(), 1);
  assert.match((await row.textContent()) ?? "", /signed in .* ago .* from 127\.0\.0\.1/);
  assert.deepEqual(await seriousProblems(view.page), []);

  await row.getByRole("button", { name: "Sign out Firefox on Linux" }).click();
  await other.waitForLink("auth");
  await row.waitFor({ state: "detached" });
  assert.equal(await dialog.getByRole("button", { name: "Sign out all others" }).count(), 0);
  // What it had is worth nothing, and the session goes on.
  await other.page.goto(server.url);
  await other.page.getByLabel("Access token or link").waitFor();
  await view.press("Escape");
  await view.focus();
  await view.run("echo still-$((1+1))", /^still-2$/m);
});

journey("all others are signed out at once", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const others = [await stage.page(), await stage.page()];
  const dialog = await openSettings(view, GROUP);
  await dialog.getByRole("button", { name: "Sign out all others" }).click();
  for (const other of others) await other.waitForLink("auth");
  await view.page.getByText("2 browsers were signed out.").waitFor();
  assert.equal(await view.link(), "websocket");
});

journey("signing out here leads to the login, and leaves nothing behind", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("echo secret-$((1+1))", /^secret-2$/m);
  const dialog = await openSettings(view, GROUP);
  await dialog.getByRole("button", { name: "Sign out here" }).click();
  await view.page.getByLabel("Access token or link").waitFor();
  const left = await view.page.evaluate(() => localStorage.getItem("bowline-proof"));
  assert.equal(left, null);
  assert.deepEqual(await view.page.context().cookies().then((all) => all.filter((cookie) => cookie.httpOnly)), []);
  assert.ok(!(await view.page.content()).includes("secret-2"));
});

journey("where a proxy says who comes, the list says so", async (stage) => {
  await stage.server({ args: ["--auth", "none"] });
  const view = await stage.page({ login: "none" });
  await view.ready();
  const dialog = await openSettings(view, GROUP);
  await dialog.getByText("Nobody signs in here by itself").waitFor();
  assert.equal(await dialog.getByRole("button", { name: "Sign out here" }).count(), 0);
});
