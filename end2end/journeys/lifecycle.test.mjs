// Owns the journeys of a session's end: by its program, by the user, and that closing a view is neither.

import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readFile, readdir } from "node:fs/promises";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

/** The processes whose command line is exactly this. */
async function processes(/** @type {string[]} */ ...command) {
  const wanted = `${command.join("\0")}\0`;
  const found = [];
  for (const entry of await readdir("/proc")) {
    if (!/^\d+$/.test(entry)) continue;
    const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
    if (line === wanted) found.push(Number(entry));
  }
  return found;
}

journey("exit 3 shows the status, and Restart starts a new shell in the same tab", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  const first = await view.session();
  await view.run("echo last words; exit 3");
  await view.waitForPane("exited");
  await view.pane.getByText("exited with status 3").waitFor();
  assert.match(await view.text(), /^last words/m, "what was there stays readable");
  assert.equal((await server.sessions()).length, 0);
  await view.restartButton.click();
  await view.waitForPane("live");
  assert.notEqual(await view.session(), first);
  await view.run("echo $((6*7))", /^42\s*$/m);
  assert.equal((await view.tabs()).length, 1);
  assert.equal((await server.sessions()).length, 1);
});

journey("an exit is still shown after a reload", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("exit 5");
  await view.waitForPane("exited");
  await view.page.reload();
  await view.waitForPane("exited");
  await view.pane.getByText("exited with status 5").waitFor();
  assert.equal((await server.sessions()).length, 0, "a reload starts nothing by itself");
});

journey("a program killed by a signal is not shown as an exit status", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("kill -KILL $$");
  await view.waitForPane("exited");
  await view.pane.getByText(/signal 9|SIGKILL|killed/i).first().waitFor();
  await view.restartButton.waitFor();
});

journey("kill from the picker ends the whole tree: a disowned background program too", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.newTab();
  // Numbers that no other run on this machine has.
  const [background, disowned] = [randomInt(1e8, 1e9), randomInt(1e8, 1e9)].map(String);
  await view.run(`sleep ${background} &`);
  await view.run(`sleep ${disowned} & disown`);
  await view.run("echo started-$((1+1))", /^started-2\s*$/m);
  assert.equal((await processes("sleep", background)).length, 1);
  assert.equal((await processes("sleep", disowned)).length, 1);
  await view.renameTab(1, "to kill");
  const session = await view.session();
  await view.closeTab(1);
  assert.equal((await processes("sleep", disowned)).length, 1, "closing the tab ended nothing");
  const picker = await view.openPicker();
  await picker.kill("to kill");
  await until("both sleeps gone from /proc", async () => {
    const left = [...(await processes("sleep", background)), ...(await processes("sleep", disowned))];
    return left.length === 0;
  });
  await until("the session gone from the list", async () =>
    (await server.sessions()).every(({ session_id }) => session_id !== session),
  );
  await picker.close();
  // The other tab's session is untouched.
  await view.run("echo $((6*7))", /^42\s*$/m);
});

journey("a session that runs is killed only when the user says so twice", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.renameTab(0, "to keep");
  await view.focus();
  await view.type("sleep 1000\r");
  await until("the program", async () => (await server.sessions())[0].process === "sleep");
  const picker = await view.openPicker();
  await picker.row("to keep").getByText("sleep").first().waitFor();
  await picker.askToKill("to keep");
  assert.match(await picker.question("to keep").innerText(), /Kill “to keep”, where sleep runs\?/);
  // A second click at the same place, Escape, and the keyboard's first choice all keep it.
  const keep = picker.question("to keep").getByRole("button", { name: "Keep" });
  await keep.and(view.page.locator(":focus")).waitFor();
  await view.press("Enter");
  await picker.question("to keep").waitFor({ state: "hidden" });
  const kill = picker.row("to keep").getByRole("button", { name: "Kill" });
  await kill.and(view.page.locator(":focus")).waitFor();
  await kill.dblclick();
  await picker.question("to keep").waitFor({ state: "hidden" });
  await picker.askToKill("to keep");
  await view.press("Escape");
  await picker.question("to keep").waitFor({ state: "hidden" });
  await kill.waitFor();
  assert.equal((await server.sessions()).length, 1);
  await picker.kill("to keep");
  await until("its end", async () => (await server.sessions()).length === 0);
});

journey("a program that was started with nohup outlives its shell's own exit", async (stage) => {
  await stage.server();
  const view = await stage.page();
  const seconds = String(randomInt(1e8, 1e9));
  await view.run(`nohup sleep ${seconds} > /dev/null 2>&1 &`);
  await view.run("echo started-$((1+1))", /^started-2\s*$/m);
  const [pid] = await until("the sleep", async () => {
    const found = await processes("sleep", seconds);
    return found.length > 0 && found;
  });
  try {
    await view.waitForText(PROMPT);
    await view.run("exit 0");
    await view.waitForPane("exited");
    assert.deepEqual(await processes("sleep", seconds), [pid]);
  } finally {
    process.kill(pid, "SIGKILL");
  }
});
