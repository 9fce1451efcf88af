// Owns the journey of signing in to GitHub: Debian's own gh in a real session, behind the script that set-up puts before it,
// at a double of GitHub. gh asks the terminal where its cursor is, and waits for the answer.

import assert from "node:assert/strict";
import { readFile, readlink } from "node:fs/promises";
import path from "node:path";

import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { noteWhatIsSent, whatWasSent } from "../support/sent.mjs";
import { until } from "../support/wait.mjs";

const CODE = "POST github.com/login/device/code";

journey("gh auth login shows a code at once, and what gh asks the terminal is never typed into a shell", async (stage) => {
  const github = await stage.github();
  const server = await stage.server({ args: ["--profile", "gh,shell"] });
  const linked = path.join(server.home, ".local/bin/gh");
  await until("the shell's files", async () => (await readFile(path.join(server.home, ".bash_profile"), "utf8")).includes("# <<< bowline"));
  assert.match(await until("the script before gh", () => readlink(linked)), /\/bowline\/tools\/gh\/system\//);
  const view = await stage.blankPage();
  await noteWhatIsSent(view);
  await view.page.goto(`${server.url}#code=${server.code}`);
  await view.ready();
  const settings = Object.entries(github.env).map(([name, value]) => `${name}=${value}`);
  await view.run(`export ${settings.join(" ")}; clear`);
  await view.run("type -p gh", linked);

  const codes = () => github.asked.filter((what) => what === CODE).length;
  /** Signs in as far as gh waits for what the user does on GitHub's page. */
  const begin = async (/** @type {string} */ name) => {
    const before = codes();
    await view.run(`clear; gh auth login; echo ${name}-$?`, "Authenticate Git with your GitHub credentials? (Y/n)");
    await view.press("Enter");
    await view.waitForText(`First copy your one-time code: ${github.code}`);
    await view.waitForText("Press Enter to open github.com in your browser...");
    await view.press("Enter");
    await view.waitForText("https://github.com/login/device");
    assert.equal(codes(), before + 1, "gh runs once");
  };

  // A no of the user's is gh's end, and that of the script before it.
  github.consent = "never";
  await begin("refused");
  await view.waitForText(/^refused-1\s*$/m);
  await view.waitForText(PROMPT);

  github.consent = "not yet";
  await begin("signed-in");
  github.consent = "entered";
  await view.waitForText(`Logged in as ${github.user}`);
  await view.waitForText(/^signed-in-0\s*$/m);
  await view.run("gh auth status; echo status-$?", /^status-0\s*$/m);
  await view.waitForText(`Logged in to github.com as ${github.user}`);
  await view.run("gh no-such-command >/dev/null 2>&1; echo other-$?", /^other-1\s*$/m);

  // The prompt came back bare each time. What gh was told, the server said, and not the page.
  await view.waitForText(PROMPT);
  assert.doesNotMatch(await view.text(), /rgb:|\[\?|\d+;\d+[Rc]/);
  assert.ok(!(await whatWasSent(view)).includes("\x1b"), "the page answered something");
});
