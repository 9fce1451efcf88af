// Owns the journeys of the page as an app of its own: what a browser asks of a page that can be installed.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";

journey("the page can be installed, and no service worker stands before its server", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const browser = await view.page.context().newCDPSession(view.page);
  const { url, errors, data } = await browser.send("Page.getAppManifest");
  assert.deepEqual(errors, []);
  const manifest = JSON.parse(data ?? "");
  assert.equal(new URL(manifest.start_url, url).href, server.url);
  assert.equal(new URL(manifest.scope, url).href, server.url);
  for (const { src, sizes } of manifest.icons) {
    const icon = await view.page.evaluate(async (src) => {
      const image = new Image();
      image.src = src;
      await image.decode();
      return `${image.naturalWidth}x${image.naturalHeight}`;
    }, new URL(src, url).href);
    if (sizes !== "any") assert.equal(icon, sizes);
  }
  const { installabilityErrors } = await browser.send("Page.getInstallabilityErrors");
  // A context of a test counts as a private window, where nothing can be installed.
  const reasons = installabilityErrors.map((error) => error.errorId).filter((id) => id !== "in-incognito");
  assert.deepEqual(reasons, []);
  assert.equal(await view.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
});
