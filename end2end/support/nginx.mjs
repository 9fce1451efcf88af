// Owns a real nginx before the server, as companies put it there: without upgrade headers, with them, impatient.
// Must not know Bowline beyond its port.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";

import { ask } from "./ask.mjs";
import { endChild } from "./child.mjs";
import { freePort } from "./free-port.mjs";
import { until } from "./wait.mjs";

/** Debian puts it where a user's PATH may not look. */
const binary = ["/usr/sbin/nginx", "/usr/local/sbin/nginx", "/usr/bin/nginx"].find(existsSync) ?? "nginx";
const START_ATTEMPTS = 5;

/**
 * @typedef {object} Manner
 * @property {"strip" | "pass"} upgrade whether WebSocket handshakes get through; nginx strips them unless told
 * @property {string} [readTimeout] nginx's `proxy_read_timeout`, its default 60 s
 */

/** @typedef {{method: string, uri: string, status: number, seconds: number, hold: string, upgrade: string}} Served */

export class Nginx {
  #target;
  #folder;
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  #revision = 0;
  #worker = 0;
  #stderr = "";
  port = 0;

  /**
   * @param {number} target port on 127.0.0.1
   * @param {Manner} manner
   */
  static async start(target, manner) {
    const folder = await mkdtemp(path.join(os.tmpdir(), "bowline-nginx-"));
    const nginx = new Nginx(target, folder);
    for (let attempt = 1; ; attempt += 1) {
      try {
        await nginx.#launch(manner);
        return nginx;
      } catch (error) {
        // The port was free a moment ago; somebody else may have been faster.
        const clash = nginx.#stderr.includes("Address already in use");
        if (!clash || attempt === START_ATTEMPTS) {
          await nginx.stop();
          throw error;
        }
      }
    }
  }

  /** @private use `start` */
  constructor(/** @type {number} */ target, /** @type {string} */ folder) {
    this.#target = target;
    this.#folder = folder;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  async #launch(/** @type {Manner} */ manner) {
    this.port = await freePort();
    this.#stderr = "";
    await mkdir(path.join(this.#folder, "temp"), { recursive: true });
    await this.#configure(manner);
    const child = spawn(binary, ["-p", this.#folder, "-c", this.#file("nginx.conf"), "-e", this.#file("error.log")], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#child = child;
    child.stderr.on("data", (bytes) => (this.#stderr += bytes));
    const ended = new Promise((_, reject) => {
      child.on("error", (error) => reject(new Error(`nginx did not start: ${error.message}`)));
      child.on("exit", (status) => reject(new Error(`nginx ended with ${status}: ${this.#stderr}`)));
    });
    ended.catch(() => {});
    process.on("exit", this.#killAtExit);
    await Promise.race([ended, this.#serves(this.#revision)]);
  }

  #killAtExit = () => void this.#child?.kill("SIGKILL");

  #file(/** @type {string} */ name) {
    return path.join(this.#folder, name);
  }

  /** Replaces the configuration and waits until it is the one in force. */
  async reload(/** @type {Manner} */ manner) {
    const old = this.#worker;
    await this.#configure(manner);
    this.#child?.kill("SIGHUP");
    await this.#serves(this.#revision);
    // For a moment both workers accept; only the old one's end makes the new configuration the only one.
    await until("the end of nginx's worker before", () => !isAlive(old));
  }

  async #serves(/** @type {number} */ revision) {
    await until(`nginx serving configuration ${revision}`, async () => {
      const [served, worker] = (await ask(`${this.url}nginx-revision`)).body.split(" ").map(Number);
      this.#worker = worker;
      return served === revision;
    });
  }

  async #configure(/** @type {Manner} */ { upgrade, readTimeout = "60s" }) {
    this.#revision += 1;
    const upgradeHeaders =
      upgrade === "pass"
        ? `proxy_set_header Upgrade $http_upgrade;\n      proxy_set_header Connection $bowline_connection;`
        : `proxy_set_header Connection "";`;
    const user = process.getuid?.() === 0 ? "user root;" : "";
    await writeFile(
      this.#file("nginx.conf"),
      `${user}
daemon off;
worker_processes 1;
# Connections of the configuration before are not kept for long: a reload is meant to be felt.
worker_shutdown_timeout 1s;
pid ${this.#file("nginx.pid")};
error_log ${this.#file("error.log")} warn;
events { worker_connections 256; }
http {
  log_format served escape=json '{"method":"$request_method","uri":"$uri","status":$status,'
    '"seconds":$request_time,"hold":"$http_bowline_hold","upgrade":"$http_upgrade"}';
  access_log ${this.#file("access.log")} served;
  client_body_temp_path ${this.#file("temp/body")};
  proxy_temp_path ${this.#file("temp/proxy")};
  fastcgi_temp_path ${this.#file("temp/fastcgi")};
  uwsgi_temp_path ${this.#file("temp/uwsgi")};
  scgi_temp_path ${this.#file("temp/scgi")};
  client_max_body_size 64m;
  map $http_upgrade $bowline_connection { default upgrade; '' ''; }
  server {
    listen 127.0.0.1:${this.port};
    location = /nginx-revision { access_log off; return 200 "${this.#revision} $pid"; }
    location / {
      proxy_pass http://127.0.0.1:${this.#target};
      proxy_http_version 1.1;
      proxy_set_header Host $http_host;
      proxy_read_timeout ${readTimeout};
      # A POST that got no answer is not nginx's to repeat.
      proxy_next_upstream off;
      ${upgradeHeaders}
    }
  }
}
`,
    );
  }

  /** What was served so far, oldest first. @returns {Promise<Served[]>} */
  async served() {
    const text = await readFile(this.#file("access.log"), "utf8").catch(() => "");
    return text
      .split("\n")
      .filter((line) => line.endsWith("}"))
      .map((line) => JSON.parse(line));
  }

  async stop() {
    process.off("exit", this.#killAtExit);
    await endChild(this.#child, "nginx");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function isAlive(/** @type {number} */ pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
