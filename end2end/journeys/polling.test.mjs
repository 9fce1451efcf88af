// Owns the journeys behind proxies that refuse WebSockets or do not wait: real nginx in both manners.

import assert from "node:assert/strict";

import { Tally } from "../support/counting.mjs";
import { journey } from "../support/journey.mjs";
import { PROMPT } from "../support/page.mjs";
import { until } from "../support/wait.mjs";

journey("with WebSockets refused the page works by polling, from the worker, and says so", async (stage) => {
  await stage.server();
  const nginx = await stage.nginx({ upgrade: "strip" });
  const view = await stage.page({ url: nginx.url });
  await view.waitForLink("poll");
  await view.run("echo $((6*7))", /^42\s*$/m);
  assert.ok(view.page.workers().length > 0, "the link has a worker");
  assert.deepEqual(
    (await view.linkHistory()).filter((state) => state === "offline" || state === "auth"),
    [],
    "a refused upgrade is no outage",
  );
  await view.waitForText(PROMPT);
  await view.focus();
  const polled = await view.echoTimes("howlongdoesakeytakeuntilitisshown");
  const direct = await stage.page();
  assert.equal(await direct.link(), "websocket");
  await direct.newTab();
  await direct.focus();
  const socket = await direct.echoTimes("howlongdoesakeytakeuntilitisshown");
  stage.print(`key to echo, median: ${median(polled)} ms polling, ${median(socket)} ms WebSocket`);
  stage.print(`key to echo, worst: ${worst(polled)} ms polling, ${worst(socket)} ms WebSocket`);
});

journey("behind a proxy that opens WebSockets and carries nothing the page goes over to polling, and stays usable", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy({ upgrades: "swallow" });
  const view = await stage.page({ url: proxy.url });
  await view.waitForLink("poll");
  await view.run("echo $((6*7))", /^42\s*$/m);
  // The first socket was enough to know it: it isn't opened again and again.
  assert.equal(proxy.counts.webSocketsOpened, 1);
});

journey("nginx reloaded to allow WebSockets: the page climbs back, and a running counter is complete", async (stage) => {
  await stage.server();
  const nginx = await stage.nginx({ upgrade: "strip" });
  const view = await stage.page({ url: nginx.url, settings: { probe_ms: 1000, probe_max_ms: 2000 } });
  await view.waitForLink("poll");
  await view.run("node counter.mjs 50", /^c50\s*$/m);
  await nginx.reload({ upgrade: "pass" });
  await view.waitForLink("websocket");
  const tally = new Tally();
  const atSwitch = tally.sample(await view.text());
  await view.waitForText(new RegExp(`^c${atSwitch + 100}\\s*$`, "m"));
  await view.press("Control+C");
  await view.waitForText(PROMPT);
  const last = tally.sample(await view.text());
  assert.ok(last >= atSwitch + 100);
  assert.deepEqual((await view.linkHistory()).filter((state) => state === "offline"), []);
  await view.run("echo $((6*7))", /^42\s*$/m);
});

journey("nginx reloaded to refuse WebSockets: the page goes over to polling, and a running counter is complete", async (stage) => {
  await stage.server();
  const nginx = await stage.nginx({ upgrade: "pass" });
  const view = await stage.page({ url: nginx.url });
  await view.waitForLink("websocket");
  await view.run("node counter.mjs 50", /^c50\s*$/m);
  await nginx.reload({ upgrade: "strip" });
  await view.waitForLink("poll");
  const tally = new Tally();
  const atSwitch = tally.sample(await view.text());
  await view.waitForText(new RegExp(`^c${atSwitch + 100}\\s*$`, "m"));
  await view.press("Control+C");
  await view.waitForText(PROMPT);
  tally.sample(await view.text());
  await view.run("echo $((6*7))", /^42\s*$/m);
});

journey("a proxy that waits only 2 s shortens the polls, shows no error, and everything works on", async (stage) => {
  await stage.server();
  const nginx = await stage.nginx({ upgrade: "strip", readTimeout: "2s" });
  const view = await stage.page({ url: nginx.url });
  await view.waitForLink("poll");
  await view.run("echo before-$((1+1))", /^before-2\s*$/m);
  const polls = async () => (await nginx.served()).filter(({ uri }) => uri.endsWith("/link/poll"));
  // Quiet polls are cut, each asks for a shorter hold, until they are answered within nginx's patience.
  const all = await until(
    "four polls answered after the last that was cut",
    async () => {
      const seen = await polls();
      const lastCut = seen.findLastIndex(({ status }) => status === 504);
      return lastCut >= 0 && seen.length - lastCut > 4 && seen;
    },
    { deadline: 90_000 },
  );
  assertShorterAndShorter(all, stage);
  await view.run("echo after-$((1+1))", /^after-2\s*$/m);
  assert.deepEqual(
    (await view.linkHistory()).filter((state) => state !== "poll" && state !== "connecting"),
    [],
    "no state but polling was ever shown",
  );
  assert.equal(await view.page.getByRole("alert").filter({ visible: true }).count(), 0, "no error is shown");
});

journey("a proxy that waits only 0.5 s ends in short polls, shows no error, and everything works on", async (stage) => {
  await stage.server();
  const nginx = await stage.nginx({ upgrade: "strip", readTimeout: "500ms" });
  const view = await stage.page({ url: nginx.url });
  await view.waitForLink("poll");
  const polls = async () => (await nginx.served()).filter(({ uri }) => uri.endsWith("/link/poll"));
  const all = await until("twenty polls answered after the last that was cut", async () => {
    const seen = await polls();
    const lastCut = seen.findLastIndex(({ status }) => status === 504);
    return lastCut >= 0 && seen.length - lastCut > 20 && seen;
  });
  assertShorterAndShorter(all, stage);
  await view.run("echo short-$((1+1))", /^short-2\s*$/m);
  await view.waitForText(PROMPT);
  await view.focus();
  const times = await view.echoTimes("howlongdoesakeytake");
  stage.print(`key to echo by short polls, median: ${median(times)} ms, worst ${worst(times)} ms`);
  assert.deepEqual(
    (await view.linkHistory()).filter((state) => state !== "poll" && state !== "connecting"),
    [],
    "no state but polling was ever shown",
  );
  assert.equal(await view.page.getByRole("alert").filter({ visible: true }).count(), 0, "no error is shown");
});

journey("a proxy that lets upgrades through and waits only 2 s does no harm", async (stage) => {
  await stage.server();
  const nginx = await stage.nginx({ upgrade: "pass", readTimeout: "2s" });
  const view = await stage.page({ url: nginx.url });
  await view.run("node counter.mjs 1 4; echo slow-$((1+1))", /^slow-2\s*$/m);
  const tally = new Tally();
  assert.equal(tally.sample(await view.text()), 4);
  await view.waitForLink("poll");
  await view.run("echo $((6*7))", /^42\s*$/m);
});

/** Each poll that was cut asked for a shorter hold than the one that was cut before it. */
function assertShorterAndShorter(
  /** @type {import("../support/nginx.mjs").Served[]} */ polls,
  /** @type {import("../support/stage.mjs").Stage} */ stage,
) {
  const cut = polls.filter(({ status }) => status === 504).map(({ hold }) => Number(hold));
  stage.print(`holds asked for by the cut polls: ${cut.join(", ")} ms`);
  for (let at = 1; at < cut.length; at += 1) assert.ok(cut[at] < cut[at - 1], `holds of cut polls: ${cut}`);
}

function median(/** @type {number[]} */ times) {
  return [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)].toFixed(1);
}

function worst(/** @type {number[]} */ times) {
  return Math.max(...times).toFixed(1);
}
