// Owns the stopwatches inside the page: from a key, or from the start of loading, to what is drawn. They look once a frame.
// Must not judge a time.

/** @typedef {import("./page.mjs").BowlinePage} BowlinePage */

const sorted = (/** @type {number[]} */ values) => values.toSorted((one, other) => one - other);

/** The value that a share of the others doesn't exceed. */
export const quantile = (/** @type {number[]} */ values, /** @type {number} */ share) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))];

/** Milliseconds from Ctrl-C going down to the prompt being drawn, each under a flood of its own. */
export async function ctrlCTimes(/** @type {BowlinePage} */ view, /** @type {number} */ times) {
  const taken = [];
  for (let time = 0; time < times; time += 1) {
    await view.run("yes a-flood", /(^a-flood\s*\n){20}/m);
    await view.page.evaluate(() => {
      const rows = document.querySelector(".pane.shown .xterm-rows");
      const journeyPrompt = new Promise((resolve) => {
        let pressed = 0;
        window.addEventListener("keydown", (event) => (pressed = event.key === "c" ? performance.now() : 0), { capture: true });
        const look = () => {
          const lines = [...(rows?.children ?? [])].map((row) => row.textContent?.trim() ?? "");
          if (pressed > 0 && lines.findLast((line) => line !== "") === "$") resolve(performance.now() - pressed);
          else requestAnimationFrame(look);
        };
        look();
      });
      Object.assign(window, { journeyPrompt });
    });
    await view.page.keyboard.press("Control+c");
    taken.push(await view.page.evaluate(() => /** @type {number} */ (/** @type {any} */ (window).journeyPrompt)));
    await view.run("clear");
  }
  return taken;
}

/** From now on every load of the page stops the time at which a text is drawn in the pane in front. */
export async function watchLoads(/** @type {BowlinePage} */ view, /** @type {string} */ text) {
  await view.page.addInitScript((expected) => {
    const journeyDrawn = new Promise((resolve) => {
      const look = () => {
        const rows = document.querySelector(".pane.shown .xterm-rows");
        if (rows?.textContent?.includes(expected)) resolve(performance.now());
        else requestAnimationFrame(look);
      };
      requestAnimationFrame(look);
    });
    Object.assign(window, { journeyDrawn });
  }, text);
}

/** Milliseconds from the start of a reload to that text being drawn. */
export async function reloadTime(/** @type {BowlinePage} */ view) {
  await view.page.reload();
  return view.page.evaluate(() => /** @type {Promise<number>} */ (/** @type {any} */ (window).journeyDrawn));
}

/** Milliseconds from a command's Enter going down to a line being drawn that is this text. */
export async function commandTime(/** @type {BowlinePage} */ view, /** @type {string} */ command, /** @type {string} */ line) {
  await view.type(command);
  await view.page.evaluate((expected) => {
    const rows = document.querySelector(".pane.shown .xterm-rows");
    const journeyLine = new Promise((resolve) => {
      let pressed = 0;
      window.addEventListener("keydown", (event) => (pressed = event.key === "Enter" ? performance.now() : pressed), { capture: true });
      const look = () => {
        const lines = [...(rows?.children ?? [])].map((row) => row.textContent?.trim() ?? "");
        if (pressed > 0 && lines.includes(expected)) resolve(performance.now() - pressed);
        else requestAnimationFrame(look);
      };
      look();
    });
    Object.assign(window, { journeyLine });
  }, line);
  await view.page.keyboard.press("Enter");
  return view.page.evaluate(() => /** @type {Promise<number>} */ (/** @type {any} */ (window).journeyLine));
}
