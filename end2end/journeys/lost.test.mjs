// Owns the journeys of sessions that a crash ended: what the page says of them, what it still shows, and that the same
// command starts again where it was.

import assert from "node:assert/strict";
import { readFile, readdir, rm } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";

import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

// Sessions live in the server: its end is theirs.
const OFF = ["--keeper", "off"];
const WHY = /ended when the machine or Bowline’s keeper stopped/;

/** Where what is kept of sessions lies. */
function kept(/** @type {import("../support/server.mjs").BowlineServer} */ server) {
  return path.join(server.stateDir, "sessions");
}

/** Waits until a session's screen, folder and name are on disk. */
async function untilKept(
  /** @type {import("../support/server.mjs").BowlineServer} */ server,
  /** @type {string} */ session,
  /** @type {{screen?: string, folder?: string, label?: string}} */ { screen, folder, label },
) {
  await until("what is kept on disk", async () => {
    const file = path.join(kept(server), session);
    const record = JSON.parse(await readFile(`${file}.json`, "utf8"));
    if (label !== undefined && record.label !== label) return false;
    if (folder !== undefined && record.folder !== folder) return false;
    return screen === undefined || gunzipSync(await readFile(`${file}.screen.gz`)).includes(screen);
  });
}

/** Kills the server under the page and starts it again. */
async function crash(
  /** @type {import("../support/server.mjs").BowlineServer} */ server,
  /** @type {import("../support/page.mjs").BowlinePage} */ view,
) {
  await server.kill("SIGKILL");
  await view.waitForLink("offline");
  await server.restart();
  await view.waitForLink("websocket");
}

/** What is left open over a page until somebody says something. */
function notice(/** @type {import("../support/page.mjs").BowlinePage} */ view) {
  return view.page.locator(".banner.lost");
}

journey("a session that a crash ended: the page says so, shows its last screen, and starts it again in its folder", async (stage) => {
  const server = await stage.server({ args: OFF });
  const view = await stage.page();
  const lost = await view.session();
  await view.page.evaluate(() => Object.assign(window, { journeyLoad: 1 }));
  const folder = path.join(server.home, "deep down");
  await view.run("mkdir 'deep down'; cd 'deep down'; seq 1 200; echo last-$((1+1))", /^last-2\s*$/m);
  await untilKept(server, lost, { screen: "last-2", folder });

  await crash(server, view);
  await view.waitForPane("exited");
  assert.equal(await view.page.evaluate(() => /** @type {any} */ (window).journeyLoad), 1, "no reload");
  await view.pane.getByText(WHY).waitFor();
  await view.pane.getByText(/its screen as it was at \d\d:\d\d/).waitFor();
  assert.match(await view.text(), /^1\s*\n2\s*\n(.*\n)*200\s*\nlast-2\s*$/m, "the last screen and what was above it");
  assert.equal(await view.session(), lost);
  assert.equal((await server.sessions()).length, 0, "nothing is started before somebody asks");
  assert.equal(await notice(view).count(), 0, "one alone is told by its pane");
  assert.match(await view.tabWords(0), WHY);

  // Also whoever comes later sees it, and it starts nothing either.
  await view.page.reload();
  await view.page.evaluate(() => Object.assign(window, { journeyLoad: 2 }));
  await view.waitForPane("exited");
  await view.waitForText(/^last-2\s*$/m);
  assert.equal((await server.sessions()).length, 0);
  await view.restartButton.click();
  await view.waitForPane("live");
  await view.run("pwd", /\/deep down\s*$/m);
  assert.equal(await view.page.evaluate(() => /** @type {any} */ (window).journeyLoad), 2, "no reload");
  assert.equal((await view.tabs()).length, 1);
  assert.deepEqual((await server.sessions()).map(({ session_id }) => session_id), [await view.session()]);
  const names = await readdir(kept(server));
  assert.ok(names.every((name) => !name.startsWith(lost)), `of the lost one nothing is left: ${names}`);
});

journey("the keeper killed: the page says which session ended, and starts it again in a keeper that is there by then", async (stage) => {
  const server = await stage.server({ args: ["--keeper", "auto", "--on-exit", "end"] });
  const view = await stage.page();
  const lost = await view.session();
  const folder = path.join(server.home, "here");
  await view.run("mkdir here; cd here; echo last-$((1+1))", /^last-2\s*$/m);
  await untilKept(server, lost, { screen: "last-2", folder });
  const keeper = await server.keeper();
  assert.ok(keeper);
  process.kill(keeper, "SIGKILL");
  await view.waitForPane("exited");
  await view.pane.getByText(WHY).waitFor();
  await view.waitForText(/^last-2\s*$/m);
  await view.restartButton.click();
  await view.waitForPane("live");
  await view.run("pwd", /\/here\s*$/m);
  assert.notEqual(await server.keeper(), keeper);
  assert.equal((await server.sessions()).length, 1);
});

