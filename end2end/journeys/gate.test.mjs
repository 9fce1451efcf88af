// Owns the journeys of those who may not enter: page, API, upgrade and polls, by every wrong key.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";

import { ask, askUpgrade } from "../support/ask.mjs";
import { journey } from "../support/journey.mjs";

/** @typedef {import("../support/ask.mjs").Answer} Answer */

/**
 * Every kind of thing behind the gate. `proved`: by cookie it needs the page's proof in a header (a socket proves
 * itself in its first frame).
 *
 * @type {{name: string, kind: "page" | "json", proved: boolean, open: number[],
 *   send: (base: string, headers: import("node:http").OutgoingHttpHeaders) => Promise<Answer>}[]}
 */
const things = [
  { name: "page", kind: "page", proved: false, open: [200], send: (base, headers) => ask(base, { headers }) },
  {
    name: "GET api/sessions",
    kind: "json",
    proved: true,
    open: [200],
    send: (base, headers) => ask(`${base}api/sessions`, { headers }),
  },
  {
    name: "POST api/session",
    kind: "json",
    proved: true,
    open: [200],
    send: (base, headers) =>
      ask(`${base}api/session`, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: "{}",
      }),
  },
  { name: "upgrade", kind: "json", proved: false, open: [101], send: (base, headers) => askUpgrade(`${base}link/socket`, headers) },
  // Requests of nobody who said hello are answered as such: they got through.
  { name: "poll", kind: "json", proved: true, open: [200, 409], send: (base, headers) => linkPost(`${base}link/poll`, headers) },
  { name: "send", kind: "json", proved: true, open: [200, 409], send: (base, headers) => linkPost(`${base}link/send`, headers) },
];

/** An empty batch of a fresh page load, answered without holding. */
function linkPost(/** @type {string} */ url, /** @type {import("node:http").OutgoingHttpHeaders} */ headers) {
  return ask(url, {
    method: "POST",
    headers: {
      "content-type": "application/octet-stream",
      "bowline-client": randomBytes(16).toString("hex"),
      "bowline-generation": "1",
      "bowline-seq": "0",
      "bowline-hold": "0",
      ...headers,
    },
    body: "",
  });
}

/** The cookie and proof that the access token buys. */
async function logIn(/** @type {import("../support/server.mjs").BowlineServer} */ server) {
  const answer = await ask(`${server.url}api/login`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: server.url.slice(0, -1) },
    body: JSON.stringify({ token: server.token }),
  });
  assert.equal(answer.status, 200, answer.body);
  const set = answer.headers["set-cookie"]?.[0] ?? "";
  assert.match(set, /HttpOnly/i);
  assert.match(set, /SameSite=Strict/i);
  return { cookie: set.split(";")[0], "bowline-proof": JSON.parse(answer.body).proof };
}

/** Refused, with a page or JSON that says why, and nothing of what is behind. */
function assertRefused(
  /** @type {Answer} */ { status, headers, body },
  /** @type {"page" | "json"} */ kind,
  /** @type {number[]} */ expected,
  /** @type {string} */ why,
) {
  assert.ok(expected.includes(status), `${why}: answered ${status}: ${body.slice(0, 200)}`);
  const type = String(headers["content-type"]);
  if (kind === "page" && type.includes("text/html")) {
    assert.ok(body.length > 0, why);
  } else {
    assert.match(type, /application\/json/, why);
    const { error } = JSON.parse(body);
    assert.ok(error.code && error.message, `${why}: ${body}`);
  }
}

journey("without a key, or with a wrong one, nothing opens", async (stage) => {
  const server = await stage.server();
  const { cookie } = await logIn(server);
  const [name] = cookie.split("=");
  const origin = server.url.slice(0, -1);
  const keys = {
    "no key": {},
    "a wrong token": { authorization: "Bearer 0123456789abcdef0123456789abcdef" },
    "an empty token": { authorization: "Bearer " },
    "a token with another's beginning": { authorization: `Bearer ${server.token.slice(0, -1)}` },
    "a made-up cookie": { cookie: `${name}=0123456789abcdef0123456789abcdef`, "bowline-proof": "0123456789abcdef" },
    "the token as a cookie": { cookie: `${name}=${server.token}` },
  };
  for (const thing of things) {
    for (const [key, headers] of Object.entries(keys)) {
      assertRefused(await thing.send(server.url, { origin, ...headers }), thing.kind, [401], `${thing.name} with ${key}`);
    }
  }
  assert.equal((await server.sessions()).length, 0);
});

