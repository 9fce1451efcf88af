// Owns a real JupyterHub with its proxy, which starts Bowline as the server of each of its users, and the system's users
// that it starts it as. Must run as root; must not know the page.

import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, copyFile, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";

import { endChild } from "./child.mjs";
import { freePort } from "./free-port.mjs";
import { binary, repository } from "./server.mjs";
import { until } from "./wait.mjs";

const run = promisify(execFile);
const venv = process.env.BOWLINE_JUPYTERHUB ?? path.join(repository, "target/jupyterhub");
const proxy = path.join(repository, "node_modules/configurable-http-proxy/bin/configurable-http-proxy");
const LOG_LINES = 400;

/** Why a Hub can't be run here; undefined where it can. */
export function whyNot() {
  if (process.getuid?.() !== 0) return "a hub starts servers as other users, which takes root";
  if (!existsSync(path.join(venv, "bin/jupyterhub"))) return `there is no JupyterHub at ${venv}`;
  return undefined;
}

export class JupyterHub {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  /** @type {string[]} */
  #log = [];
  /** @type {string[]} */
  #users = [];
  #token = randomBytes(16).toString("hex");
  /** Every user's password. */
  password = randomBytes(16).toString("hex");
  url = "";

  /** @param {string[]} names the beginnings of users' names @param {Record<string, string>} [environment] of their servers */
  static async start(names, environment = {}) {
    const folder = await mkdtemp(path.join(os.tmpdir(), "bowline-hub-"));
    const hub = new JupyterHub(folder);
    try {
      for (const name of names) await hub.#addUser(name);
      await hub.#launch(environment);
    } catch (error) {
      await hub.stop();
      throw error;
    }
    return hub;
  }

  /** @private use `start` */
  constructor(/** @type {string} */ folder) {
    this.folder = folder;
  }

  /** The users, as the system and the hub call them. */
  get users() {
    return this.#users;
  }

  logTail(lines = 60) {
    return this.#log.slice(-lines).join("\n");
  }

  /** A user of the system, with a home and a shell whose prompt is known. */
  async #addUser(/** @type {string} */ name) {
    const user = `${name}-${randomBytes(3).toString("hex")}`;
    await run("useradd", ["--create-home", "--shell", "/bin/bash", user]);
    this.#users.push(user);
    const home = `/home/${user}`;
    const { uid, gid } = await stat(home);
    const file = path.join(home, ".bash_profile");
    await writeFile(file, "PS1='$ '\nPROMPT_COMMAND=\nunset HISTFILE\n");
    await chown(file, uid, gid);
  }

  async #launch(/** @type {Record<string, string>} */ environment) {
    const [front, api, hub] = await Promise.all([freePort(), freePort(), freePort()]);
    // The users may look at nothing of this but the program.
    await chmod(this.folder, 0o711);
    const program = path.join(this.folder, "bowline");
    await copyFile(binary, program);
    await chmod(program, 0o755);
    const scopes = ["admin:users", "admin:servers", "list:users", "read:users", "read:servers", "tokens"];
    const settings = {
      JupyterHub: {
        bind_url: `http://127.0.0.1:${front}`,
        hub_bind_url: `http://127.0.0.1:${hub}`,
        db_url: `sqlite:///${this.folder}/hub.sqlite`,
        cookie_secret_file: path.join(this.folder, "cookie-secret"),
        authenticator_class: "shared-password",
        spawner_class: "jupyterhub.spawner.LocalProcessSpawner",
        allow_named_servers: true,
        services: [{ name: "journeys", api_token: this.#token }],
        load_roles: [{ name: "journeys", scopes, services: ["journeys"] }],
      },
      ConfigurableHTTPProxy: {
        api_url: `http://127.0.0.1:${api}`,
        auth_token: randomBytes(16).toString("hex"),
        command: [process.execPath, proxy],
        pid_file: path.join(this.folder, "proxy.pid"),
      },
      SharedPasswordAuthenticator: { user_password: this.password, allowed_users: this.#users },
      Spawner: { cmd: [program], environment, http_timeout: 60, start_timeout: 120 },
    };
    const file = path.join(this.folder, "jupyterhub_config.json");
    await writeFile(file, JSON.stringify(settings));
    const child = spawn(path.join(venv, "bin/jupyterhub"), ["--config", file], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "pipe"],
      env: { PATH: `${path.join(venv, "bin")}:${path.dirname(process.execPath)}:${process.env.PATH}`, LANG: "C.UTF-8" },
    });
    this.#child = child;
    const note = (/** @type {string} */ line) => {
      this.#log.push(line);
      if (this.#log.length > LOG_LINES) this.#log.shift();
    };
    createInterface({ input: /** @type {any} */ (child.stdout) }).on("line", note);
    createInterface({ input: /** @type {any} */ (child.stderr) }).on("line", note);
    this.url = `http://127.0.0.1:${front}/`;
    await until(
      "a hub that answers through its proxy",
      async () => {
        if (child.exitCode !== null) throw new Error(`the hub ended:\n${this.logTail()}`);
        return (await fetch(new URL("hub/api/", this.url))).ok;
      },
      { deadline: 120_000, every: 200 },
    );
  }

  /** Asks the hub's API as an administrator. @param {string} where @param {RequestInit} [options] */
  async ask(where, options = {}) {
    const headers = { authorization: `Bearer ${this.#token}` };
    const answer = await fetch(new URL(`hub/api/${where}`, this.url), { headers, ...options });
    if (!answer.ok) throw new Error(`the hub answered ${answer.status} for ${where}: ${await answer.text()}`);
    const text = await answer.text();
    return text === "" ? undefined : JSON.parse(text);
  }

  /** Ends the hub, its servers, its users and their files. */
  async stop() {
    await endChild(this.#child, "the hub", 60_000);
    for (const user of this.#users) {
      // What a failed journey left running would keep the user.
      await run("pkill", ["-KILL", "-u", user]).catch(() => {});
      await until(`the end of ${user}'s processes`, async () => (await processes(user)).length === 0);
      await run("userdel", ["--remove", user]).catch(() => {});
    }
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** What a user runs, by process id. */
export async function processes(/** @type {string} */ user) {
  const { stdout } = await run("ps", ["-o", "pid=,args=", "-u", user]).catch(() => ({ stdout: "" }));
  return stdout.split("\n").filter((line) => line.trim() !== "" && !line.includes("<defunct>"));
}
