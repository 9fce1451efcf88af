// Owns GitHub as gh sees it by a proxy that ends TLS: codes for devices, tokens for them, who somebody is. It is reached by
// its own names, so that gh needs no other settings than everybody behind a proxy. Must not know Bowline.

import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import http from "node:http";
import https from "node:https";
import { tmpdir } from "node:os";
import path from "node:path";

import { certify } from "./certificates.mjs";

const NAMES = ["github.com", "api.github.com"];
const SCOPES = ["gist", "read:org", "repo", "workflow"];

export class GitHub {
  /** What the user enters on GitHub's page. */
  code = "BOWL-1234";
  token = "gho_of-a-journey";
  user = "ana-of-github";
  /** Whether the user has entered the code: `never` is a no. @type {"not yet" | "entered" | "never"} */
  consent = "not yet";
  /** Every request, as `METHOD host/path`. @type {string[]} */
  asked = [];
  #folder;
  #proxy = http.createServer((_, response) => void response.writeHead(405).end());
  #site;
  /** @type {Set<import("node:stream").Duplex>} */
  #open = new Set();
  /** Path of the authority's certificate. */
  ca;

  static async start() {
    const folder = await mkdtemp(path.join(tmpdir(), "bowline-github-"));
    const { ca, certificate, key } = await certify(folder, NAMES);
    const site = https.createServer({ cert: await readFile(certificate), key: await readFile(key) });
    const github = new GitHub(folder, site);
    await writeFile(github.ca, ca);
    github.#proxy.listen(0, "127.0.0.1");
    await once(github.#proxy, "listening");
    return github;
  }

  /** @private use `start` @param {string} folder @param {https.Server} site */
  constructor(folder, site) {
    this.#folder = folder;
    this.#site = site;
    this.ca = path.join(folder, "authority.pem");
    site.on("request", (request, response) => void this.#answer(request, response));
    this.#proxy.on("connect", (request, socket) => {
      // Nobody else is reached by it.
      if (!NAMES.some((name) => request.url === `${name}:443`)) return void socket.end("HTTP/1.1 403 Forbidden\r\n\r\n");
      this.#open.add(socket);
      socket.on("close", () => this.#open.delete(socket));
      socket.on("error", () => socket.destroy());
      socket.write("HTTP/1.1 200 OK\r\n\r\n");
      site.emit("connection", socket);
    });
  }

  /** What leads gh here. */
  get env() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#proxy.address());
    return { HTTPS_PROXY: `http://127.0.0.1:${port}`, SSL_CERT_FILE: this.ca };
  }

  #answer(/** @type {http.IncomingMessage} */ request, /** @type {http.ServerResponse} */ response) {
    const { host } = request.headers;
    const what = `${request.method} ${host}${request.url}`;
    this.asked.push(what);
    request.resume();
    const form = (/** @type {Record<string, string>} */ fields) => {
      response.writeHead(200, { "content-type": "application/x-www-form-urlencoded" });
      response.end(String(new URLSearchParams(fields)));
    };
    const isKnown = [`token ${this.token}`, `bearer ${this.token}`].includes(request.headers.authorization ?? "");
    switch (what) {
      case "POST github.com/login/device/code":
        return form({
          device_code: "of-the-device",
          user_code: this.code,
          verification_uri: "https://github.com/login/device",
          expires_in: "900",
          interval: "1",
        });
      case "POST github.com/login/oauth/access_token":
        if (this.consent === "not yet") return form({ error: "authorization_pending" });
        if (this.consent === "never") return form({ error: "access_denied" });
        return form({ access_token: this.token, token_type: "bearer", scope: SCOPES.join(",") });
      case "POST api.github.com/graphql":
        if (!isKnown) break;
        response.writeHead(200, { "content-type": "application/json" });
        return void response.end(JSON.stringify({ data: { viewer: { login: this.user } } }));
      case "GET api.github.com/":
        if (!isKnown) break;
        response.writeHead(200, { "content-type": "application/json", "x-oauth-scopes": SCOPES.join(", ") });
        return void response.end("{}");
    }
    const isSite = host === "github.com";
    response.writeHead(isKnown || isSite ? 404 : 401, { "content-type": "application/json" }).end("{}");
  }

  async stop() {
    for (const socket of this.#open) socket.destroy();
    this.#site.closeAllConnections();
    await new Promise((done) => this.#proxy.close(done));
    await rm(this.#folder, { recursive: true, force: true });
  }
}
