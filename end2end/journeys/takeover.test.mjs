// Owns the journey of the moment in which the page takes the place of what the server wrote. What it shows later is others'.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { logIn } from "../support/stage.mjs";

journey("the page takes the place of the server's markup: no frame without it, focus stays, nothing that moves starts again", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage();
  const { page } = view;
  await logIn(page.context(), server.url, server.token);
  /** @type {() => void} */
  let goOn = () => {};
  const held = new Promise((resolve) => (goOn = () => resolve(undefined)));
  await page.route("**/page_bg.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await page.goto(server.url, { waitUntil: "domcontentloaded" });
  await page.getByRole("button", { name: "New tab" }).focus();
  // What each frame shows, and how far the dot has come that breathes until there is a connection.
  await page.evaluate(() => {
    const journeyFrames = { bare: 0, breaths: /** @type {number[]} */ ([]) };
    Object.assign(window, { journeyFrames });
    // The terminal takes the focus later, as it would have.
    const taken = () => Object.assign(window, { journeyFocus: document.activeElement?.getAttribute("aria-label") ?? "nothing" });
    new MutationObserver(taken).observe(/** @type {Element} */ (document.querySelector("#app")), { childList: true });
    const look = () => {
      if (!document.querySelector("#app .bar")) journeyFrames.bare += 1;
      const breath = document.getAnimations().find((one) => /** @type {CSSAnimation} */ (one).animationName === "breathe");
      if (breath) journeyFrames.breaths.push(Number(breath.currentTime));
      requestAnimationFrame(look);
    };
    requestAnimationFrame(look);
  });
  await page.waitForFunction(() => /** @type {any} */ (window).journeyFrames.breaths.length > 10);
  goOn();
  await page.waitForFunction(() => /** @type {any} */ (window).journeyFocus);
  await page.locator(".link-dot:not([data-kind=connecting])").waitFor();
  const [frames, focus] = await page.evaluate(() => [/** @type {any} */ (window).journeyFrames, /** @type {any} */ (window).journeyFocus]);
  assert.equal(focus, "New tab");
  assert.equal(frames.bare, 0);
  const back = frames.breaths.filter((/** @type {number} */ at, /** @type {number} */ index) => at < (frames.breaths[index - 1] ?? 0));
  assert.deepEqual(back, [], `${frames.breaths}`);
});
