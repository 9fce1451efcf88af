// Owns what is measured of a browser that comes for the first time: what it fetches and when it shows something, and of
// one whose user acts: how long until the next frame. Must not judge a time.

import { logIn } from "./stage.mjs";

/** @typedef {import("./page.mjs").BowlinePage} BowlinePage */
/** @typedef {import("./stage.mjs").Stage} Stage */
/** @typedef {import("./server.mjs").BowlineServer} BowlineServer */

/**
 * What a browser with an empty cache needs until the prompt is drawn.
 *
 * @typedef {object} FirstLoad
 * @property {number} paint milliseconds from navigating to the first frame with content
 * @property {number} prompt milliseconds from navigating to the frame with the shell's prompt
 * @property {number} bytes what had come by then, as it was transferred
 * @property {number} requests
 */

/** @returns {Promise<FirstLoad>} */
export async function firstLoad(/** @type {Stage} */ stage, /** @type {BowlineServer} */ server) {
  const view = await stage.blankPage();
  const { page } = view;
  await logIn(page.context(), server.url, server.token);
  const client = await page.context().newCDPSession(page);
  await client.send("Network.enable");
  await client.send("Network.setCacheDisabled", { cacheDisabled: true });
  let [bytes, requests] = [0, 0];
  client.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
    requests += 1;
  });
  await page.addInitScript(() => {
    const journeyPrompt = new Promise((resolve) => {
      const look = () => {
        const rows = [...document.querySelectorAll(".pane.shown .xterm-rows > *")];
        const last = rows.map((row) => row.textContent?.trim() ?? "").findLast((line) => line !== "");
        if (last === "$") resolve(performance.now());
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    Object.assign(window, { journeyPrompt });
  });
  await page.goto(server.url);
  const prompt = await page.evaluate(() => /** @type {Promise<number>} */ (/** @type {any} */ (window).journeyPrompt));
  const [fetched, asked] = [bytes, requests];
  const paint = await page.evaluate(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime ?? NaN);
  await page.context().close();
  return { paint, prompt, bytes: fetched, requests: asked };
}

/**
 * Milliseconds from each act of the user to the next frame that shows it, as the browser itself times events (in steps
 * of 8 ms; shorter ones than 16 ms are not told and count as 16).
 *
 * @param {() => Promise<void>} act what the user does, one key or click
 */
export async function untilNextPaint(/** @type {BowlinePage} */ view, /** @type {number} */ times, act) {
  await view.page.evaluate(() => {
    /** @type {number[]} */
    const journeyEvents = [];
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        if (/** @type {any} */ (entry).interactionId) journeyEvents.push(entry.duration);
      }
    }).observe(/** @type {any} */ ({ type: "event", durationThreshold: 16 }));
    Object.assign(window, { journeyEvents });
  });
  const taken = [];
  for (let time = 0; time < times; time += 1) {
    await view.page.evaluate(() => void (/** @type {any} */ (window).journeyEvents.length = 0));
    await act();
    // Two frames later the browser has told of it.
    const events = await view.page.evaluate(
      () =>
        /** @type {Promise<number[]>} */ (
          new Promise((resolve) =>
            requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => resolve(/** @type {any} */ (window).journeyEvents))))
          )
        ),
    );
    taken.push(Math.max(16, ...events));
  }
  return taken;
}
