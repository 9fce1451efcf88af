// Owns the journeys behind nginx, haproxy and Caddy, configured by the very files of docs/deploy: TLS ends there, they say
// who comes, and what a client says of itself opens nothing.

import assert from "node:assert/strict";

import { ask, askUpgrade } from "../support/ask.mjs";
import { NAME, passwordOf } from "../support/deployed.mjs";
import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

/** @typedef {import("../support/deployed.mjs").Change} Change */
/** @typedef {import("../support/deployed.mjs").Deployed} Deployed */
/** @typedef {import("../support/stage.mjs").Stage} Stage */

/**
 * @typedef {object} Way
 * @property {string} name
 * @property {string} file the proxy's configuration, in docs/deploy
 * @property {string} settings Bowline's
 * @property {string} base where the page is
 * @property {Change[]} refuse lets no WebSocket through
 * @property {Change[]} [impatient] gives up a link that is silent for a second; a page may take longer on a busy machine
 */

/** Proxies that ask for a password themselves. @type {Way[]} */
const ways = [
  {
    name: "nginx",
    file: "nginx/bowline.conf",
    settings: "nginx/bowline.env",
    base: "terminal/",
    refuse: [["proxy_set_header Upgrade    $http_upgrade;", 'proxy_set_header Upgrade "";']],
    impatient: [
      ["proxy_read_timeout 60s;", "location /terminal/link/ { proxy_pass http://bowline; proxy_read_timeout 1s; }"],
    ],
  },
  {
    name: "haproxy",
    file: "haproxy/haproxy.cfg",
    settings: "haproxy/bowline.env",
    base: "",
    refuse: [["default_backend", "http-request deny if { req.hdr(upgrade) -i websocket }\n    default_backend"]],
    impatient: [
      ["timeout tunnel 60s", "timeout tunnel 1s"],
      ["\nbackend bowline\n", "\nbackend bowline\n    http-request set-timeout server 1s if { path_beg /link/ }\n"],
    ],
  },
  {
    name: "caddy",
    file: "caddy/Caddyfile",
    settings: "caddy/bowline.env",
    base: "",
    refuse: [["\treverse_proxy", "\t@sockets header Upgrade *\n\trespond @sockets 403\n\treverse_proxy"]],
  },
];

/** A browser that gives the proxy a password. */
function device(/** @type {string} */ who) {
  return { ignoreHTTPSErrors: true, httpCredentials: { username: who, password: passwordOf(who) } };
}

/** A program that does. */
const basic = (/** @type {string} */ who) => `Basic ${Buffer.from(`${who}:${passwordOf(who)}`).toString("base64")}`;

/** All that a client could say to be taken for the owner, as a proxy would say it. */
const FORGED = {
  "x-forwarded-email": "ana",
  "x-forwarded-user": "ana",
  "x-databricks-user-email": "ana",
  "x-forwarded-host": "evil.example",
  "x-forwarded-proto": "http",
  "x-forwarded-for": "203.0.113.9",
  "bowline-proxy-secret": "guessed-guessed-guessed",
};

/** The page, opened by the owner. */
async function open(/** @type {Stage} */ stage, /** @type {Deployed} */ proxy, /** @type {Way} */ way) {
  const view = await stage.blankPage({ device: device("ana"), settings: { probe_ms: 1_000_000 } });
  await view.page.goto(`${proxy.url}${way.base}`);
  await view.ready();
  return view;
}

