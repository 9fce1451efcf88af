// Owns real proxies that run the files of docs/deploy, with ports, paths, names and passwords put in their place: what is
// to be replaced must be there, so that the files can't say something else than what is tested. TLS ends at the proxy, with
// a certificate that is good for one test. Must not know the page.

import { execFile, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { ask } from "./ask.mjs";
import { certify } from "./certificates.mjs";
import { endChild } from "./child.mjs";
import { freePort } from "./free-port.mjs";
import { repository } from "./server.mjs";
import { until } from "./wait.mjs";

const run = promisify(execFile);
const START_ATTEMPTS = 5;

/** The name of the documentation. */
export const NAME = "terminals.example.com";
/** One that every browser finds on this machine. */
const LOCAL_NAME = "terminals.localhost";
/** One that every program finds there. */
const LOCALHOST = "localhost";
/** Who may come through a proxy that asks for a password; the password is the name backwards. */
export const PEOPLE = ["ana", "eve"];

/** @typedef {[found: string, put: string]} Change */

/**
 * @typedef {object} Around
 * @property {string} server where Bowline listens
 * @property {string} [signIn] where the service listens that signs people in
 * @property {string} [secret] what shows the proxy to Bowline
 * @property {Change[]} [changes] what else is to be replaced
 */

/** `NAME=value` lines of a file in docs/deploy. @returns {Promise<Record<string, string>>} */
export async function settingsOf(/** @type {string} */ file) {
  const text = await readFile(path.join(repository, "docs/deploy", file), "utf8");
  const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]));
}

/** Debian puts some where a user's PATH may not look. */
function find(/** @type {string} */ program) {
  return ["/usr/sbin", "/usr/local/sbin", "/usr/bin", "/usr/local/bin"].map((folder) => `${folder}/${program}`).find(existsSync);
}

export class Deployed {
  #folder = "";
  #stderr = "";
  /** @type {import("node:child_process").ChildProcess | undefined} */
  #child;
  port = 0;
  /** What a client trusts. */
  ca = "";

