// Owns a TCP proxy that is as unkind as the ones between users and servers: it cuts connections by time, by bytes
// and on demand, limits the rate, refuses upgrades, goes down and comes back, and loses the answer of a request that
// the server has already handled. It reads just enough HTTP/1.1 for that and must not change a byte that it passes on.

import { EventEmitter, once } from "node:events";
import net from "node:net";
import { setTimeout as pause } from "node:timers/promises";

const HEAD_END = Buffer.from("\r\n\r\n");
/** Bytes held while the rate limit makes them wait; upstream is paused beyond it, as a small router's buffer would. */
const RATE_BUFFER = 64 * 1024;
const RATE_TICK_MS = 10;

/**
 * @typedef {object} Cruelty
 * @property {number | null} [cutAfterMs] every connection is reset this long after it was made
 * @property {number | null} [cutAfterBytes] every connection is reset after this many bytes towards the browser
 * @property {number | null} [bytesPerSecond] rate towards the browser, with a buffer of 64 KiB
 * @property {"pass" | "refuse" | "swallow"} [upgrades] whether a WebSocket handshake reaches the server; of one that is
 * swallowed the browser hears that it is open, and then nothing
 */

/**
 * Events: `websocket` (one was opened), `cut` ({websocket: boolean}), `answer-cut` (path).
 */
export class CuttingProxy extends EventEmitter {
  /** @type {Set<Connection>} */
  #connections = new Set();
  /** @type {net.Server} */
  #listener;
  #isUp = true;
  /** @type {{path: string, left: number, minBytes: number}[]} */
  #losses = [];

  /** @type {Required<Cruelty>} */
  cruelty = { cutAfterMs: null, cutAfterBytes: null, bytesPerSecond: null, upgrades: "pass" };
  /** What was done so far. `webSocketsCut` counts only sockets whose upgrade had finished. */
  counts = { connections: 0, refusedUpgrades: 0, webSocketsOpened: 0, cut: 0, webSocketsCut: 0, answersCut: 0 };