journey("the right key opens the same things", async (stage) => {
  const server = await stage.server();
  const key = await logIn(server);
  const origin = server.url.slice(0, -1);
  for (const thing of things) {
    const byCookie = await thing.send(server.url, { origin, ...key });
    assert.ok(thing.open.includes(byCookie.status), `${thing.name} by cookie: ${byCookie.status} ${byCookie.body.slice(0, 200)}`);
    const byToken = await thing.send(server.url, { authorization: `Bearer ${server.token}` });
    assert.ok(thing.open.includes(byToken.status), `${thing.name} by token: ${byToken.status} ${byToken.body.slice(0, 200)}`);
  }
});

journey("a foreign Origin or a foreign Host is refused, however good the key", async (stage) => {
  const server = await stage.server();
  const key = await logIn(server);
  const origin = server.url.slice(0, -1);
  const strangers = {
    "a foreign Origin": { origin: "http://evil.example" },
    "another port's Origin": { origin: `http://127.0.0.1:${server.port + 1}` },
    "the null Origin": { origin: "null" },
    "a foreign Host": { host: "evil.example" },
    "a foreign Host with its own Origin": { host: `evil.example:${server.port}`, origin: `http://evil.example:${server.port}` },
    "a Host that begins like ours": { host: "127.0.0.1.evil.example" },
  };
  for (const thing of things) {
    for (const [stranger, headers] of Object.entries(strangers)) {
      const why = `${thing.name} from ${stranger}`;
      assertRefused(await thing.send(server.url, { origin, ...key, ...headers }), thing.kind, [403, 421], why);
    }
  }
  assert.equal((await server.sessions()).length, 0);
});

journey("a cookie without the page's proof changes nothing", async (stage) => {
  const server = await stage.server();
  const { cookie } = await logIn(server);
  const origin = server.url.slice(0, -1);
  for (const thing of things.filter(({ proved }) => proved)) {
    for (const proof of [{}, { "bowline-proof": "0123456789abcdef0123456789abcdef" }]) {
      const why = `${thing.name} with ${Object.keys(proof).length ? "a wrong proof" : "no proof"}`;
      assertRefused(await thing.send(server.url, { origin, cookie, ...proof }), thing.kind, [401, 403], why);
    }
  }
  assert.equal((await server.sessions()).length, 0);
});

journey("who is not logged in sees the login page in the browser, and a wrong token says so", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage();
  const response = await view.page.goto(server.url);
  assert.equal(response?.status(), 401);
  const field = view.page.locator("input").filter({ visible: true }).first();
  await field.fill("wrong");
  const answer = view.page.waitForResponse((response) => response.url().endsWith("api/login"));
  await field.press("Enter");
  assert.equal((await answer).status(), 401);
  await view.page.getByRole("alert").filter({ hasText: /token/ }).waitFor();
  assert.equal((await server.sessions()).length, 0);
});

journey("before the page runs, the login form takes no secret that a browser could put into an address", async (stage) => {
  const server = await stage.server();
  const view = await stage.blankPage();
  /** @type {() => void} */
  let goOn = () => {};
  const held = new Promise((resolve) => (goOn = () => resolve(undefined)));
  await view.page.route("**/*.wasm", async (route) => {
    await held;
    await route.continue();
  });
  await view.page.goto(server.url, { waitUntil: "domcontentloaded" });
  const field = view.page.locator("input").first();
  await field.waitFor();
  assert.ok(await field.isDisabled());
  goOn();
  await field.fill(server.token);
  await field.press("Enter");
  await view.ready();
  assert.ok(!view.page.url().includes(server.token), view.page.url());
});

journey("every page and asset carries the security headers", async (stage) => {
  const server = await stage.server();
  const answer = await ask(server.url, { headers: { authorization: `Bearer ${server.token}` } });
  const policy = String(answer.headers["content-security-policy"]);
  assert.match(policy, /script-src[^;]*'nonce-/);
  assert.doesNotMatch(/script-src[^;]*/.exec(policy)?.[0] ?? "", /'unsafe-inline'|'unsafe-eval'/);
  assert.match(policy, /frame-ancestors/);
  assert.equal(answer.headers["x-content-type-options"], "nosniff");
  assert.ok(answer.headers["referrer-policy"]);
  const again = await ask(server.url, { headers: { authorization: `Bearer ${server.token}` } });
  assert.notEqual(again.headers["content-security-policy"], policy, "the nonce is new for each answer");
});