for (const way of ways) {
  journey(`${way.name}: the owner comes in by TLS, and types`, async (stage) => {
    const { proxy } = await stage.deployed(way.file, way);
    const view = await open(stage, proxy, way);
    assert.deepEqual(await view.linkHistory().then((states) => states.at(-1)), "websocket");
    await view.focus();
    await view.run("echo in-$((1+1))", /^in-2\s*$/m);
    await view.reload();
    await view.waitForText(/^in-2\s*$/m);
  });

  journey(`${way.name}: what a client says of itself opens nothing, and the trail knows where it was`, async (stage) => {
    const { server, proxy } = await stage.deployed(way.file, way);
    const { address, connection } = proxy;
    const base = `${address}${way.base}`;
    const headers = { host: NAME, origin: `https://${NAME}` };
    const nobody = await ask(base, { connection, headers: { ...headers, ...FORGED } });
    assert.equal(nobody.status, 401);
    assert.equal(nobody.headers["bowline-version"], undefined, "the proxy itself asks who comes");

    const eve = { ...headers, ...FORGED, authorization: basic("eve") };
    for (const answer of [
      await ask(base, { connection, headers: eve }),
      await ask(`${base}api/sessions`, { connection, headers: eve }),
      await askUpgrade(`${base}link/socket`, eve, connection),
    ]) {
      assert.equal(answer.status, 403, answer.body);
      assert.match(answer.body, /belongs to somebody else. You are signed in as eve/);
    }
    const refused = await until("a line of the trail", async () => (await server.trail()).find(({ message }) => message === "request refused"));
    assert.equal(refused.from, "127.0.0.2", "where the client is, and not the proxy");

    const ana = { ...headers, authorization: basic("ana") };
    const page = await ask(base, { connection, headers: ana });
    assert.equal(page.status, 200);
    const proof = /data-proof="([^"]+)"/.exec(page.body)?.[1];
    const proved = { ...ana, "bowline-proof": proof };
    // A page of this name by another scheme is another's.
    const sessions = (/** @type {import("node:http").OutgoingHttpHeaders} */ more) =>
      ask(`${base}api/sessions`, { connection, headers: { ...proved, ...more } });
    assert.equal((await sessions({})).status, 200);
    assert.equal((await sessions(FORGED)).status, 200, "the proxy's word stands");
    assert.equal((await sessions({ origin: "https://evil.example" })).status, 403);
    const stranger = await sessions({ host: "evil.example" });
    if (way.name === "caddy") assert.equal(stranger.headers["bowline-version"], undefined, "Caddy knows its site's names");
    else assert.equal(stranger.status, 403);
    const line = await until("a line of the log", () =>
      server
        .logTail()
        .split("\n")
        .find((line) => line.includes("route=\"/api/sessions\"") && line.includes("status=200")),
    );
    assert.match(line, /from=127\.0\.0\.2\b/);
  });

  journey(`${way.name}: who refuses WebSockets has the page poll`, async (stage) => {
    const { proxy } = await stage.deployed(way.file, { ...way, changes: way.refuse });
    const view = await open(stage, proxy, way);
    assert.equal(await view.link(), "poll");
    await view.focus();
    await view.run("echo polled-$((1+1))", /^polled-2\s*$/m);
  });

  const { impatient } = way;
  if (impatient) {
    journey(`${way.name}: who cuts a link that is silent for a second does nobody harm`, async (stage) => {
      const { proxy } = await stage.deployed(way.file, { ...way, changes: impatient });
      const view = await open(stage, proxy, way);
      await view.waitForLink("poll");
      await view.focus();
      await view.run("echo cut-$((1+1)); sleep 3; echo later-$((1+1))", /^later-2\s*$/m);
      assert.match(await view.text(), /^cut-2\s*$/m);
      assert.equal(await view.page.locator(".banner").filter({ visible: true }).count(), 0);
    });
  }

  journey(`${way.name}: a login's cookie is for TLS alone`, async (stage) => {
    const env = { BOWLINE_AUTH: "token" };
    const { server, proxy } = await stage.deployed(way.file, { ...way, env });
    const answer = await ask(`${proxy.address}${way.base}api/login`, {
      method: "POST",
      connection: proxy.connection,
      headers: { host: NAME, authorization: basic("ana"), "content-type": "application/json" },
      body: JSON.stringify({ token: server.token }),
    });
    assert.equal(answer.status, 200, answer.body);
    const cookie = String(answer.headers["set-cookie"]);
    assert.match(cookie, /; Secure/);
    if (way.base === "") assert.match(cookie, /^__Host-bowline-\w+=\w+; Path=\/;/);
    else assert.match(cookie, /^bowline-\w+=\w+; Path=\/terminal\/;/);
    const login = (await server.trail()).find(({ message }) => message === "login");
    assert.equal(login?.from, "127.0.0.2");
  });
}

