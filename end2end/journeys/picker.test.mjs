// Owns the journeys of the session picker: keys, names, and the end of many sessions. What attaching brings back is
// `workspace`'s.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

/** Sessions that nobody looks at, as a script makes them. */
async function background(/** @type {import("../support/server.mjs").BowlineServer} */ server, /** @type {string[]} */ ...labels) {
  for (const label of labels) {
    const { status, text } = await server.api("api/session", { label, command: ["sleep", "1000"] });
    assert.equal(status, 200, text);
  }
}

journey("the picker is worked by keys alone: choose, rename, ask to kill, open", async (stage) => {
  const server = await stage.server();
  await background(server, "alpha", "beta", "gamma");
  const view = await stage.page();
  const picker = await view.openPicker();
  const chosen = picker.dialog.locator(".session-row.chosen .session-name");
  await picker.row("gamma").waitFor();
  await view.type("be");
  await view.page.waitForFunction(() => document.querySelectorAll(".session-row").length === 1);
  assert.equal(await chosen.innerText(), "beta");
  await view.press("F2");
  const field = picker.dialog.getByRole("textbox", { name: "Name of the session" });
  await field.waitFor();
  await view.type("better");
  await view.press("Enter");
  await until("the new name", async () =>
    (await server.sessions()).some(({ label }) => label === "better"),
  );
  await picker.row("better").waitFor();
  // The keyboard is back in the filter. Escape leaves a name as it is and the dialog open.
  await view.press("F2");
  await field.waitFor();
  await view.type("never");
  await view.press("Escape");
  await field.waitFor({ state: "hidden" });
  assert.equal(await chosen.innerText(), "better");
  await view.press("Shift+Delete");
  await picker.question("better").waitFor();
  await view.press("Escape");
  await picker.question("better").waitFor({ state: "hidden" });
  assert.equal((await server.sessions()).length, 4);
  await picker.dialog.getByRole("textbox", { name: "Filter sessions" }).fill("");
  await view.press("ArrowDown");
  await picker.dialog.getByRole("status").getByText(/, 2 of 4$/).waitFor();
  await picker.dialog.getByRole("textbox", { name: "Filter sessions" }).fill("gam");
  await view.press("Enter");
  await picker.dialog.waitFor({ state: "hidden" });
  await view.waitForTabs(2);
  assert.equal((await view.tabs())[1].selected, true);
});

journey("all sessions end together, after a word with their number, and a fresh one follows", async (stage) => {
  const server = await stage.server();
  await background(server, "one", "two");
  const view = await stage.page();
  const before = await view.session();
  const picker = await view.openPicker();
  await picker.row("two").waitFor();
  await picker.dialog.getByRole("button", { name: "Kill all…" }).click();
  const sure = picker.dialog.getByRole("group", { name: "Kill 3 sessions with everything in them and start afresh?" });
  await sure.waitFor();
  await view.press("Escape");
  await sure.waitFor({ state: "hidden" });
  assert.equal((await server.sessions()).length, 3);
  await picker.dialog.getByRole("button", { name: "Kill all…" }).click();
  await sure.getByRole("button", { name: "Kill" }).click();
  await picker.dialog.waitFor({ state: "hidden" });
  await until("a fresh session alone", async () => {
    const sessions = await server.sessions();
    return sessions.length === 1 && sessions[0].session_id !== before;
  });
  await view.waitForTabs(1);
  await view.waitForPane("live");
  await view.run("echo fresh-$((1+1))", /^fresh-2\s*$/m);
});

journey("sessions that nobody used for an hour end together; others go on", async (stage) => {
  const server = await stage.server();
  await background(server, "old", "older", "young");
  const view = await stage.page();
  // An hour is not waited for: the list says that it passed.
  await view.page.route("**/api/sessions", async (route) => {
    const response = await route.fetch();
    const list = await response.json();
    for (const session of list.sessions) if (session.label.startsWith("old")) session.idle_s += 4000;
    await route.fulfill({ response, json: list });
  });
  const picker = await view.openPicker();
  await picker.dialog.getByRole("button", { name: "Kill idle (2)…" }).click();
  await picker.dialog
    .getByRole("group", { name: "Kill 2 sessions that nobody used or looked at for an hour?" })
    .getByRole("button", { name: "Kill" })
    .click();
  await view.page.getByText("Killed 2 sessions.").waitFor();
  const labels = (await server.sessions()).map(({ label }) => label).sort();
  assert.equal(labels.length, 2);
  assert.ok(labels.includes("young"));
});

journey("a hundred sessions stay usable: found by typing, reached by keys, at 400 pixels too", async (stage) => {
  const server = await stage.server({ args: ["--max-sessions", "120"] });
  const all = Array.from({ length: 100 }, (_, index) => `job-${String(index).padStart(3, "0")}`);
  await background(server, ...all);
  const view = await stage.page({ viewport: { width: 400, height: 700 } });
  const picker = await view.openPicker();
  await view.page.waitForFunction(() => document.querySelectorAll(".session-row").length === 101);
  await view.press("ArrowUp");
  const last = picker.dialog.locator(".session-row").last();
  await until("the last row in sight", async () => {
    const [row, list] = await Promise.all([last.boundingBox(), picker.dialog.locator(".session-list").boundingBox()]);
    return row && list && row.y >= list.y - 1 && row.y + row.height <= list.y + list.height + 1;
  });
  await view.type("JOB-042");
  await view.page.waitForFunction(() => document.querySelectorAll(".session-row").length === 1);
  await view.press("Enter");
  await picker.dialog.waitFor({ state: "hidden" });
  await view.waitForTabs(2);
});
