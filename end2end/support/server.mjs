// Owns the real `bowline` binary during a test: a temporary home and state folder, start, restart, kill, cleanup.
// Must not know the page.

import { execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

import { until, within } from "./wait.mjs";

const here = path.dirname(fileURLToPath(import.meta.url));
export const repository = path.resolve(here, "../..");
export const binary = path.resolve(process.env.BOWLINE_BIN ?? path.join(repository, "target/release/bowline"));
const LOG_LINES = 400;

/** Processes to take along when this one ends without having cleaned up. @type {Set<number>} */
const running = new Set();
process.on("exit", () => {
  for (const pid of running) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Already gone.
    }
  }
});

/**
 * A plain shell whatever the machine's own files say: tests read the prompt. A login shell reads .bash_profile.
 */
const BASHRC = "PS1='$ '\nPROMPT_COMMAND=\nunset HISTFILE\nunset MAILCHECK\nexport PAGER=less LESS= EDITOR=vim\n";

export class BowlineServer {
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  /** @type {string[]} */
  #log = [];
  #options;
  port = 0;
  /** What the next start runs. */
  binary = binary;
  /** The URL of the last start, with a login code that works once. */
  loginUrl = "";

  /**
   * @typedef {object} Options
   * @property {string[]} [args]
   * @property {Record<string, string>} [env]
   * @property {"port" | "socket"} [listen] on a port, or on a Unix socket in its folder
   */

  /** @param {Options} [options] */
  static async start(options = {}) {
    if (!existsSync(binary)) {
      throw new Error(`${binary} does not exist: run \`cargo xtask build\`, or set BOWLINE_BIN`);
    }
    const folder = await mkdtemp(path.join(os.tmpdir(), "bowline-journey-"));
    const server = new BowlineServer(folder, options);
    try {
      await server.#prepareHome();
      await server.#launch(options.listen === "socket" ? server.#place : "127.0.0.1:0");
    } catch (error) {
      await server.stop();
      throw error;
    }
    return server;
  }

  /** @private use `start` */
  constructor(/** @type {string} */ folder, /** @type {Options} */ options) {
    this.#options = options;
    this.folder = folder;
    this.home = path.join(folder, "home");
    this.stateDir = path.join(folder, "state");
    /** The access token, fixed for the test. */
    this.token = randomBytes(16).toString("hex");
  }

