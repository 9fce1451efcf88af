// Owns the journey of agents that Bowline itself installs, from the registry that this machine's npm uses: beside a terminal
// that works, found by a shell, told what set-up tells them, seen to draw their first screens, and making a turn before a
// double of the model APIs, after which their hooks say that it is done. Where the registry doesn't answer, nothing is
// proved, and that is said.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";

import { quietly } from "../support/agents.mjs";
import { journey } from "../support/journey.mjs";
import { repository } from "../support/server.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/server.mjs").BowlineServer} Server */
/** @typedef {import("../support/databricks.mjs").DatabricksWorkspace} Workspace */
/** @typedef {{server: Server, workspace: Workspace}} Place */

const run = promisify(execFile);
const PASTED = "dapi-pasted-by-ana";
/** Two busy cores start an agent slowly. */
const SLOW = { deadline: 120_000, every: 100 };

/** Which versions: those that are known to work with the double, as the other journey of agents has them. */
async function versions() {
  const text = await readFile(path.join(repository, "end2end/agents/package.json"), "utf8");
  const { dependencies } = JSON.parse(text);
  return {
    claude: dependencies["@anthropic-ai/claude-code"],
    codex: dependencies["@openai/codex"],
    gemini: dependencies["@google/gemini-cli"],
    opencode: "1.18.33",
  };
}

/** By what the machine's npm reaches its registry, if that answers; said to the server as npm's own variables. */
async function registry(/** @type {string} */ version) {
  try {
    const options = { timeout: 30_000 };
    await run("npm", ["view", `@openai/codex@${version}`, "version"], options);
    const asked = await run("npm", ["config", "get", "userconfig"], options);
    const passed = ["NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"];
    const npm = Object.keys(process.env).filter((name) => /^npm_config_/i.test(name));
    const given = [...passed, ...npm].filter((name) => process.env[name] !== undefined);
    const variables = given.map((name) => [name, String(process.env[name])]);
    return Object.fromEntries([["npm_config_userconfig", asked.stdout.trim()], ...variables]);
  } catch {
    return undefined;
  }
}

/** How a session is. @returns {Promise<{state: string, attention?: string}>} */
async function state(/** @type {Server} */ server, /** @type {string} */ id) {
  const { json } = await server.api("api/sessions");
  const sessions = /** @type {any[]} */ (json?.sessions ?? []);
  return sessions.find(({ session_id }) => session_id === id) ?? { state: "gone" };
}

/** Starts one of them where set-up has put it, in a folder that it may work in. */
async function start(/** @type {Server} */ server, /** @type {string} */ name, /** @type {string[]} */ ...words) {
  const command = quietly(path.join(server.home, ".local/bin", name), ...words);
  const cwd = path.join(server.home, "projects");
  const { json, text } = await server.api("api/session", { command, cwd, cols: 120, rows: 40 });
  assert.ok(json?.session_id, text);
  return /** @type {string} */ (json.session_id);
}

/** Waits for a text in a session, and gives all of it. */
async function shows(/** @type {Server} */ server, /** @type {string} */ session, /** @type {RegExp} */ what) {
  let last = "";
  const found = async () => {
    const { json } = await server.api("api/session/screen", { session_id: session, history: "all" });
    last = json?.text ?? "";
    return what.test(last);
  };
  await until(`${what} in a session`, found, SLOW).catch((error) => {
    throw new Error(`${error.message}; there is:\n${last}`, { cause: error });
  });
  return last;
}

/** How often a model API was asked so far. */
async function asked(/** @type {Workspace} */ workspace, /** @type {string} */ api) {
  const { log } = await workspace.state();
  return log.filter(({ method, path }) => method === "POST" && path.includes(api)).length;
}

