// Owns the smoke run in another browser: that the page works in Debian's Firefox. What works is the other journeys'.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";

journey("in Firefox a shell opens, answers, survives a reload, and tabs and dialogs work", async (stage) => {
  await stage.server();
  const view = await stage.page({ browser: "firefox" });
  await view.run("echo $((6*7))", /^42$/m);
  await view.newTab();
  await view.run("printf '\\033[1;32mgreen\\033[0m \\u00e9\\u6f22\\u5b57\\n'", /^green é漢字$/m);
  await view.press("Alt+Shift+BracketLeft");
  await view.waitForText(/^42$/m);
  await view.reload();
  await view.waitForTabs(2);
  await view.waitForText(/^42$/m);
  const picker = await view.openPicker();
  assert.equal(await picker.dialog.locator(".picker-row, li, [role=option]").count() > 0, true);
  await view.press("Escape");
  await view.run("stty size");
  const { rows, cols } = await view.size();
  await view.waitForText(new RegExp(`^${rows} ${cols}$`, "m"));
  await view.waitForText(PROMPT);
  assert.equal(await view.link(), "websocket");
});
