// Owns the proof that the generated nginx refuses, passes and cuts as its journeys rely on, before a plain node server.
// Must not start Bowline or a browser.

import assert from "node:assert/strict";
import { once } from "node:events";
import http from "node:http";
import { after, test } from "node:test";

import { ask } from "../support/ask.mjs";
import { Nginx } from "../support/nginx.mjs";
import { RawSocket } from "../support/raw-socket.mjs";
import { until, within } from "../support/wait.mjs";

const server = http.createServer((request, response) => {
  // `/silent` is held until somebody gives up.
  if (request.url !== "/silent") response.end(request.headers.upgrade ?? "no upgrade");
});
server.on("upgrade", (request, socket) => {
  socket.on("error", () => {});
  if (request.headers.upgrade !== "websocket") return socket.destroy();
  socket.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n");
});
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
const nginx = await Nginx.start(port, { upgrade: "strip" });
after(async () => {
  await nginx.stop();
  server.closeAllConnections();
  server.close();
});

test("stripped upgrades arrive as plain requests, and a reload lets them through", async () => {
  await assert.rejects(RawSocket.open(`${nginx.url}link/socket`), /answered 200: no upgrade/);
  await nginx.reload({ upgrade: "pass" });
  const socket = await RawSocket.open(`${nginx.url}link/socket`);
  socket.close();
});

test("a short read timeout ends a silent answer with 504 and a silent socket by closing it", async () => {
  await nginx.reload({ upgrade: "pass", readTimeout: "1s" });
  const socket = await RawSocket.open(`${nginx.url}link/socket`);
  assert.equal((await ask(`${nginx.url}silent`)).status, 504);
  await within("the socket's end", socket.closed);
  const served = await until("the log line", async () => (await nginx.served()).find(({ status }) => status === 504));
  assert.equal(served.uri, "/silent");
  assert.ok(served.seconds >= 0.9, `${served.seconds} s`);
});
