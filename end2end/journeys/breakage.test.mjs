// Owns the journeys where something breaks or somebody sends rubbish: what is lost is said, and nothing else is.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";

import { ask } from "../support/ask.mjs";
import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { RawSocket } from "../support/raw-socket.mjs";
import { until, within } from "../support/wait.mjs";

const PASTE_BYTES = 5 * 1024 * 1024;

journey("the server killed and started again: the page says that its sessions ended, and goes on with new ones", async (stage) => {
  // With a keeper they would not be gone.
  const server = await stage.server({ args: ["--keeper", "off"] });
  const view = await stage.page();
  await view.newTab();
  await view.renameTab(1, "second");
  await view.run("echo before-$((1+1))", /^before-2\s*$/m);
  await server.kill("SIGKILL");
  await view.waitForLink("offline");
  await server.restart();
  await view.waitForLink("websocket");
  await view.waitForPane("exited");
  await view.pane.getByText(/ended when the machine or/).waitFor();
  assert.deepEqual(
    (await view.tabs()).map(({ name }) => name).at(1),
    "second",
    "the workspace is kept",
  );
  await view.restartButton.click();
  await view.waitForPane("live");
  await view.run("echo after-$((1+1))", /^after-2\s*$/m);
  assert.equal((await server.sessions()).length, 1);
});

journey("5 MB pasted through the page arrive whole and in order", async (stage) => {
  await stage.server();
  const view = await stage.page();
  // Numbered, so that an exchange of parts shows; characters of 1 to 4 bytes, so that a cut inside one shows.
  let text = "";
  for (let number = 0; Buffer.byteLength(text) < PASTE_BYTES; ) {
    let block = "";
    for (let count = 0; count < 10_000; count += 1) block += `${(number += 1)} é漢🪢 `;
    text += block;
  }
  const bytes = Buffer.from(text);
  const sum = createHash("sha256").update(bytes).digest("hex");
  await view.run(`node raw-reader.mjs ${bytes.length}`, /^READY\s*$/m);
  const start = performance.now();
  await view.paste(text);
  await view.waitForText(/^read \d+ [0-9a-f]{64}/m, { timeout: 120_000 });
  stage.print(`${bytes.length} bytes pasted in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  assert.match(await view.text(), new RegExp(`^read ${bytes.length} ${sum}`, "m"));
  await view.run("echo $((6*7))", /^42\s*$/m);
});

journey("5 MB pasted over polling arrive whole and in order", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy({ upgrades: "refuse" });
  const view = await stage.page({ url: proxy.url });
  await view.waitForLink("poll");
  const text = Array.from({ length: PASTE_BYTES / 8 }, (_, index) => String(index).padStart(7, "0") + " ").join("");
  const sum = createHash("sha256").update(text).digest("hex");
  await view.run(`node raw-reader.mjs ${text.length}`, /^READY\s*$/m);
  const start = performance.now();
  await view.paste(text);
  await view.waitForText(/^read \d+ [0-9a-f]{64}/m, { timeout: 120_000 });
  stage.print(`${text.length} bytes pasted in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  assert.match(await view.text(), new RegExp(`^read ${text.length} ${sum}`, "m"));
});

journey("a multi-line paste into a shell runs each line once", async (stage) => {
  await stage.server();
  const view = await stage.page();
  await view.waitForText(PROMPT);
  await view.paste("echo one-$((0+1))\necho two-$((1+1))\n");
  await view.focus();
  await view.press("Enter");
  await view.waitForText(/^two-2\s*$/m);
  const text = await view.text();
  assert.equal(text.match(/^one-1\s*$/gm)?.length, 1, text);
  assert.equal(text.match(/^two-2\s*$/gm)?.length, 1, text);
});

journey("rubbish on the link closes that link, and the sessions live", async (stage) => {
  const server = await stage.server();
  const view = await stage.page();
  await view.run("MINE=alive; echo ready-$((1+1))", /^ready-2\s*$/m);
  const headers = { authorization: `Bearer ${server.token}`, origin: server.url.slice(0, -1) };
  const rubbish = {
    "random bytes": randomBytes(300),
    "an empty message": Buffer.alloc(0),
    "a length without its frame": Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f]),
    "a truncated frame": Buffer.from([20, 0, 1, 2]),
  };
  for (const [name, bytes] of Object.entries(rubbish)) {
    const socket = await RawSocket.open(`${server.url}link/socket`, { headers, protocol: "bowline.1" });
    socket.send(bytes);
    // No Hello came first, so even an empty batch is against the protocol; at the latest the handshake's deadline ends it.
    const code = await within(`the end of the socket that sent ${name}`, socket.closed);
    stage.print(`${name}: closed with ${code ?? "no code"}`);
    if (bytes.length > 0) assert.ok(code === 1002 || code === 1003 || code === 1007 || (code ?? 0) >= 4000, `${name}: ${code}`);
  }
  const broken = await RawSocket.open(`${server.url}link/socket`, { headers, protocol: "bowline.1" });
  broken.sendRaw(Buffer.alloc(64, 0xff));
  await within("the end of the socket that broke the framing", broken.closed);
  for (const path of ["link/poll", "link/send"]) {
    const answer = await ask(`${server.url}${path}`, {
      method: "POST",
      headers: {
        ...headers,
        "content-type": "application/octet-stream",
        "bowline-client": randomBytes(16).toString("hex"),
        "bowline-generation": "1",
        "bowline-seq": "0",
        "bowline-hold": "0",
      },
      body: Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f, 1, 2, 3]),
    });
    // A poll of nobody who said hello is told so before it is read.
    const expected = path === "link/poll" ? [400, 409] : [400];
    assert.ok(expected.includes(answer.status), `${path}: ${answer.status} ${answer.body}`);
    assert.ok(JSON.parse(answer.body).error.code);
  }
  assert.equal(await view.link(), "websocket");
  await view.run("echo still-$MINE", /^still-alive\s*$/m);
});

