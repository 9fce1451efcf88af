// Owns the journeys of the settings about access: what a screen reader finds of a terminal, the row of keys, and a page
// that stands still.

import assert from "node:assert/strict";

import { seriousProblems } from "../support/axe.mjs";
import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { openSettings } from "../support/settings.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/page.mjs").BowlinePage} View */

/** Changes something in the group and goes back to the terminal. */
async function set(/** @type {View} */ view, /** @type {(dialog: import("playwright-core").Locator) => Promise<unknown>} */ change) {
  const dialog = await openSettings(view, "Access");
  await change(dialog);
  await view.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await view.focus();
}

/** What a pane offers to screen readers: its lines by the accessibility tree of the document. */
const lines = (/** @type {import("playwright-core").Locator} */ pane) =>
  pane.locator(".xterm-accessibility-tree [role=listitem]").allTextContents();

for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
  journey(`a screen reader finds every pane's lines and hears output, and axe nothing serious, ${colorScheme}`, async (stage) => {
    await stage.server();
    const view = await stage.page({ colorScheme, device: { reducedMotion: "reduce" } });
    await view.waitForText(PROMPT);
    const first = await view.session();
    await view.run("echo here-$((6*7))", /^here-42\n/m);
    await view.split("right");
    await view.run("echo there-$((6*7))", /^there-42\n/m);
    assert.equal(await view.page.locator(".xterm-accessibility").count(), 0, "not asked for");

    // At once in all panes, with what they show already.
    await set(view, (dialog) => dialog.getByRole("switch", { name: "Screen-reader mode" }).check());
    await until("the lines of the first pane", async () => (await lines(view.paneOf(first))).includes("here-42"));
    await until("the lines of the second pane", async () => (await lines(view.pane)).includes("there-42"));
    // What the browser tells a screen reader, not only what the document holds.
    assert.match(await view.pane.ariaSnapshot(), /- listitem: there-42/);

    await view.type("echo said-$((6*7))\n");
    const heard = view.pane.locator(".xterm-accessibility [aria-live=assertive]");
    await until("output read out", async () => /said-42/.test((await heard.textContent()) ?? ""));
    assert.deepEqual(await seriousProblems(view.page), []);

    await view.reload();
    await until("the lines after a reload", async () => (await lines(view.pane)).includes("said-42"));
    await view.focus();
    await view.press("Alt+Shift+Y");
    await view.page.getByText("Screen-reader mode is off.").waitFor();
    await view.page.locator(".xterm-accessibility").first().waitFor({ state: "detached" });
    await view.type("echo typed-$((6*7))\n");
    await view.waitForText(/^typed-42$/m);
  });
}

journey("the row of keys is there always or never, as the user likes", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  const row = view.page.getByRole("toolbar", { name: "Keys" });
  assert.equal(await row.count(), 0, "a desktop has keys");
  const before = await view.size();
  await set(view, (dialog) => dialog.getByRole("radio", { name: "Always" }).first().check());
  await row.waitFor();
  await view.waitForSizeOtherThan(before);
  await view.type("echo row-4");
  await row.getByRole("button", { name: "Left" }).click();
  await view.type("2");
  await view.press("Enter");
  await view.waitForText(/^row-24$/m);

  const phone = await stage.page({ device: { hasTouch: true, isMobile: true }, viewport: { width: 390, height: 844 } });
  const keys = phone.page.getByRole("toolbar", { name: "Keys" });
  await keys.waitFor();
  await set(phone, (dialog) => dialog.getByRole("radio", { name: "Never" }).check());
  await keys.waitFor({ state: "detached" });
  await phone.reload();
  assert.equal(await keys.count(), 0, "kept");
});

journey("nothing moves or blinks for who asked the page or the system for it, whatever programs ask", async (stage) => {
  await stage.server();
  const view = await stage.page({ device: { reducedMotion: "no-preference" } });
  await view.waitForText(PROMPT);
  await view.focus();
  const blinking = view.pane.locator(".xterm-cursor.xterm-cursor-blink");
  const longest = () =>
    view.page.evaluate(() =>
      Math.max(
        ...[...document.querySelectorAll("*")].flatMap((element) => {
          const style = getComputedStyle(element);
          const times = `${style.transitionDuration}, ${style.animationName === "none" ? "0s" : style.animationDuration}`;
          return times.split(", ").map((time) => Number.parseFloat(time));
        }),
      ),
    );
  await blinking.waitFor();
  assert.ok((await longest()) > 0.05, "things move at first");

  await set(view, (dialog) => dialog.getByRole("radio", { name: "Always" }).last().check());
  await blinking.waitFor({ state: "detached" });
  await until("a page that stands still", async () => (await longest()) <= 0.001);
  // Programs' ways to ask for a blinking cursor: the shape is theirs.
  await view.run("printf '\\033[5 q'");
  await view.pane.locator(".xterm-cursor-bar").waitFor();
  assert.equal(await blinking.count(), 0);
  await view.run("printf '\\033[0 q\\033[?12;25h'; echo asked-$((1+1))", /^asked-2\n/m);
  await view.pane.locator(".xterm-cursor-block").waitFor();
  assert.equal(await blinking.count(), 0);

  await set(view, (dialog) => dialog.getByRole("radio", { name: "As the system" }).check());
  await blinking.waitFor();
  // A cursor that blinks because a program said so stops as well.
  await view.run("printf '\\033[3 q'");
  await view.pane.locator(".xterm-cursor-underline.xterm-cursor-blink").waitFor();
  await view.page.emulateMedia({ reducedMotion: "reduce" });
  await blinking.waitFor({ state: "detached" });
  assert.ok((await longest()) <= 0.001);
});
