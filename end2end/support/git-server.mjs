// Owns a git server by https on loopback: one repository, served as files to whoever shows the right name and password, and
// what it was shown. Must not know Bowline.

import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

import { certify } from "./certificates.mjs";

const run = promisify(execFile);

export class GitServer {
  /** Every `Authorization` that came, by the host that was asked. @type {{host: string, shown: string}[]} */
  shown = [];
  /** Who gets in, as `name:password`. */
  key = "";
  /** @type {https.Server} */
  #listener;
  #folder;
  /** Path of the authority's certificate. */
  ca;

  /** @param {string} folder @param {https.Server} listener */
  constructor(folder, listener) {
    this.#folder = folder;
    this.#listener = listener;
    this.ca = path.join(folder, "authority.pem");
    listener.on("request", (request, response) => void this.#answer(request, response));
  }

  /** @param {string[]} names that it is reached by */
  static async start(names) {
    const folder = await mkdtemp(path.join(tmpdir(), "bowline-git-"));
    const { ca, certificate, key } = await certify(folder, names);
    const repository = path.join(folder, "repository.git");
    const work = path.join(folder, "work");
    const identity = ["-c", "user.name=Ana", "-c", "user.email=ana@example.com"];
    await run("git", ["init", "-q", work]);
    await writeFile(path.join(work, "README"), "cloned\n");
    await run("git", ["-C", work, "add", "."]);
    await run("git", ["-C", work, ...identity, "commit", "-qm", "First"]);
    await run("git", ["clone", "-q", "--bare", work, repository]);
    await run("git", ["-C", repository, "update-server-info"]);
    const listener = https.createServer({ cert: await readFile(certificate), key: await readFile(key) });
    listener.listen(0, "127.0.0.1");
    await once(listener, "listening");
    const server = new GitServer(folder, listener);
    await writeFile(server.ca, ca);
    return server;
  }

  get port() {
    return /** @type {import("node:net").AddressInfo} */ (this.#listener.address()).port;
  }

  async #answer(/** @type {import("node:http").IncomingMessage} */ request, /** @type {import("node:http").ServerResponse} */ response) {
    const shown = (request.headers.authorization ?? "").replace(/^Basic /, "");
    const said = Buffer.from(shown, "base64").toString();
    if (said) this.shown.push({ host: request.headers.host ?? "", shown: said });
    if (said !== this.key) return void response.writeHead(401, { "www-authenticate": 'Basic realm="git"' }).end();
    const { pathname } = new URL(request.url ?? "/", "https://git");
    // Nothing but what git wants of a repository: no path leads out of it.
    const file = path.join(this.#folder, path.normalize(pathname));
    await readFile(file).then(
      (bytes) => response.writeHead(200).end(bytes),
      () => response.writeHead(404).end(),
    );
  }

  async stop() {
    this.#listener.closeAllConnections();
    await new Promise((done) => this.#listener.close(done));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