journey("bad calls get the status that says what is wrong", async (stage) => {
  const server = await stage.server({ args: ["--max-sessions", "2"] });
  const created = await server.api("api/session", {});
  assert.equal(created.status, 200, created.text);
  const { session_id } = created.json;
  const cases = /** @type {[string, unknown, number, string?][]} */ ([
    ["api/output", { session_id: "00000000000000000000000000000000" }, 404, "gone"],
    ["api/input", { session_id: "00000000000000000000000000000000", input: "x" }, 404, "gone"],
    ["api/resize", { session_id, cols: 0, rows: 24 }, 400],
    ["api/resize", { session_id, cols: 80, rows: 0 }, 400],
    ["api/resize", { session_id, cols: 80, rows: 1001 }, 400],
    ["api/resize", { session_id, cols: 1001, rows: 24 }, 400],
    ["api/output", { session_id: "no id" }, 400],
    ["api/output", {}, 400],
    ["api/input", { session_id, input: "x".repeat(40 * 1024 * 1024) }, 413],
  ]);
  for (const [endpoint, body, status, code] of cases) {
    const answer = await server.api(endpoint, body);
    const what = `${endpoint} ${JSON.stringify(body).slice(0, 90)}`;
    assert.equal(answer.status, status, `${what}: ${answer.text.slice(0, 300)}`);
    assert.ok(answer.json?.error?.message, `${what}: ${answer.text.slice(0, 300)}`);
    if (code) assert.equal(answer.json.error.code, code, what);
  }
  assert.equal((await server.api("api/session", {})).status, 200);
  const third = await server.api("api/session", {});
  assert.equal(third.status, 429);
  assert.equal(third.json.error.code, "session_limit");
  assert.match(third.json.error.message, /clos|kill|end|max-sessions/i);
});

journey("the session limit is shown in the page, and freeing one helps", async (stage) => {
  const server = await stage.server({ args: ["--max-sessions", "1"] });
  const view = await stage.page();
  await view.renameTab(0, "the only one");
  await view.run("echo $((6*7))", /^42\s*$/m);
  await view.page.getByRole("button", { name: "New tab" }).first().click();
  await view.waitForPane("failed");
  await view.pane.getByText(/most allowed|limit/i).first().waitFor();
  const picker = await view.openPicker();
  await picker.kill("the only one");
  await until("its place to be free", async () => (await server.sessions()).length === 0);
  await picker.close();
  await view.pane.getByRole("button", { name: "Try again" }).click();
  await view.waitForPane("live");
  await view.run("echo $((6*7))", /^42\s*$/m);
});
