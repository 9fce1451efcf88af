// Owns the journeys of sessions that outlive their server: it is killed, or another program takes its place, under an open
// page. What becomes of sessions that really end is told in `lost`.

import assert from "node:assert/strict";
import { copyFile, readFile } from "node:fs/promises";
import path from "node:path";

import { journey } from "../support/journey.mjs";
import { Tally } from "../support/counting.mjs";
import { PROMPT } from "../support/page.mjs";
import { binary } from "../support/server.mjs";
import { until } from "../support/wait.mjs";

// A server that is told to end leaves its sessions.
const KEEPER = { args: ["--keeper", "auto", "--on-exit", "keep"] };

/** Types a text into vim in the shown tab, and leaves the cursor inside it, in insert mode. */
async function begin(/** @type {import("../support/page.mjs").BowlinePage} */ view) {
  await view.run("clear; vim kept.txt", /^~\s*$/m);
  await view.type("ione two three\rfour five\x1bki");
  await view.waitForText(/-- INSERT --/);
  await view.waitForText(/ 1,9 /);
}

/** The process in the foreground of a session. */
async function foreground(/** @type {import("../support/server.mjs").BowlineServer} */ server, /** @type {string} */ session) {
  const row = (await server.sessions()).find(({ session_id }) => session_id === session);
  return row?.process;
}

journey("the server killed under an open page and started again: a counter and vim go on, and nothing has to be reloaded", async (stage) => {
  const server = await stage.server(KEEPER);
  const view = await stage.page();
  const editor = await view.session();
  await begin(view);
  const drawn = (await view.text()).trimEnd();
  await view.newTab();
  await view.run("node counter.mjs 200", /^c50\s*$/m);
  const tally = new Tally();
  tally.sample(await view.text());
  const keeper = await server.keeper();
  assert.ok(keeper, "there is a keeper");
  await view.page.evaluate(() => Object.assign(globalThis, { notReloaded: true }));

  for (let round = 0; round < 3; round += 1) {
    await server.kill("SIGKILL");
    await view.waitForLink("offline");
    // It counts while nobody listens.
    const last = tally.last;
    await server.restart();
    await view.waitForLink("websocket");
    await view.waitForPane("live");
    await until("the counter to go on", async () => tally.sample(await view.text()) > last + 50);
  }
  assert.equal(await server.keeper(), keeper, "the same keeper");
  await view.press("Control+c");
  await view.waitForText(PROMPT);
  tally.sample((await view.text()).replace(/\^C[^]*$/, "\n"));
  await view.run("echo $((6*7))", /^42\s*$/m);

  await view.selectTab(0);
  assert.equal(await view.session(), editor);
  await view.waitForText(/ 1,9 /);
  assert.equal((await view.text()).trimEnd(), drawn, "vim's screen is as it was");
  // Typed where the cursor was.
  await view.focus();
  await view.type("and \x1b:wq\r");
  await view.waitForText(PROMPT);
  assert.equal(await readFile(path.join(server.home, "kept.txt"), "utf8"), "one two and three\nfour five\n");
  assert.equal(await view.page.evaluate(() => "notReloaded" in globalThis), true, "the page was not reloaded");
});

journey("keys typed while there is no server arrive once when it is back", async (stage) => {
  const server = await stage.server(KEEPER);
  const view = await stage.page();
  await view.run("cat", "cat");
  await server.kill("SIGKILL");
  await view.waitForLink("offline");
  await view.type("typed without a server\r");
  await server.restart();
  await view.waitForLink("websocket");
  // Once by the terminal's echo, once by cat.
  await view.waitForText(/^typed without a server\s*\ntyped without a server\s*$/m);
  await view.press("Control+d");
  await view.waitForText(PROMPT);
  assert.equal((await view.text()).match(/typed without a server/g)?.length, 2);
});

journey("a new version of the server: the keeper goes on as it, with the same programs, and the page notices nothing", async (stage) => {
  const server = await stage.server(KEEPER);
  const view = await stage.page();
  const editor = await view.session();
  await begin(view);
  const drawn = (await view.text()).trimEnd();
  await view.newTab();
  await view.run("echo shell=$$; node counter.mjs 500", /^c50\s*$/m);
  const shell = /^shell=(\d+)/m.exec(await view.text())?.[1];
  const tally = new Tally();
  tally.sample(await view.text());
  const keeper = await server.keeper();

  // Another file with another identity.
  server.binary = path.join(server.folder, "bowline-next");
  await copyFile(binary, server.binary);
  await server.kill("SIGTERM");
  await view.waitForLink("offline");
  await server.restart();
  await view.waitForLink("websocket");
  await view.waitForPane("live");
  const last = tally.last;
  await until("the counter to go on", async () => tally.sample(await view.text()) > last + 50);
  assert.equal(await server.keeper(), keeper, "in the same process");
  const [program] = (await readFile(`/proc/${keeper}/cmdline`, "utf8")).split("\0");
  assert.equal(program, server.binary, "which runs the new program");
  await view.press("Control+c");
  await view.waitForText(PROMPT);
  await view.run("clear; echo same=$$", new RegExp(`^same=${shell}\\s*$`, "m"));

  await view.selectTab(0);
  await view.waitForText(/ 1,9 /);
  assert.equal((await view.text()).trimEnd(), drawn, "vim's screen is as it was");
  assert.equal(await foreground(server, editor), "vim");
  await view.focus();
  await view.type("and \x1b:wq\r");
  await view.waitForText(PROMPT);
  assert.equal(await readFile(path.join(server.home, "kept.txt"), "utf8"), "one two and three\nfour five\n");
});
