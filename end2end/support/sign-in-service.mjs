// Owns a service that signs people in for nginx's `auth_request`, with the paths and headers of oauth2-proxy: a name is
// enough. Must not know nginx or Bowline.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";

const COOKIE = "_oauth2_proxy";

export class SignInService {
  /** Who is signed in, by cookie. @type {Map<string, string>} */
  #sessions = new Map();
  #listener = http.createServer((request, response) => this.#answer(request, response));

  static async start() {
    const service = new SignInService();
    service.#listener.listen(0, "127.0.0.1");
    await once(service.#listener, "listening");
    return service;
  }

  get place() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.#listener.address());
    return `127.0.0.1:${port}`;
  }

  /** All sign-ins end. */
  expire() {
    this.#sessions.clear();
  }

  /** A sign-in without its page. @returns {string} the cookie */
  signIn(/** @type {string} */ who) {
    const session = randomBytes(16).toString("hex");
    this.#sessions.set(session, who);
    return `${COOKIE}=${session}`;
  }

  #answer(/** @type {http.IncomingMessage} */ request, /** @type {http.ServerResponse} */ response) {
    const { pathname, searchParams } = new URL(request.url ?? "/", "http://service");
    const cookies = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
    const who = this.#sessions.get(cookies.find(([name]) => name === COOKIE)?.[1] ?? "");
    if (pathname === "/oauth2/auth") {
      return void response.writeHead(who ? 202 : 401, who ? { "x-auth-request-email": who } : {}).end();
    }
    if (pathname !== "/oauth2/start") return void response.writeHead(404).end();
    const [name, back] = [searchParams.get("who"), searchParams.get("rd") ?? "/"];
    if (name) {
      const cookie = `${this.signIn(name)}; Path=/; HttpOnly; Secure; SameSite=Lax`;
      return void response.writeHead(302, { location: back, "set-cookie": cookie }).end();
    }
    response.writeHead(200, { "content-type": "text/html" });
    response.end(
      `<!doctype html><title>Sign in</title><form><input type="hidden" name="rd" value="${back.replaceAll('"', "&quot;")}">` +
        '<label>Who are you? <input name="who"></label> <button>Sign in</button></form>',
    );
  }

  async stop() {
    this.#listener.closeAllConnections();
    this.#listener.close();
  }
}