journey("several that a crash ended are told once, listed as lost, and all started again at once", async (stage) => {
  const server = await stage.server({ args: OFF });
  const view = await stage.page();
  const NAMES = ["one", "two", "three", "hidden"];
  const sessions = [];
  for (const [index, name] of NAMES.slice(0, 3).entries()) {
    if (index > 0) await view.newTab();
    await view.renameTab(index, name);
    sessions.push(await view.session());
  }
  // One that is in no tab, with arguments.
  const command = ["sh", "-c", "echo \"<$0> <$1>\"; exec cat", "a  b", "c"];
  const { json } = await server.api("api/session", { command, label: "hidden", cwd: "/usr" });
  sessions.push(json.session_id);
  for (const [index, session] of sessions.entries()) await untilKept(server, session, { label: NAMES[index] });

  await crash(server, view);
  await notice(view).getByText(`4 sessions ended when the machine or Bowline’s keeper stopped.`).waitFor();
  let picker = await view.openPicker();
  for (const name of NAMES) {
    await picker.row(name).getByText("lost", { exact: true }).waitFor();
  }
  await picker.close();

  // Told once: not by the next load, though they still are lost.
  await view.page.reload();
  await view.waitForPane("exited");
  await view.pane.getByText(WHY).waitFor();
  assert.equal(await notice(view).count(), 0);
  picker = await view.openPicker();
  await picker.row("hidden").getByRole("button", { name: "Restart" }).click();
  await picker.dialog.waitFor({ state: "hidden" });
  await view.waitForTabs(4);
  await view.waitForPane("live");
  await view.waitForText(/^<a {2}b> <c>\s*$/m);
  for (const session of (await server.sessions()).map(({ session_id }) => session_id)) await untilKept(server, session, {});

  // A page that was told of none.
  const other = await stage.page({ login: "token" });
  await notice(other).getByText("3 sessions ended").waitFor();
  await notice(other).getByRole("button", { name: "Restart all" }).click();
  await notice(other).waitFor({ state: "hidden" });
  await until("all four", async () => (await server.sessions()).length === 4);
  for (const index of [0, 1, 2]) {
    await view.selectTab(index);
    await view.run("echo again-$((1+1))", /^again-2\s*$/m);
  }
  const left = await server.api("api/sessions");
  assert.equal(left.json.sessions.length, 4, "nothing is listed twice");
});

journey("an end in good order keeps what ran; without kept screens it is still told and started again", async (stage) => {
  const server = await stage.server({ args: [...OFF, "--keep-screens", "off"] });
  const view = await stage.page();
  const lost = await view.session();
  await view.run("cd /usr; echo secret-$((1+1))", /^secret-2\s*$/m);
  await server.kill("SIGTERM");
  await view.waitForLink("offline");
  const names = await readdir(kept(server));
  assert.deepEqual(names, [`${lost}.json`]);
  assert.doesNotMatch(await readFile(path.join(kept(server), names[0]), "utf8"), /secret/);
  await server.restart();
  await view.waitForLink("websocket");
  await view.waitForPane("exited");
  await view.pane.getByText(/last seen at \d\d:\d\d/).waitFor();
  await view.restartButton.click();
  await view.waitForPane("live");
  await view.run("pwd", /^\/usr\s*$/m);

  // Closed by its own button, a lost one is forgotten.
  await crash(server, view);
  await view.waitForPane("exited");
  await view.pane.getByRole("button", { name: "Close" }).click();
  await view.waitForPane("live");
  await until("its file gone", async () => {
    const rows = (await server.api("api/sessions")).json.sessions;
    return rows.length === 1 && rows[0].state !== "exited";
  });
});

journey("files that can't be read, or none: the page says that its session is gone, and goes on", async (stage) => {
  const server = await stage.server({ args: OFF });
  const view = await stage.page();
  await untilKept(server, await view.session(), {});
  await server.kill("SIGKILL");
  await rm(kept(server), { recursive: true });
  await server.restart();
  await view.waitForLink("websocket");
  await view.waitForPane("gone");
  await view.restartButton.click();
  await view.waitForPane("live");
  await view.run("echo $((6*7))", /^42\s*$/m);
});