for (const way of ways) {
  journey(`${way.name}: the doctor sees what gets through, and what does not`, async (stage) => {
    const look = async (/** @type {Change[]} */ changes, /** @type {string} */ who) => {
      const { server, proxy } = await stage.deployed(way.file, { ...way, changes });
      const args = ["--only", "health,name,websocket", "--url", `${proxy.local}${way.base}`];
      const env = { SSL_CERT_FILE: proxy.authorities, BOWLINE_DOCTOR_HEADERS: who && `Authorization: ${basic(who)}` };
      const { status, said } = await server.doctor(args, env);
      assert.ok(!said.includes(basic("ana").slice(6)), "no secret");
      assert.equal(status, 0, said);
      return said;
    };
    assert.match(await look([], "ana"), /^fine +websocket +it opens and carries frames both ways/m);
    assert.match(await look(way.refuse, "ana"), /^warning +websocket +the proxy (refuses|does not pass) WebSockets/m);
    assert.match(await look([], ""), /^warning +health +the proxy lets nobody in without a sign-in \(401/m);
  });
}

journey("haproxy: Bowline's port believes nobody else on this machine", async (stage) => {
  const { server } = await stage.deployed("haproxy/haproxy.cfg", { settings: "haproxy/bowline.env" });
  const headers = { ...FORGED, host: NAME };
  for (const path of ["", "api/sessions"]) {
    const { status, body } = await ask(`${server.url}${path}`, { headers });
    assert.equal(status, 403);
    assert.match(body, /reached through its proxy alone/);
  }
});

journey("nginx: who signs in at another service comes in, and again when that has ended", async (stage) => {
  const service = await stage.signInService();
  const { proxy, server } = await stage.deployed("nginx/sign-in.conf", {
    settings: "nginx/sign-in.env",
    signIn: service.place,
    // So that the end of a sign-in is noticed: open sockets outlive it.
    changes: [["proxy_read_timeout 60s;", "location /link/ { proxy_pass http://bowline; proxy_read_timeout 2s; }"]],
  });
  const view = await stage.blankPage({ device: { ignoreHTTPSErrors: true } });
  await view.page.goto(proxy.url);
  const signIn = async (/** @type {import("playwright-core").Page} */ page) => {
    await page.getByLabel("Who are you?").fill("Ana@Example.com");
    await page.getByRole("button", { name: "Sign in" }).click();
  };
  await signIn(view.page);
  await view.ready();
  await view.focus();
  await view.run("MINE=kept; echo before-$((1+1))", /^before-2\s*$/m);

  service.expire();
  await view.waitForLink("auth");
  await view.type("echo typed-$MINE\n");
  const opened = view.page.waitForEvent("popup");
  await view.page.locator(".banner").getByRole("button", { name: "Sign in again" }).click();
  const small = await opened;
  await Promise.all([small.waitForEvent("close"), signIn(small)]);
  await view.waitForText(/^typed-kept\s*$/m);

  const eve = service.signIn("eve@example.com");
  const headers = { ...FORGED, "x-forwarded-email": "ana@example.com", "x-forwarded-user": "ana@example.com", host: NAME, cookie: eve };
  const { connection } = proxy;
  const answer = await ask(proxy.address, { connection, headers });
  assert.equal(answer.status, 403);
  assert.match(answer.body, /signed in as eve@example.com/);
  const nobody = await ask(`${proxy.address}api/sessions`, { connection, headers: { ...headers, cookie: "" } });
  assert.equal(nobody.status, 302, "to sign in");
  const past = await ask(server.url, { headers });
  assert.equal(past.status, 403, "not past nginx");
});
