// Owns the journeys of sessions in tmux: they outlive the server, tmux itself is not seen, and without it the page says so.

import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

// At the end of a journey nothing of it is left in tmux.
const ARGS = ["--tmux", "on", "--on-exit", "end"];

/** Numbers of the sessions in the server's tmux. */
async function inTmux(/** @type {import("../support/server.mjs").BowlineServer} */ server) {
  const { status, json, text } = await server.api("api/tmux-sessions");
  assert.equal(status, 200, text);
  return json.sessions;
}

journey("tmux mode: a killed server comes back with its shells and what they showed, and so does a reload", async (stage) => {
  const server = await stage.server({ args: ARGS });
  const view = await stage.page();
  const first = await view.session();
  await view.run("first=kept; echo shown-$((1+1))", /^shown-2\s*$/m);
  await view.newTab();
  await view.run("second=also", "$ ");
  assert.deepEqual(await inTmux(server), [0, 1]);

  await server.kill("SIGKILL");
  await view.waitForLink("offline");
  await server.restart();
  await view.waitForLink("websocket");
  await view.waitForPane("live");
  await view.run("echo second-$second", /^second-also\s*$/m);
  await view.selectTab(0);
  await view.waitForPane("live");
  assert.equal(await view.session(), first, "the same session, not a new one");
  await view.waitForText(/^shown-2\s*$/m);
  await view.run("echo first-$first", /^first-kept\s*$/m);

  await view.reload();
  await view.waitForPane("live");
  await view.waitForText(/^first-kept\s*$/m);
  await view.run("echo reloaded-$first", /^reloaded-kept\s*$/m);
  assert.equal((await server.sessions()).length, 2);
});

journey("tmux mode: a kill ends the session in tmux too, and an exit leaves its last output and its status", async (stage) => {
  const server = await stage.server({ args: ARGS });
  const view = await stage.page();
  await view.newTab();
  await view.renameTab(1, "to kill");
  await view.closeTab(1);
  assert.deepEqual(await inTmux(server), [0, 1]);
  const picker = await view.openPicker();
  await picker.kill("to kill");
  await until("its end in tmux", async () => (await inTmux(server)).length === 1);
  await picker.close();

  await view.run("seq 1 60; echo last words; exit 3");
  await view.waitForPane("exited");
  await view.pane.getByText("exited with status 3").waitFor();
  const text = await view.text();
  assert.match(text, /^last words/m, "what was there stays readable");
  assert.match(text, /^7\s*$/m, "also what had left the screen");
  assert.deepEqual(await inTmux(server), []);
});

journey("without a usable tmux the page says so in the terminal, and a plain shell works", async (stage) => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "bowline-old-tmux-"));
  try {
    const tmux = path.join(folder, "tmux");
    await writeFile(tmux, "#!/bin/sh\necho tmux 2.9a\n");
    await chmod(tmux, 0o755);
    const server = await stage.server({ args: ARGS, env: { PATH: `${folder}:${process.env.PATH}` } });
    const view = await stage.page();
    await view.waitForText(/this session is not in tmux.*tmux is too old/s);
    await view.run("echo $((6*7))", /^42\s*$/m);
    const [row] = await server.sessions();
    assert.match(row.notice, /install tmux 3\.2/);
    assert.deepEqual(await inTmux(server), []);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
