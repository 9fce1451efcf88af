// Owns the journeys below a JupyterHub: each user has a shell as themselves and nobody has another's, the Hub ends what it
// started and hears what is used. The Hub, its proxy and the system's users are real.

import assert from "node:assert/strict";

import { journey } from "../support/journey.mjs";
import { processes, whyNot } from "../support/jupyterhub.mjs";
import { until } from "../support/wait.mjs";

const missing = whyNot();
if (missing) console.log(`\n!! the journeys below a JupyterHub are not run: ${missing}\n`);
const below = missing ? (/** @type {Parameters<typeof journey>} */ ..._) => {} : journey;

/** @typedef {import("../support/page.mjs").BowlinePage} View */
/** @typedef {import("../support/jupyterhub.mjs").JupyterHub} Hub */

/** A page of somebody who has signed in at the hub, which started their server. */
async function enter(/** @type {import("../support/stage.mjs").Stage} */ stage, /** @type {Hub} */ hub, /** @type {string} */ user) {
  const view = await stage.blankPage();
  await view.page.goto(hub.url);
  await view.page.locator("input[name=username]").fill(user);
  await view.page.locator("input[name=password]").fill(hub.password);
  await view.page.locator("input[type=submit]").click();
  await view.page.waitForURL(new URL(`user/${user}/`, hub.url).href, { timeout: 90_000 });
  await view.ready();
  // The hub's own pages say what they like.
  view.errors.length = 0;
  return view;
}

/** The cookies and the proof by which a page gets in. */
async function keys(/** @type {View} */ view) {
  const cookies = await view.page.context().cookies(view.page.url());
  const proof = await view.page.evaluate(() => {
    const own = Object.entries(localStorage).find(([name]) => name.startsWith("bowline-proof"));
    return own?.[1] ?? "";
  });
  const ours = cookies.filter(({ name, httpOnly }) => name.startsWith("bowline-") && httpOnly);
  assert.equal(ours.length, 1, "one login");
  return { cookie: /** @type {{name: string, value: string}} */ (ours[0]), proof };
}

/** Asks a server's API with what somebody holds. */
async function status(/** @type {string} */ url, /** @type {{name: string, value: string}} */ cookie, /** @type {string} */ proof) {
  const headers = { cookie: `${cookie.name}=${cookie.value}`, "bowline-proof": proof };
  const answer = await fetch(new URL("api/sessions", url), { headers, redirect: "manual" });
  return answer.status;
}

below(
  "each of two users has a shell as themselves, and neither gets into the other's, by copied cookies either",
  async (stage) => {
    const hub = await stage.jupyterHub(["ana", "bo"]);
    const [ana, bo] = /** @type {[string, string]} */ (hub.users);
    const anas = await enter(stage, hub, ana);
    await anas.focus();
    await anas.run("id -un", new RegExp(`^${ana}\\s*$`, "m"));
    const bos = await enter(stage, hub, bo);
    await bos.focus();
    await bos.run("id -un; echo $HOME", new RegExp(`^${bo}\\s*\\n/home/${bo}\\s*$`, "m"));
    await bos.run("env | grep -c JUPYTERHUB; env | grep -c TOKEN", /^0\s*\n0\s*$/m);

    // The door next door, as oneself: the hub doesn't say whose one is to another's server.
    const address = new URL(`user/${ana}/`, hub.url).href;
    const next = await bos.page.context().newPage();
    await next.goto(address);
    await next.waitForLoadState();
    assert.ok(next.url().includes("/hub/"), next.url());
    assert.equal(await next.locator("body[data-gate=open]").count(), 0);
    assert.equal(await next.getByText("403").count() > 0, true, "the hub refuses");

    // With one's own keys, under the names of the other's.
    const [hers, his] = [await keys(anas), await keys(bos)];
    assert.equal(await status(address, hers.cookie, hers.proof), 200, "the keys are what opens it");
    for (const cookie of [his.cookie, { name: hers.cookie.name, value: his.cookie.value }]) {
      assert.equal(await status(address, cookie, his.proof), 401);
    }
    // All cookies of one's browser, the hub's among them.
    const all = (await bos.page.context().cookies()).map(({ name, value }) => `${name}=${value}`).join("; ");
    const answer = await fetch(new URL("api/sessions", address), { headers: { cookie: all, "bowline-proof": his.proof } });
    assert.equal(answer.status, 401);

    // Each one's server has its files in their own home.
    await bos.run(`ls /home/${ana} 2>&1 | tail -1; ls -d ~/.local/state/bowline`, new RegExp(`^/home/${bo}/.local/state/bowline\\s*$`, "m"));
  },
  { timeout: 400_000 },
);

below(
  "the hub hears of activity, and when it stops a server, the sessions end with it",
  async (stage) => {
    const hub = await stage.jupyterHub(["ana"], { JUPYTERHUB_ACTIVITY_INTERVAL: "1" });
    const [ana] = /** @type {[string]} */ (hub.users);
    const view = await enter(stage, hub, ana);
    await view.focus();
    await view.run("sleep 4321 & echo started-$((1+1))", /^started-2\s*$/m);
    const heard = async () => Date.parse((await hub.ask(`users/${ana}`)).servers[""].last_activity);
    const before = await until("activity that the hub heard of", heard);
    await view.run("echo used-$((1+1))", /^used-2\s*$/m);
    await until("later activity", async () => (await heard()) > before);

    assert.ok((await processes(ana)).some((line) => line.includes("sleep 4321")));
    await hub.ask(`users/${ana}/server`, { method: "DELETE" });
    await until("the end of all that the user ran", async () => (await processes(ana)).length === 0, { deadline: 60_000 });
    view.errors.length = 0;
  },
  { timeout: 400_000 },
);

below(
  "two servers of one user share neither files nor proofs",
  async (stage) => {
    const hub = await stage.jupyterHub(["ana"]);
    const [ana] = /** @type {[string]} */ (hub.users);
    const view = await enter(stage, hub, ana);
    await view.focus();
    await view.run("echo first-$((1+1))", /^first-2\s*$/m);
    await hub.ask(`users/${ana}/servers/second`, { method: "POST" });
    const other = await view.page.context().newPage();
    const address = new URL(`user/${ana}/second/`, hub.url).href;
    await until("the second server's page", async () => {
      await other.goto(address);
      return (await other.locator("html[data-link=websocket]").count()) > 0;
    }, { deadline: 90_000, every: 1000 });
    // The first one's page is none the worse for it.
    await view.reload();
    await view.waitForText(/^first-2\s*$/m);
    await view.focus();
    await view.run("ls -d ~/.local/state/bowline/server-second", /^\/home\/.*\/server-second\s*$/m);
  },
  { timeout: 400_000 },
);