/** Has an agent make a turn, and waits until its hook says that it is done. */
async function turn(/** @type {Place} */ { server, workspace }, /** @type {string} */ session, /** @type {string} */ api) {
  const before = await asked(workspace, api);
  await server.type(session, "\x1b[200~ping\x1b[201~");
  await shows(server, session, /ping/);
  // What comes right behind a paste may be taken for a part of it; at an empty prompt Enter does nothing.
  const sent = async () => {
    if ((await asked(workspace, api)) > before) return true;
    await server.type(session, "\r");
    return false;
  };
  await until("a request", sent, { ...SLOW, every: 1000 });
  await shows(server, session, /asked by/);
  await until("a hook's word", async () => (await state(server, session)).attention === "done", SLOW);
}

journey("agents from the registry are told what to know, make a turn, and their hooks say that it is done", async (stage) => {
  const wanted = await versions();
  const npm = await registry(wanted.codex);
  if (!npm) {
    console.log("\n!! agents are not installed: the npm registry does not answer, so nothing is proved\n");
    return;
  }
  const workspace = await stage.databricks();
  await workspace.give(PASTED, "ana@example.com");
  const chosen = Object.entries(wanted).map(([agent, version]) => `${agent}=${version}`);
  const server = await stage.server({
    args: ["--profile", "claude,codex,gemini,opencode,shell", "--agent-versions", chosen.join()],
    // Nobody but this machine is asked.
    env: { ...npm, DATABRICKS_HOST: workspace.url, BOWLINE_TOOL_FILES: "on", BOWLINE_MCP_SERVERS: "none,wiki=http://127.0.0.1:9/mcp" },
  });
  await mkdir(path.join(server.home, "projects"));
  // Before any of them is there: their files have the credential as soon as they are.
  const given = await server.api("api/configure-pat", { token: PASTED });
  assert.equal(given.status, 200, given.text);
  const view = await stage.page();
  await view.run("echo $((6*7))", /^42\s*$/m);
  const panel = view.page.locator("details.setup");
  await panel.getByText("This machine is set up.").waitFor({ timeout: 200_000 });
  await panel.locator("summary").click();
  for (const version of Object.values(wanted)) assert.match(await panel.innerText(), new RegExp(version));

  // A shell finds them, and they read what they were told.
  await view.newTab();
  await view.focus();
  await view.run("codex --version", new RegExp(`^codex-cli ${wanted.codex}`, "m"));
  await view.run("codex mcp list", /wiki\s+http:\/\/127\.0\.0\.1:9\/mcp/);

  const file = (/** @type {string} */ name) => readFile(path.join(server.home, name), "utf8").catch(() => "");
  for (const name of [".claude/settings.json", ".codex/config.toml", ".config/opencode/opencode.json"])
    await until(`${name} leads to the broker`, async () => (await file(name)).includes("/bowline-broker/"));
  assert.match(await file(".claude/settings.json"), /status done/, "neither lost what the other wrote");
  // It knows the workspace's models by itself: the address is enough.
  const opencodes = ".config/opencode/opencode.json";
  await until("nothing but the address", async () => !(await file(opencodes)).includes("openai-compatible"));

  const claude = await start(server, "claude");
  await shows(server, claude, /❯/);
  await turn({ server, workspace }, claude, "/anthropic/");

  const gemini = await start(server, "gemini");
  await shows(server, gemini, /Type your message/);
  await turn({ server, workspace }, gemini, "/google/");

  // Codex would leave a process behind that outlives its session, and the test.
  const codex = await start(server, "codex", "--no-daemon");
  const first = await shows(server, codex, /trust the contents|Ask Codex|OpenAI Codex/i);
  if (/trust the contents/i.test(first)) await server.type(codex, "\r");
  await shows(server, codex, /Ask Codex|OpenAI Codex/);
  await turn({ server, workspace }, codex, "/responses");

  // The whole screen of OpenCode, and a turn of it.
  const screen = await start(server, "opencode");
  await shows(server, screen, /Ask anything|opencode/i);
  const opencode = await start(server, "opencode", "run", "ping");
  await shows(server, opencode, /asked by/);
});