  /**
   * @param {string} file in docs/deploy
   * @param {Around} around
   */
  static async start(file, around) {
    const proxy = new Deployed();
    proxy.#folder = await mkdtemp(path.join(os.tmpdir(), "bowline-deployed-"));
    try {
      for (let attempt = 1; ; attempt += 1) {
        try {
          await proxy.#launch(file, around);
          return proxy;
        } catch (error) {
          // The port was free a moment ago; somebody else may have been faster.
          if (!/in use/i.test(proxy.#stderr) || attempt === START_ATTEMPTS) throw error;
        }
      }
    } catch (error) {
      await proxy.stop();
      throw error;
    }
  }

  /** For a browser of this machine. */
  get url() {
    return `https://${LOCAL_NAME}:${this.port}/`;
  }

  /**
   * For a client that says by which name it asks. It connects from another address than proxies of this machine do.
   *
   * @returns {import("./ask.mjs").Connection}
   */
  get connection() {
    return { ca: this.ca, servername: NAME, localAddress: "127.0.0.2" };
  }

  /** For a program of this machine that trusts the authorities in `authorities`. */
  get local() {
    return `https://${LOCALHOST}:${this.port}/`;
  }

  /** A file with what a client trusts. */
  get authorities() {
    return this.#file("ca.pem");
  }

  /** For a client that says by which name it asks, as an address. */
  get address() {
    return `https://127.0.0.1:${this.port}/`;
  }

  #file(/** @type {string} */ name) {
    return path.join(this.#folder, name);
  }

  async #launch(/** @type {string} */ file, /** @type {Around} */ around) {
    this.port = await freePort();
    this.#stderr = "";
    const { ca, ...certificate } = await certify(this.#folder, [NAME, LOCAL_NAME, LOCALHOST]);
    this.ca = ca;
    const text = await readFile(path.join(repository, "docs/deploy", file), "utf8");
    const program = file.endsWith("Caddyfile") ? "caddy" : file.split("/")[0];
    const prepare = { nginx: this.#nginx, haproxy: this.#haproxy, caddy: this.#caddy }[program];
    const binary = find(program);
    if (!prepare || !binary) throw new Error(`there is no ${program} here`);
    const { args, env = {} } = await prepare.call(this, text, certificate, around);
    const child = spawn(binary, args, { cwd: this.#folder, stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, ...env } });
    this.#child = child;
    child.stderr.on("data", (bytes) => (this.#stderr = (this.#stderr + bytes).slice(-10_000)));
    process.on("exit", this.#killAtExit);
    const ended = new Promise((_, reject) => {
      child.on("error", reject);
      child.on("exit", (status) => reject(new Error(`${program} ended with ${status}: ${this.#stderr}`)));
    });
    ended.catch(() => {});
    const { connection } = this;
    const headers = { host: NAME };
    await Promise.race([ended, until(`an answer of ${program}`, () => ask(this.address, { headers, connection }))]);
  }

  #killAtExit = () => void this.#child?.kill("SIGKILL");

  async #nginx(/** @type {string} */ text, /** @type {Omit<import("./certificates.mjs").Certificate, "ca">} */ certificate, /** @type {Around} */ around) {
    const users = this.#file("users");
    await writeFile(users, (await passwords("-apr1")).map(([name, hash]) => `${name}:${hash}\n`).join(""));
    const secret = this.#file("secret.conf");
    await writeFile(secret, `proxy_set_header Bowline-Proxy-Secret "${around.secret}";\n`, { mode: 0o600 });
    /** @type {Change[]} */
    const own = around.signIn
      ? [
          ["127.0.0.1:8000", around.server],
          ["127.0.0.1:4180", around.signIn],
          ["/etc/nginx/bowline-secret.conf", secret],
        ]
      : [
          ["/run/bowline/http.sock", around.server],
          ["/etc/nginx/bowline.users", users],
        ];
    const site = replaced(text, [
      ["listen 443 ssl", `listen 127.0.0.1:${this.port} ssl`],
      ["/etc/ssl/terminals.example.com.pem", certificate.certificate],
      ["/etc/ssl/private/terminals.example.com.key", certificate.key],
      ...own,
      ...(around.changes ?? []),
    ]);
    const user = process.getuid?.() === 0 ? "user root;" : "";
    const temp = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((kind) => `${kind}_temp_path ${this.#file(kind)};`);
    await writeFile(this.#file("site.conf"), site);
    const main = this.#file("nginx.conf");
    await writeFile(
      main,
      `${user} daemon off; worker_processes 1; pid ${this.#file("pid")}; error_log stderr notice;
events { worker_connections 256; }
http { access_log off; ${temp.join(" ")} include ${this.#file("site.conf")}; }
`,
    );
    return { args: ["-p", this.#folder, "-c", main, "-e", "stderr"] };
  }

  async #haproxy(/** @type {string} */ text, /** @type {Omit<import("./certificates.mjs").Certificate, "ca">} */ certificate, /** @type {Around} */ around) {
    const [ana, ...others] = (await passwords("-5")).map(([name, hash]) => `user ${name} password ${hash}`);
    const config = this.#file("haproxy.cfg");
    await writeFile(
      config,
      replaced(text, [
        ["bind :443 ssl", `bind 127.0.0.1:${this.port} ssl`],
        ["/etc/haproxy/terminals.example.com.pem", certificate.both],
        ["user ana password $5$rounds=1000$change$me", [ana, ...others].join("\n    ")],
        ["127.0.0.1:8000", around.server],
        ...(around.changes ?? []),
      ]),
    );
    return { args: ["-f", config, "-db"], env: { BOWLINE_PROXY_SECRET: around.secret } };
  }

  async #caddy(/** @type {string} */ text, /** @type {Omit<import("./certificates.mjs").Certificate, "ca">} */ certificate, /** @type {Around} */ around) {
    const home = this.#file("home");
    await mkdir(home, { recursive: true });
    const binary = find("caddy") ?? "caddy";
    const hash = async (/** @type {string} */ who) => (await run(binary, ["hash-password", "--plaintext", passwordOf(who)])).stdout.trim();
    const people = await Promise.all(PEOPLE.map(async (who) => `${who} ${await hash(who)}`));
    const config = this.#file("Caddyfile");
    const sites = [LOCAL_NAME, LOCALHOST, NAME].map((name) => `https://${name}:${this.port}`).join(", ");
    const site = replaced(text, [
      ["\nterminals.example.com {", `\n${sites} {\n\tbind 127.0.0.1\n\ttls ${certificate.certificate} ${certificate.key}`],
      ["ana $2a$14$change.me", people.join("\n\t\t")],
      ["/run/bowline/http.sock", around.server],
      ...(around.changes ?? []),
    ]);
    await writeFile(config, `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${site}`);
    const env = { HOME: home, XDG_DATA_HOME: home, XDG_CONFIG_HOME: home };
    return { args: ["run", "--config", config, "--adapter", "caddyfile"], env };
  }

  async stop() {
    process.off("exit", this.#killAtExit);
    await endChild(this.#child, "the proxy");
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What a browser or a program says to a proxy that asks for a password. */
export const passwordOf = (/** @type {string} */ who) => [...who].reverse().join("");

/** Hashes as `openssl passwd` makes them, by name. */
function passwords(/** @type {string} */ kind) {
  return Promise.all(
    PEOPLE.map(async (who) => {
      const { stdout } = await run("openssl", ["passwd", kind, passwordOf(who)]);
      return /** @type {const} */ ([who, stdout.trim()]);
    }),
  );
}

function replaced(/** @type {string} */ text, /** @type {Change[]} */ changes) {
  for (const [found, put] of changes) {
    if (!text.includes(found)) throw new Error(`the file doesn't hold ${JSON.stringify(found)} (any more)`);
    text = text.replaceAll(found, () => put);
  }
  return text;
}
