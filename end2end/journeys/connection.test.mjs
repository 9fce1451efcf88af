// Owns the journeys of the connection's indicator: what it says over each transport, and what its details offer.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

function indicator(/** @type {View} */ view) {
  return view.page.getByRole("button", { name: /^(Connected|Connecting|No connection|Signed out)/ });
}

async function details(/** @type {View} */ view) {
  const dialog = view.page.getByRole("dialog", { name: "Connection" });
  await dialog.waitFor();
  /** What the details say under a name. */
  const fact = (/** @type {string} */ name) =>
    dialog.locator(".fact").filter({ has: view.page.getByText(name, { exact: true }) }).locator("dd").innerText();
  return { dialog, fact };
}

journey("the indicator says transport and round trip, and its details count reconnects", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForLink("websocket");
  await until("a round trip", async () =>
    /^Connected by WebSocket, round trip (< 1 ms|\d+ ms|[\d.]+ s)$/.test((await indicator(view).getAttribute("aria-label")) ?? ""),
  );
  await indicator(view).click();
  const { dialog, fact } = await details(view);
  assert.equal(await fact("Transport"), "WebSocket");
  assert.match(await fact("Round trip"), / ms$| s$/);
  assert.match(await fact("Connected for"), /^\d+ (s|min)/);
  assert.equal(await fact("Reconnects"), "none since the page was loaded");
  await until("the server's version", async () => /^Bowline \d/.test(await fact("Server")));
  assert.equal(await fact("Sessions"), "1 session");
  await dialog.getByRole("button", { name: "Reconnect now" }).click();
  await until("a reconnect", async () => (await fact("Reconnects")) === "1 since the page was loaded");
  assert.equal(await fact("Transport"), "WebSocket");
  await view.press("Escape");
  await dialog.waitFor({ state: "hidden" });
  // The keyboard is back in the terminal, and the link still carries it.
  await view.type("echo after-$((1+1))\n");
  await view.waitForText(/^after-2\s*$/m);
});

journey("where no WebSocket passes, the details say why, by the keyboard alone", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy({ upgrades: "refuse" });
  const view = await stage.page({ url: proxy.url });
  await view.waitForLink("poll");
  await view.focus();
  await view.press("Alt+Shift+K");
  const { dialog, fact } = await details(view);
  assert.equal(await fact("Transport"), "Polling");
  await until("a round trip", async () => / ms$| s$/.test(await fact("Round trip")));
  await dialog.getByText(/lets no WebSocket through/).waitFor();
  proxy.cruelty.upgrades = "pass";
  await view.press("Enter");
  await view.waitForLink("websocket");
  await until("the new transport", async () => (await fact("Transport")) === "WebSocket");
  assert.equal(await dialog.getByText(/lets no WebSocket through/).count(), 0);
});

journey("without a connection the details say so and offer a try", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url });
  proxy.down();
  await view.waitForLink("offline");
  assert.match((await indicator(view).getAttribute("aria-label")) ?? "", /^No connection$/);
  await indicator(view).click();
  const { dialog, fact } = await details(view);
  assert.equal(await fact("Transport"), "None");
  assert.equal(await fact("Round trip"), "\u2013");
  const retry = dialog.getByRole("button", { name: "Retry now" });
  await retry.waitFor();
  proxy.up();
  // It may come back by itself before the click; then the button says something else.
  await retry.click({ timeout: 2000 }).catch(() => {});
  await view.waitForLink("websocket");
  await until("the new transport", async () => (await fact("Transport")) === "WebSocket");
});
