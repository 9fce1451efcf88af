// Owns the journeys of pictures in terminals: the first one fetches what draws it, is where the program put it, and a
// terminal without pictures fetches nothing.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** 24 by 12 pixels of pure red. */
const SIXEL = "\\eP0;1q#1;2;100;0;0#1!24~-!24~\\e\\\\";
/** One blue pixel, drawn 40 by 20. */
const PNG = Buffer.from(
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgYPgPAAEDAQAIicLsAAAAAElFTkSuQmCC",
  "base64",
);

/** How many pixels of the layer of pictures are red, and how many blue. */
async function painted(/** @type {import("../support/page.mjs").BowlinePage} */ view) {
  return view.pane.locator(".screen").evaluate((screen) => {
    const counts = { red: 0, blue: 0 };
    for (const canvas of screen.querySelectorAll("canvas")) {
      const context = canvas.getContext("2d");
      if (!context || canvas.width === 0) continue;
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      for (let at = 0; at < data.length; at += 4) {
        if (data[at + 3] < 200) continue;
        if (data[at] > 200 && data[at + 2] < 60) counts.red += 1;
        if (data[at + 2] > 200 && data[at] < 60) counts.blue += 1;
      }
    }
    return counts;
  });
}

journey("pictures by sixel and iTerm2's protocol are drawn, the first one too, and text goes on below", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  const fetched = () =>
    view.page.evaluate(() => performance.getEntriesByType("resource").filter(({ name }) => name.includes("addon-image")).length);
  assert.equal(await fetched(), 0, "nothing is fetched for text");
  await view.run(`clear; printf '${SIXEL}'; echo; echo below-$((1+1))`, /^below-2$/m);
  await until("the red picture", async () => (await painted(view)).red >= 24 * 12);
  assert.equal(await fetched(), 1);

  const inline = `\\e]1337;File=inline=1;size=${PNG.length};width=40px;height=20px;preserveAspectRatio=0:${PNG.toString("base64")}\\a`;
  await view.run(`printf '${inline}'; echo; echo more-$((1+1))`, /^more-2$/m);
  await until("the blue picture", async () => (await painted(view)).blue >= 100);

  // Gone with the text; and the program got no answer from the page.
  await view.run("clear; echo gone", /^gone$/m);
  await until("no picture", async () => {
    const { red, blue } = await painted(view);
    return red + blue === 0;
  });
});
