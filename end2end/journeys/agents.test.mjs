// Owns the journey of agents that run while the workspace's token changes under them: the real Claude Code, Codex and
// Gemini CLI from npm, in real sessions, before a double of the model APIs at which a token that was replaced is good for
// nothing from that moment on.

import assert from "node:assert/strict";
import { appendFile, mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";

import { agent, whyNot } from "../support/agents.mjs";
import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

const missing = whyNot();
if (missing) console.log(`\n!! the journey of agents is not run: ${missing}\n`);
const withAgents = missing ? (/** @type {Parameters<typeof journey>} */ ..._) => {} : journey;

/** @typedef {import("../support/server.mjs").BowlineServer} Server */
/** @typedef {import("../support/databricks.mjs").DatabricksWorkspace} Workspace */

const PASTED = "dapi-pasted-by-ana";
const ROTATIONS = 3;
/** Which model API each of them asks, by a part of its path. */
const APIS = { codex: "/responses", gemini: "/google/", claude: "/anthropic/" };
/** Two busy cores start an agent slowly. */
const SLOW = { deadline: 120_000, every: 100 };

/** A home in which all three were started before, with nothing in it of a workspace. */
async function prepare(/** @type {Server} */ server) {
  for (const folder of [".claude", ".codex", ".gemini"]) await mkdir(path.join(server.home, folder));
  // The user's own: that they may work here.
  const trusted = { projects: { [server.home]: { hasTrustDialogAccepted: true } } };
  await writeFile(path.join(server.home, ".claude.json"), JSON.stringify(trusted));
  const file = path.join(server.home, ".codex/config.toml");
  await appendFile(file, `[projects."${server.home}"]\ntrust_level = "trusted"\n`);
}

/** Starts an agent in a session of its own. */
async function start(/** @type {Server} */ server, /** @type {string[]} */ command) {
  const { json, text } = await server.api("api/session", { command, cwd: server.home, cols: 120, rows: 40 });
  assert.ok(json?.session_id, text);
  return /** @type {string} */ (json.session_id);
}

/** What a session shows, with all lines above. */
async function screen(/** @type {Server} */ server, /** @type {string} */ session) {
  const { json } = await server.api("api/session/screen", { session_id: session, history: "all" });
  return /** @type {string} */ (json?.text ?? "");
}

/** Waits for a text in a session. */
async function shows(/** @type {Server} */ server, /** @type {string} */ session, /** @type {string | RegExp} */ what) {
  let last = "";
  const found = async () => {
    last = await screen(server, session);
    return typeof what === "string" ? last.includes(what) : what.test(last);
  };
  await until(`${what} in a session`, found, SLOW).catch((error) => {
    throw new Error(`${error.message}; there is:\n${last}`, { cause: error });
  });
}

/** What was asked of models so far, or of one API of theirs. */
async function turns(/** @type {Workspace} */ workspace, api = "/") {
  const { log } = await workspace.state();
  const asked = log.filter(({ method, path }) => method === "POST" && path.startsWith("/serving-endpoints/"));
  return asked.filter(({ path }) => path.includes(api));
}

/** The token in force, as helpers get it, and its id at the double. */
async function current(/** @type {Server} */ server, /** @type {Workspace} */ workspace) {
  const token = await server.databricksToken();
  const { tokens } = await workspace.state();
  return { token, id: tokens[token]?.id };
}

/** Puts another token in force, and ends all others there and then. @returns {Promise<string>} its id */
async function rotate(/** @type {Server} */ server, /** @type {Workspace} */ workspace) {
  const before = await current(server, workspace);
  const { status } = await server.api("api/pat-rotate", {});
  assert.equal(status, 200);
  const fresh = await until("a fresh token", async () => {
    const now = await current(server, workspace);
    return now.id !== undefined && now.id !== before.id && now;
  });
  const { tokens } = await workspace.state();
  for (const token of Object.keys(tokens))
    if (token !== fresh.token && token !== PASTED) await workspace.order({ do: "revoke", token });
  return fresh.id;
}

withAgents(
  "Claude Code, Codex and Gemini go on through three rotations, each turn with the token in force and none refused",
  async (stage) => {
    const workspace = await stage.databricks();
    await workspace.give(PASTED, "ana@example.com");
    const server = await stage.server({ env: { DATABRICKS_HOST: workspace.url, BOWLINE_TOOL_FILES: "on" } });
    await prepare(server);
    const given = await server.api("api/configure-pat", { token: PASTED });
    assert.equal(given.status, 200, given.text);
    const file = (/** @type {string} */ name) => readFile(path.join(server.home, name), "utf8").catch(() => "");
    for (const name of [".claude/settings.json", ".codex/config.toml", ".gemini/.env"])
      await until(`${name} leads to the broker`, async () => (await file(name)).includes("/bowline-broker/"));

    // Those that are up all the time. Codex would leave a process behind that outlives its session, and the test.
    const staying = {
      codex: await start(server, agent("codex", "--no-daemon")),
      gemini: await start(server, agent("gemini")),
      claude: await start(server, agent("claude")),
    };
    await shows(server, staying.codex, /Ask Codex|OpenAI Codex/);
    await shows(server, staying.gemini, "Type your message");
    await shows(server, staying.claude, /❯/);

    for (let turn = 0; turn <= ROTATIONS; turn += 1) {
      const id = turn === 0 ? (await current(server, workspace)).id : await rotate(server, workspace);
      for (const name of /** @type {(keyof typeof staying)[]} */ (Object.keys(staying))) {
        const session = staying[name];
        const before = (await turns(workspace, APIS[name])).length;
        const words = `turn ${turn} of ${name}`;
        await server.type(session, `\x1b[200~${words}\x1b[201~`);
        await shows(server, session, words);
        // What comes right behind a paste may be taken for a part of it; at an empty prompt Enter does nothing.
        const sent = async () => {
          await server.type(session, "\r");
          return (await turns(workspace, APIS[name])).length > before;
        };
        await until(`${name} asks`, sent, { ...SLOW, every: 500 });
        await shows(server, session, `asked by ${id}`);
      }
      // Those that come and go.
      for (const command of [
        agent("claude", "-p", "ping"),
        agent("codex", "exec", "--skip-git-repo-check", "ping"),
        agent("gemini", "-p", "ping"),
      ]) {
        const session = await start(server, ["/bin/sh", "-c", '"$@" </dev/null', "sh", ...command]);
        await shows(server, session, `asked by ${id}`);
      }
      stage.print(`${id}: ${(await turns(workspace)).filter(({ by }) => by === id).length} requests`);
    }

    const asked = await turns(workspace);
    assert.deepEqual(asked.filter(({ status }) => status !== 200), []);
    assert.equal((await workspace.state()).strangers, 0, "nobody came with a token that was not good");
    // In the order in which tokens were in force: none comes after the next was.
    const order = asked.map(({ by }) => by).filter((by, at, all) => by !== all[at - 1]);
    assert.equal(order.length, ROTATIONS + 1, order.join());
    for (const session of Object.values(staying)) {
      const text = await screen(server, session);
      assert.ok(!/dapi-/.test(text), "no token is shown");
    }
  },
  { timeout: 600_000 },
);