  /** Where it listens, as `--listen` takes it. */
  get #place() {
    return this.#options.listen === "socket" ? `unix:${this.folder}/http.sock` : `127.0.0.1:${this.port}`;
  }

  /** Where it listens: a port of this machine, or a socket's path. */
  get place() {
    return this.#place.replace(/^unix:/, "");
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** The same login code, by another way in (a proxy's URL). */
  get code() {
    return new URL(this.loginUrl).hash.replace(/^#code=/, "");
  }

  get pid() {
    return this.#child?.pid;
  }

  logTail(lines = 60) {
    return this.#log.slice(-lines).join("\n");
  }

  async #prepareHome() {
    await mkdir(this.home, { recursive: true });
    await mkdir(this.stateDir, { recursive: true, mode: 0o700 });
    await writeFile(path.join(this.home, ".bashrc"), BASHRC);
    await writeFile(path.join(this.home, ".bash_profile"), ". ~/.bashrc\n");
    await writeFile(path.join(this.home, ".vimrc"), "set nocompatible noswapfile viminfo=\n");
    const programs = path.join(here, "../programs");
    for (const name of await readdir(programs)) await copyFile(path.join(programs, name), path.join(this.home, name));
  }

  async #launch(/** @type {string} */ listen) {
    const child = spawn(
      this.binary,
      ["--listen", listen, "--state-dir", this.stateDir, ...(this.#options.args ?? [])],
      {
        cwd: this.home,
        stdio: ["ignore", "pipe", "pipe"],
        env: {
          PATH: `${path.dirname(process.execPath)}:${process.env.PATH}`,
          HOME: this.home,
          USER: os.userInfo().username,
          LOGNAME: os.userInfo().username,
          SHELL: "/bin/bash",
          LANG: "C.UTF-8",
          BOWLINE_TOKEN: this.token,
          // What a server started leaves with it, unless a journey says otherwise.
          BOWLINE_ON_EXIT: "end",
          ...(process.env.BOWLINE_KEEPER ? { BOWLINE_KEEPER: process.env.BOWLINE_KEEPER } : {}),
          ...(process.env.RUST_LOG ? { RUST_LOG: process.env.RUST_LOG } : {}),
          ...this.#options.env,
        },
      },
    );
    this.#child = child;
    if (child.pid !== undefined) running.add(child.pid);
    const announced = new Promise((resolve, reject) => {
      const note = (/** @type {string} */ line) => {
        this.#log.push(line);
        if (this.#log.length > LOG_LINES) this.#log.shift();
        const url = /listening on (http:\S+|unix:\S+)/.exec(line)?.[1];
        if (url) resolve(url);
      };
      createInterface({ input: /** @type {any} */ (child.stdout) }).on("line", note);
      createInterface({ input: /** @type {any} */ (child.stderr) }).on("line", note);
      child.on("error", reject);
      child.on("exit", (code, signal) => {
        if (child.pid !== undefined) running.delete(child.pid);
        this.#log.push(`[the server ended: ${signal ?? `status ${code}`}]`);
        reject(new Error(`the server ended before it listened (${signal ?? code}):\n${this.logTail()}`));
      });
    });
    this.loginUrl = await within("the server's `listening on` line", announced);
    this.port = Number(new URL(this.loginUrl).port);
  }

  /** Loses a file of the state folder. */
  async forget(/** @type {string} */ name) {
    await rm(path.join(this.stateDir, name));
  }

  /** What `bowline doctor` says of it, with the server's state folder. @returns {Promise<{status: number, said: string}>} */
  doctor(/** @type {string[]} */ args, /** @type {Record<string, string>} */ env) {
    const words = ["doctor", "--state-dir", this.stateDir, ...args];
    const ran = new Promise((resolve) => {
      const surroundings = { PATH: process.env.PATH, HOME: this.home, ...env };
      execFile(this.binary, words, { env: surroundings }, (error, said) => {
        resolve({ status: typeof error?.code === "number" ? error.code : 0, said });
      });
    });
    return within("the doctor's verdict", ran);
  }

  /** The token of the Databricks workspace that is in force, as helpers get it. @returns {Promise<string>} */
  databricksToken() {
    const asked = new Promise((resolve, reject) => {
      execFile(this.binary, ["token", "--state-dir", this.stateDir], (error, said) =>
        error ? reject(error) : resolve(said.trim()),
      );
    });
    return within("the token in force", asked);
  }

  /** The audit trail so far. @returns {Promise<Record<string, any>[]>} */
  async trail() {
    const text = await readFile(path.join(this.stateDir, "audit.log"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line));
  }

  /** Ends the process and waits until it is gone. */
  async kill(/** @type {NodeJS.Signals} */ signal = "SIGKILL") {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((resolve) => child.on("exit", resolve));
    child.kill(signal);
    await within(`the server's end by ${signal}`, gone);
  }

  /** Kills it when it still runs, and starts it on the same port with the same state. */
  async restart() {
    await this.kill();
    // Between the two, another process's connection may hold the port for a moment.
    await until(`a start on port ${this.port}`, async () => {
      await this.#launch(this.#place);
      return true;
    });
  }

  /** The process that keeps this server's sessions, if there is one. */
  async keeper() {
    for (const entry of await readdir("/proc")) {
      if (!/^\d+$/.test(entry)) continue;
      const line = await readFile(`/proc/${entry}/cmdline`, "utf8").catch(() => "");
      const words = line.split("\0");
      if (words[1] === "keeper" && words.includes(this.stateDir)) return Number(entry);
    }
    return undefined;
  }

  /** Ends the keeper, if there is one, and waits until it is gone. */
  async killKeeper(/** @type {NodeJS.Signals} */ signal = "SIGKILL") {
    const pid = await this.keeper();
    if (pid === undefined) return;
    process.kill(pid, signal);
    await until("the keeper's end", async () => (await this.keeper()) !== pid);
  }

  /** Kills it and removes its folder. */
  async stop() {
    // Politely first, so that it ends its shells; they would outlive a KILL for a moment.
    await this.kill("SIGTERM").catch(() => this.kill("SIGKILL"));
    // One that a killed server left.
    await this.killKeeper("SIGTERM").catch(() => this.killKeeper());
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  /**
   * An API call as a script makes it.
   *
   * @param {string} endpoint for example `api/sessions`
   * @param {unknown} [body] makes it a POST
   */
  async api(endpoint, body) {
    const response = await fetch(new URL(endpoint, this.url), {
      method: body === undefined ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${this.token}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    /** @type {any} */
    let json;
    try {
      json = JSON.parse(text);
    } catch {
      json = undefined;
    }
    return { status: response.status, json, text };
  }

  /** How many bytes a session's program has printed. @returns {Promise<number>} */
  async outputEnd(/** @type {string} */ session) {
    const { status, json, text } = await this.api("api/output", { session_id: session, offset: Number.MAX_SAFE_INTEGER });
    if (status !== 200) throw new Error(`api/output answered ${status}: ${text}`);
    return json.next_offset;
  }

  /** Types as a script does. */
  async type(/** @type {string} */ session, /** @type {string} */ input) {
    const { status, text } = await this.api("api/input", { session_id: session, input });
    if (status !== 200) throw new Error(`api/input answered ${status}: ${text}`);
  }

  /** Sessions whose program runs. */
  async sessions() {
    const { status, json, text } = await this.api("api/sessions");
    if (status !== 200) throw new Error(`api/sessions answered ${status}: ${text}`);
    return /** @type {any[]} */ (json.sessions).filter((session) => isRunning(session.state));
  }
}

/** Whether a session's program lives, working or not. */
function isRunning(/** @type {unknown} */ state) {
  return typeof state === "string" && state !== "exited";
}