  /**
   * @param {number} target port on 127.0.0.1
   * @param {Cruelty} [cruelty]
   */
  static async start(target, cruelty = {}) {
    const proxy = new CuttingProxy(target, cruelty);
    proxy.#listener.listen(0, "127.0.0.1");
    await once(proxy.#listener, "listening");
    return proxy;
  }

  /** @private use `start` */
  constructor(/** @type {number} */ target, /** @type {Cruelty} */ cruelty) {
    super();
    this.target = target;
    Object.assign(this.cruelty, cruelty);
    this.#listener = net.createServer({ allowHalfOpen: false, noDelay: true }, (socket) => this.#accept(socket));
  }

  get port() {
    return /** @type {net.AddressInfo} */ (this.#listener.address()).port;
  }

  get url() {
    return `http://127.0.0.1:${this.port}/`;
  }

  /** Connections open now, for tests. */
  get open() {
    return this.#connections.size;
  }

  #accept(/** @type {net.Socket} */ socket) {
    // The port stays bound while "down": given back, it could become the local port of any other connection.
    if (!this.#isUp) return void socket.resetAndDestroy();
    this.counts.connections += 1;
    const connection = new Connection(this, socket);
    this.#connections.add(connection);
    connection.closed.then(() => this.#connections.delete(connection));
  }

  /** Resets everything that is open and every new connection until `up`. */
  down() {
    this.#isUp = false;
    this.cutAll();
  }

  up() {
    this.#isUp = true;
  }

  /** Down for `ms`, then up; resolves when it is up again. */
  async outage(/** @type {number} */ ms) {
    this.down();
    await pause(ms);
    this.up();
  }

  cutAll() {
    for (const connection of [...this.#connections]) connection.cut();
  }

  /**
   * The next `count` answers to requests whose path ends with `path` are swallowed after the server gave them, and the
   * connection is reset. Answers with a body shorter than `minBytes` pass: losing nothing proves nothing.
   *
   * @param {string} path for example `link/poll`
   * @param {{count?: number, minBytes?: number}} [options]
   */
  loseAnswers(path, { count = 1, minBytes = 1 } = {}) {
    this.#losses.push({ path, left: count, minBytes });
  }

  /** Used by connections: the loss that waits for this request, if any. */
  lossFor(/** @type {string} */ requestPath) {
    return this.#losses.find((loss) => loss.left > 0 && requestPath.split("?")[0].endsWith(loss.path));
  }

  async close() {
    this.down();
    this.#listener.close();
    await once(this.#listener, "close");
  }
}

/** One browser connection and its twin to the server. */
class Connection {
  #proxy;
  #browser;
  #server;
  #done = false;
  #websocket = false;
  /** An upgrade was asked for and not yet answered. */
  #upgrading = false;
  /** It is a WebSocket that carries nothing. */
  #mute = false;
  #sentToBrowser = 0;
  /** Unparsed bytes of a request's head. @type {Buffer} */
  #head = Buffer.alloc(0);
  /** Bytes of the current request's body still to come; Infinity once the stream is no longer parsed. */
  #bodyLeft = 0;
  /** @type {{path: string, left: number, minBytes: number} | undefined} */
  #loss;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {Buffer[]} */
  #waiting = [];
  #waitingBytes = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #ticker;

  constructor(/** @type {CuttingProxy} */ proxy, /** @type {net.Socket} */ browser) {
    this.#proxy = proxy;
    this.#browser = browser;
    this.#server = net.connect({ host: "127.0.0.1", port: proxy.target, noDelay: true });
    /** @type {Promise<void>} */
    this.closed = new Promise((resolve) => {
      this.finish = resolve;
    });
    browser.on("data", (bytes) => this.#fromBrowser(bytes));
    this.#server.on("data", (bytes) => this.#fromServer(bytes));
    browser.on("drain", () => this.#server.resume());
    this.#server.on("drain", () => this.#browser.resume());
    // An error is followed by close, which ends the twin.
    browser.on("error", () => {});
    this.#server.on("error", () => {});
    browser.on("close", () => this.#end());
    this.#server.on("close", () => this.#flushThenEnd());
    const { cutAfterMs, bytesPerSecond } = proxy.cruelty;
    if (cutAfterMs !== null) this.#timer = setTimeout(() => this.cut(), cutAfterMs);
    if (bytesPerSecond !== null) this.#ticker = setInterval(() => this.#release(), RATE_TICK_MS);
  }

  /** Resets both sides, as a proxy that has had enough. */
  cut() {
    if (this.#done) return;
    this.#proxy.counts.cut += 1;
    if (this.#websocket) this.#proxy.counts.webSocketsCut += 1;
    this.#proxy.emit("cut", { websocket: this.#websocket });
    this.#browser.resetAndDestroy();
    this.#end();
  }

  #end() {
    if (this.#done) return;
    this.#done = true;
    clearTimeout(this.#timer);
    clearInterval(this.#ticker);
    this.#browser.destroy();
    this.#server.destroy();
    this.finish();
  }

  #flushThenEnd() {
    if (this.#done) return;
    if (this.#waitingBytes > 0) return; // #release comes back here
    this.#browser.end(() => this.#end());
  }

  #fromBrowser(/** @type {Buffer} */ bytes) {
    while (bytes.length > 0 && !this.#done) {
      if (this.#bodyLeft > 0) {
        const part = bytes.subarray(0, Math.min(this.#bodyLeft, bytes.length));
        this.#bodyLeft -= part.length;
        bytes = bytes.subarray(part.length);
        this.#toServer(part);
        continue;
      }
      this.#head = Buffer.concat([this.#head, bytes]);
      const end = this.#head.indexOf(HEAD_END);
      if (end < 0) return;
      const head = this.#head.subarray(0, end + HEAD_END.length);
      bytes = this.#head.subarray(head.length);
      this.#head = Buffer.alloc(0);
      this.#request(head);
    }
  }

  #request(/** @type {Buffer} */ head) {
    const { path, headers } = parseHead(head);
    if (headers.get("upgrade")?.toLowerCase() === "websocket") {
      if (this.#proxy.cruelty.upgrades === "refuse") {
        this.#proxy.counts.refusedUpgrades += 1;
        this.#browser.end("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        return void this.#server.destroy();
      }
      this.#upgrading = true;
      this.#bodyLeft = Infinity;
    } else if (headers.has("transfer-encoding")) {
      this.#bodyLeft = Infinity;
    } else {
      this.#bodyLeft = Number(headers.get("content-length") ?? 0);
      this.#loss = this.#proxy.lossFor(path);
    }
    this.#toServer(head);
  }

  #toServer(/** @type {Buffer} */ bytes) {
    if (this.#mute) return;
    if (!this.#server.write(bytes)) this.#browser.pause();
  }

  #fromServer(/** @type {Buffer} */ bytes) {
    if (this.#upgrading) {
      this.#upgrading = false;
      if (bytes.toString("latin1", 0, 12).endsWith(" 101")) {
        this.#websocket = true;
        this.#proxy.counts.webSocketsOpened += 1;
        this.#proxy.emit("websocket");
        if (this.#proxy.cruelty.upgrades === "swallow") {
          this.#mute = true;
          const head = bytes.subarray(0, bytes.indexOf(HEAD_END) + HEAD_END.length);
          return this.#toBrowser(head);
        }
      }
    }
    if (this.#mute) return;
    // A browser does not pipeline, so the first bytes after a request are its answer.
    if (this.#loss) {
      const loss = this.#loss;
      this.#loss = undefined;
      if (loss.left > 0 && answerBytes(bytes) >= loss.minBytes) {
        loss.left -= 1;
        this.#proxy.counts.answersCut += 1;
        this.#proxy.emit("answer-cut", loss.path);
        return this.cut();
      }
    }
    if (this.#ticker === undefined) return this.#toBrowser(bytes);
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= RATE_BUFFER) this.#server.pause();
  }

  #release() {
    let budget = Math.ceil(((this.#proxy.cruelty.bytesPerSecond ?? Infinity) * RATE_TICK_MS) / 1000);
    while (budget > 0 && this.#waiting.length > 0 && !this.#browser.writableNeedDrain) {
      const first = this.#waiting[0];
      const part = first.subarray(0, budget);
      if (part.length === first.length) this.#waiting.shift();
      else this.#waiting[0] = first.subarray(part.length);
      budget -= part.length;
      this.#waitingBytes -= part.length;
      this.#toBrowser(part);
    }
    if (this.#waitingBytes < RATE_BUFFER) this.#server.resume();
    if (this.#server.destroyed) this.#flushThenEnd();
  }

  #toBrowser(/** @type {Buffer} */ bytes) {
    if (this.#done) return;
    const limit = this.#proxy.cruelty.cutAfterBytes;
    const part = limit === null ? bytes : bytes.subarray(0, Math.max(0, limit - this.#sentToBrowser));
    this.#sentToBrowser += part.length;
    if (limit !== null && this.#sentToBrowser >= limit) {
      // What is within the limit is delivered before the reset: a reset at once would discard it.
      this.#browser.write(part, () => this.cut());
      return void this.#server.pause();
    }
    if (!this.#browser.write(part) && this.#ticker === undefined) this.#server.pause();
  }
}

/** @param {Buffer} head */
function parseHead(head) {
  const [first, ...lines] = head.toString("latin1").trimEnd().split("\r\n");
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(":");
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    }),
  );
  return { path: first.split(" ")[1] ?? "", headers };
}

/** The length of an answer's body as its head states it; an unstated length counts as long. */
function answerBytes(/** @type {Buffer} */ start) {
  const end = start.indexOf(HEAD_END);
  if (end < 0) return Infinity;
  const length = parseHead(start.subarray(0, end)).headers.get("content-length");
  return length === undefined ? Infinity : Number(length);
}
