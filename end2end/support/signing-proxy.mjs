// Owns a reverse proxy that asks who comes, as companies put it there: it lets nobody through who hasn't signed in at
// its identity provider (another origin), says in a header who it is, and ends sign-ins when it is told to. It takes what
// clients say about themselves out of their requests. Must not know Bowline beyond its port.

import { randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";

const COOKIE = "proxy-session";
const TOLD = ["x-forwarded-email", "x-forwarded-user", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host"];

export class SigningProxy {
  /** Who is signed in, by cookie. @type {Map<string, string>} */
  #sessions = new Map();
  /** Who has just signed in at the provider, by ticket. @type {Map<string, string>} */
  #tickets = new Map();
  /** Upgraded connections. @type {Set<import("node:stream").Duplex>} */
  #sockets = new Set();
  #front;
  #provider;

  /** @param {number} target port on 127.0.0.1 */
  static async start(target) {
    const proxy = new SigningProxy(target);
    for (const listener of [proxy.#front, proxy.#provider]) {
      listener.listen(0, "127.0.0.1");
      await once(listener, "listening");
    }
    return proxy;
  }

  /** @private use `start` */
  constructor(/** @type {number} */ target) {
    this.target = target;
    this.#front = http.createServer((request, response) => this.#serve(request, response));
    this.#front.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
    this.#provider = http.createServer((request, response) => this.#ask(request, response));
  }

  get url() {
    return `http://127.0.0.1:${portOf(this.#front)}/`;
  }

  /** All sign-ins end, and connections with them. */
  expire() {
    this.#sessions.clear();
    for (const socket of this.#sockets) socket.destroy();
    this.#front.closeAllConnections();
  }

  #who(/** @type {http.IncomingMessage} */ request) {
    const cookies = (request.headers.cookie ?? "").split(";").map((pair) => pair.trim().split("="));
    return this.#sessions.get(cookies.find(([name]) => name === COOKIE)?.[1] ?? "");
  }

  #headers(/** @type {http.IncomingMessage} */ request, /** @type {string} */ who) {
    const headers = { ...request.headers };
    for (const name of TOLD) delete headers[name];
    return { ...headers, "x-forwarded-email": who, "x-forwarded-proto": "http" };
  }

  #forward(/** @type {http.IncomingMessage} */ request, /** @type {string} */ who) {
    const { method, url: path } = request;
    return http.request({ host: "127.0.0.1", port: this.target, method, path, headers: this.#headers(request, who) });
  }

  #serve(/** @type {http.IncomingMessage} */ request, /** @type {http.ServerResponse} */ response) {
    const url = new URL(request.url ?? "/", this.url);
    if (url.pathname === "/proxy/done") {
      const who = this.#tickets.get(url.searchParams.get("ticket") ?? "");
      const session = randomBytes(16).toString("hex");
      if (who) this.#sessions.set(session, who);
      const cookie = `${COOKIE}=${session}; Path=/; HttpOnly; SameSite=Lax`;
      return void response.writeHead(302, { location: url.searchParams.get("back") ?? "/", "set-cookie": cookie }).end();
    }
    const who = this.#who(request);
    if (!who) {
      const back = encodeURIComponent(request.url ?? "/");
      const location = `http://localhost:${portOf(this.#provider)}/?back=${back}`;
      return void response.writeHead(302, { location }).end();
    }
    const forwarded = this.#forward(request, who);
    forwarded.on("response", (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    forwarded.on("error", () => response.destroy());
    response.on("close", () => forwarded.destroy());
    request.pipe(forwarded);
  }

  #upgrade(/** @type {http.IncomingMessage} */ request, /** @type {import("node:stream").Duplex} */ socket, /** @type {Buffer} */ head) {
    const who = this.#who(request);
    if (!who) return void socket.end("HTTP/1.1 302 Found\r\nlocation: /\r\ncontent-length: 0\r\nconnection: close\r\n\r\n");
    const forwarded = this.#forward(request, who);
    forwarded.on("upgrade", (answer, upstream, first) => {
      const lines = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}`);
      socket.write(["HTTP/1.1 101 Switching Protocols", ...lines, "", ""].join("\r\n"));
      socket.write(first);
      upstream.write(head);
      socket.pipe(upstream).pipe(socket);
      this.#sockets.add(socket);
      for (const [one, other] of [[socket, upstream], [upstream, socket]]) {
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#sockets.delete(socket);
          other.destroy();
        });
      }
    });
    forwarded.on("response", (answer) => socket.end(`HTTP/1.1 ${answer.statusCode} Refused\r\nconnection: close\r\n\r\n`));
    forwarded.on("error", () => socket.destroy());
    forwarded.end();
  }

  /** The provider's page: a name is enough. */
  #ask(/** @type {http.IncomingMessage} */ request, /** @type {http.ServerResponse} */ response) {
    const { searchParams } = new URL(request.url ?? "/", "http://localhost");
    const [who, back] = [searchParams.get("who"), searchParams.get("back") ?? "/"];
    if (who) {
      const ticket = randomBytes(16).toString("hex");
      this.#tickets.set(ticket, who);
      const location = `${this.url}proxy/done?ticket=${ticket}&back=${encodeURIComponent(back)}`;
      return void response.writeHead(302, { location }).end();
    }
    response.writeHead(200, { "content-type": "text/html" });
    response.end(
      `<!doctype html><title>Provider</title><form><input type="hidden" name="back" value="${back.replaceAll('"', "&quot;")}">` +
        '<label>Who are you? <input name="who"></label> <button>Sign in at the provider</button></form>',
    );
  }

  async stop() {
    for (const socket of this.#sockets) socket.destroy();
    for (const listener of [this.#front, this.#provider]) {
      listener.closeAllConnections();
      listener.close();
    }
  }
}

function portOf(/** @type {http.Server} */ listener) {
  return /** @type {import("node:net").AddressInfo} */ (listener.address()).port;
}
