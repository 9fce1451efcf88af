// Owns the journeys of one person in one terminal: commands, full-screen programs, interrupt, size.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

journey("the printed link opens a shell: echo $((6*7)) shows 42, and the code is gone from the address bar", async (stage) => {
  await stage.server();
  const view = await stage.page({ renderer: "default" });
  assert.equal((await view.tabs()).length, 1, "an empty workspace opens one tab");
  assert.ok(!view.page.url().includes("code="), view.page.url());
  await view.run("echo $((6*7))", /^42\s*$/m);
  assert.equal(await view.link(), "websocket");
  assert.match((await view.page.locator("html").getAttribute("data-theme")) ?? "", /\w/);
});

journey("a login code works once", async (stage) => {
  const server = await stage.server();
  await stage.page();
  const second = await stage.blankPage();
  const answer = second.page.waitForResponse((response) => response.url().endsWith("api/login"));
  await second.page.goto(`${server.url}#code=${server.code}`);
  const status = (await answer).status();
  assert.ok(status === 401 || status === 403, `api/login answered ${status}`);
  // The login view stays, ready for the token.
  await second.page.locator("input").filter({ visible: true }).first().waitFor();
});

journey("the access token typed into the login page opens the workspace", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage();
  await view.page.goto(server.url);
  const field = view.page.locator("input").filter({ visible: true }).first();
  await field.fill(server.token);
  await field.press("Enter");
  await view.ready();
  await view.run("echo $((6*7))", /^42\s*$/m);
});

journey("vim edits a file", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("vim note.txt", /^~\s*$/m);
  await view.type("iwritten in vim");
  await view.waitForText("written in vim");
  await view.press("Escape");
  await view.type(":wq");
  await view.press("Enter");
  const file = path.join(server.home, "note.txt");
  const written = await until("the file vim wrote", () => readFile(file, "utf8").catch(() => ""));
  assert.equal(written, "written in vim\n");
  // The alternate screen is gone, what was before is back.
  await view.waitForText(/^\$ vim note\.txt/m);
  await view.waitForText(PROMPT);
});

journey("top fills the screen and q leaves it", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("top", /load average/);
  await view.waitForText(/PID\s+USER/);
  await view.press("q");
  await view.run("echo left-$((1+1))", /^left-2\s*$/m);
});

journey("less pages through a long file", async (stage) => {
  const server = await stage.server();
  const lines = Array.from({ length: 500 }, (_, index) => `line ${index + 1} of 500`);
  await writeFile(path.join(server.home, "long.txt"), `${lines.join("\n")}\n`);
  const view = await stage.page();
  await view.run("less long.txt", /^line 1 of 500\s*$/m);
  await view.press("Space");
  const { rows } = await view.size();
  await view.waitForText(new RegExp(`^line ${rows + 1} of 500`, "m"));
  await view.press("Shift+G");
  await view.waitForText(/^line 500 of 500\s*$/m);
  await view.press("q");
  await view.waitForText(/^\$ less long\.txt/m);
  await view.waitForText(PROMPT);
});

journey("a character whose bytes come apart is shown whole", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("printf 'apart \\xe2\\x80'; read -s; printf '\\x94 \\xf0\\x9f'; read -s; printf '\\xa7\\xb6 whole\\n'", /^apart\s*$/m);
  const session = await view.session();
  await server.type(session, "\r");
  await view.waitForText(/^apart — *$/m);
  await server.type(session, "\r");
  await view.waitForText(/^apart — 🧶 whole\s*$/mu);
});

journey("Ctrl-C interrupts the program in front", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("sh -c 'echo going-$((1+1)); exec sleep 1000'", /^going-2\s*$/m);
  await view.press("Control+C");
  await view.run("echo status-$?", /^status-130\s*$/m);
});

journey("Ctrl-C stops a flood at once", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.run("yes a-long-flood", /(^a-long-flood\s*\n){20}/m);
  await view.press("Control+C");
  await view.waitForText(PROMPT);
  await view.run("echo status-$?", /^status-130\s*$/m);
});

journey("resizing the window resizes the terminal, and stty agrees", async (stage) => {
  await stage.server();
  const view = await stage.page({ viewport: { width: 1000, height: 640 } });
  const agree = async () => {
    const { cols, rows } = await view.size();
    await view.run("clear; stty size", new RegExp(`^${rows} ${cols}\\s*$`, "m"));
    return { cols, rows };
  };
  const first = await agree();
  assert.ok(first.cols > 60 && first.rows > 15, `${first.cols}×${first.rows} at 1000×640`);
  await view.page.setViewportSize({ width: 640, height: 900 });
  await view.waitForSizeOtherThan(first);
  // The program is told after a debounce: SIGWINCH is the event that says so.
  const narrow = await view.size();
  assert.ok(narrow.cols < first.cols && narrow.rows > first.rows, `${narrow.cols}×${narrow.rows} at 640×900`);
  await untilStty(view, narrow);
  await view.page.setViewportSize({ width: 1400, height: 500 });
  await view.waitForSizeOtherThan(narrow);
  await untilStty(view, await view.size());
});

/** Asks the shell for its size again until it is the page's. */
async function untilStty(
  /** @type {import("../support/page.mjs").BowlinePage} */ view,
  /** @type {{cols: number, rows: number}} */ { cols, rows },
) {
  await view.run(
    `clear; until [ "$(stty size)" = "${rows} ${cols}" ]; do read -t 0.05 <> <(:); done; stty size`,
    new RegExp(`^${rows} ${cols}\\s*$`, "m"),
  );
}
