// Owns the proof that the cutting proxy does what its journeys rely on, against plain node servers.
// Must not start Bowline or a browser.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { after, test } from "node:test";

import { CuttingProxy } from "../support/cutting-proxy.mjs";
import { RawSocket } from "../support/raw-socket.mjs";
import { within } from "../support/wait.mjs";

/** @type {(() => unknown)[]} */
const cleanups = [];
after(async () => {
  for (const cleanup of cleanups.reverse()) await cleanup();
});

/** A server that remembers what it handled, answers requests, and echoes over upgraded connections. */
async function upstream() {
  /** @type {{path: string, body: string}[]} */
  const handled = [];
  const big = randomBytes(1 << 20);
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    handled.push({ path: request.url ?? "", body: Buffer.concat(parts).toString() });
    if (request.url === "/big") response.end(big);
    else if (request.url === "/empty") response.writeHead(200, { "content-length": "0" }).end();
    else response.end(`answer to ${request.url}`);
  });
  server.on("upgrade", (request, socket) => {
    const key = request.headers["sec-websocket-key"];
    const accept = createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.on("error", () => {});
    socket.on("data", (bytes) => socket.write(bytes));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port: /** @type {net.AddressInfo} */ (server.address()).port, handled, big };
}

/** @param {import("../support/cutting-proxy.mjs").Cruelty} [cruelty] */
async function proxied(cruelty) {
  const server = await upstream();
  const proxy = await CuttingProxy.start(server.port, cruelty);
  cleanups.push(() => proxy.close());
  return { server, proxy };
}

/** A POST on one kept-alive connection of `agent`. */
async function post(/** @type {string} */ url, /** @type {string} */ body, agent = new http.Agent({ keepAlive: true })) {
  const request = http.request(url, { method: "POST", agent, headers: { "content-length": Buffer.byteLength(body) } });
  request.end(body);
  const [response] = /** @type {[http.IncomingMessage]} */ (await within(url, once(request, "response")));
  const parts = [];
  for await (const part of response) parts.push(part);
  agent.destroy();
  return { status: response.statusCode, body: Buffer.concat(parts) };
}

/** Resolves when the socket is gone, however it went. */
function closed(/** @type {net.Socket} */ socket) {
  socket.on("error", () => {});
  return new Promise((resolve) => socket.on("close", resolve));
}

test("requests and answers pass unchanged", async () => {
  const { server, proxy } = await proxied();
  const big = await post(`${proxy.url}big`, "x".repeat(300_000));
  assert.ok(big.body.equals(server.big));
  assert.equal(server.handled[0].body.length, 300_000);
});

test("a connection is cut after its time, and a live WebSocket among them is counted", async () => {
  const { proxy } = await proxied({ cutAfterMs: 500 });
  const socket = await RawSocket.open(`${proxy.url}link/socket`);
  await within("the cut", socket.closed);
  const idle = net.connect(proxy.port, "127.0.0.1");
  await within("the cut of an idle connection", closed(idle));
  assert.equal(proxy.counts.webSocketsCut, 1);
  assert.equal(proxy.counts.cut, 2);
});

test("a connection is cut after exactly its bytes", async () => {
  const { proxy } = await proxied({ cutAfterBytes: 1000 });
  const socket = net.connect(proxy.port, "127.0.0.1");
  let got = 0;
  socket.on("data", (bytes) => (got += bytes.length));
  socket.write("GET /big HTTP/1.1\r\nHost: x\r\n\r\n");
  await within("the cut", closed(socket));
  assert.equal(got, 1000);
});

test("the rate is kept", async () => {
  const { server, proxy } = await proxied({ bytesPerSecond: 2_000_000 });
  const start = performance.now();
  const { body } = await post(`${proxy.url}big`, "");
  const seconds = (performance.now() - start) / 1000;
  assert.ok(body.equals(server.big));
  // Only the lower bound is a promise: a busy machine may be slower, never faster.
  assert.ok(seconds > 0.45, `1 MiB at 2 MB/s took ${seconds} s`);
});

test("down resets what is open and refuses what comes; up serves again on the same port", async () => {
  const { proxy } = await proxied();
  const { port } = proxy;
  const socket = await RawSocket.open(`${proxy.url}link/socket`);
  proxy.down();
  await within("the reset", socket.closed);
  await assert.rejects(post(`${proxy.url}a`, ""));
  proxy.up();
  assert.equal(proxy.port, port);
  assert.equal((await post(`${proxy.url}a`, "")).body.toString(), "answer to /a");
});

test("the answer of a chosen request is lost after the server handled it, and of no other", async () => {
  const { server, proxy } = await proxied();
  proxy.loseAnswers("link/send");
  assert.equal((await post(`${proxy.url}link/poll`, "p")).status, 200);
  await assert.rejects(post(`${proxy.url}link/send`, "typed"));
  assert.deepEqual(
    server.handled.map(({ path }) => path),
    ["/link/poll", "/link/send"],
  );
  assert.equal(server.handled[1].body, "typed");
  assert.equal((await post(`${proxy.url}link/send`, "again")).status, 200);
  assert.equal(proxy.counts.answersCut, 1);
});

test("the second request of a kept connection can be the one that loses its answer", async () => {
  const { server, proxy } = await proxied();
  proxy.loseAnswers("link/poll");
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  const ask = (/** @type {string} */ path) =>
    new Promise((resolve, reject) => {
      const request = http.request(`${proxy.url}${path}`, { method: "POST", agent }, (response) => {
        response.resume().on("end", () => resolve(response.statusCode));
      });
      request.on("error", reject);
      request.end("body");
    });
  assert.equal(await ask("link/send"), 200);
  await assert.rejects(ask("link/poll"));
  agent.destroy();
  assert.equal(server.handled.length, 2);
});

test("an empty answer is not worth losing", async () => {
  const { proxy } = await proxied();
  proxy.loseAnswers("empty");
  assert.equal((await post(`${proxy.url}empty`, "")).status, 200);
  assert.equal(proxy.counts.answersCut, 0);
});

test("a refused upgrade never reaches the server", async () => {
  const { proxy } = await proxied({ upgrades: "refuse" });
  await assert.rejects(RawSocket.open(`${proxy.url}link/socket`), /502/);
  assert.equal(proxy.counts.refusedUpgrades, 1);
  assert.equal(proxy.counts.webSocketsOpened, 0);
  assert.equal((await post(`${proxy.url}a`, "")).status, 200);
});
