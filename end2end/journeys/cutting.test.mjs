// Owns the journeys through a proxy that cuts: output and keys arrive exactly once, whatever is cut and when.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";

import { Tally } from "../support/counting.mjs";
import { journey } from "../support/journey.mjs";
import { until } from "../support/wait.mjs";

const LINES = 10_000;
/** 10,000 lines in 30 s. */
const LINES_PER_SECOND = 334;
/** Words between two looks at the terminal. */
const WORDS_PER_SAMPLE = 40;

/**
 * Runs the counter and types numbered words until it is done and `enough` says so, then proves that both arrived
 * exactly once.
 *
 * @param {import("../support/page.mjs").BowlinePage} view
 * @param {import("../support/server.mjs").BowlineServer} server
 * @param {{lines?: number, enough?: () => boolean}} [options]
 */
async function countAndType(view, server, { lines = LINES, enough = () => true } = {}) {
  const file = path.join(server.home, "typed.txt");
  await view.run(`node counter-and-keys.mjs ${LINES_PER_SECOND} ${lines} typed.txt`, /^READY\s*$/m);
  const tally = new Tally();
  let typed = "";
  let words = 0;
  const counting = () => !existsSync(`${file}.done`) || !enough();
  const end = Date.now() + 120_000;
  while (counting()) {
    assert.ok(Date.now() < end, `the cutting is not over after 2 minutes; counted to ${tally.last}`);
    const word = `w${(words += 1)} `;
    await view.type(word);
    typed += word;
    if (words % WORDS_PER_SAMPLE === 0) tally.sample(await view.text());
    // A page takes keys between its frames; faster than that is no typing.
    await view.page.evaluate(() => new Promise((resolve) => requestAnimationFrame(resolve)));
  }
  await view.waitForText(new RegExp(`^c${lines}\\s*$`, "m"), { timeout: 60_000 });
  await until("every key in the file", async () => (await readFile(file, "utf8")).length >= typed.length);
  await view.focus();
  await view.press("Control+D");
  await view.waitForText(new RegExp(`^keys ${typed.length}\\s*$`, "m"));
  assert.equal(tally.sample(await view.text()), lines);
  assert.equal(await readFile(file, "utf8"), typed);
  return words;
}

/** The page's own files have arrived; nothing from here on lives longer than 2 s. */
function cutFromNowOn(/** @type {import("../support/cutting-proxy.mjs").CuttingProxy} */ proxy) {
  proxy.cruelty.cutAfterMs = 2000;
  proxy.cutAll();
}

journey("every connection cut after 2 s, with quick probes: 10,000 lines and the typed text arrive once", async (stage) => {
  const server = await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url, settings: { probe_ms: 500, probe_max_ms: 500 } });
  cutFromNowOn(proxy);
  const words = await countAndType(view, server, { enough: () => proxy.counts.webSocketsCut >= 5 });
  stage.print(`${words} words typed; cut ${proxy.counts.cut}, of them live WebSockets ${proxy.counts.webSocketsCut}`);
  assert.ok(proxy.counts.webSocketsCut >= 5);
});

journey("every connection cut after 2 s, with the ladder as it is: polling takes over, everything arrives once", async (stage) => {
  const server = await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url });
  cutFromNowOn(proxy);
  const words = await countAndType(view, server);
  stage.print(`${words} words typed; cut ${proxy.counts.cut}, of them live WebSockets ${proxy.counts.webSocketsCut}`);
  assert.ok(proxy.counts.cut >= 10, `${proxy.counts.cut} cuts`);
  await view.waitForLink("poll");
});

for (const name of ["link/poll", "link/send"]) {
  journey(`answers of ${name} lost after the server handled the request: everything arrives once`, async (stage) => {
    const server = await stage.server();
    const proxy = await stage.cuttingProxy({ upgrades: "refuse" });
    const view = await stage.page({ url: proxy.url });
    await view.waitForLink("poll");
    let armed = 0;
    const arm = () => {
      if (armed >= 10) return;
      armed += 1;
      // An empty answer to a send is still the acknowledgement of what was sent.
      proxy.loseAnswers(name, { minBytes: name === "link/send" ? 0 : 1 });
    };
    // The next loss waits until the one before has happened and the page has been answered again.
    proxy.on("answer-cut", () => setTimeout(arm, 250));
    arm();
    await countAndType(view, server, { lines: 3000, enough: () => proxy.counts.answersCut >= 5 });
    stage.print(`answers lost: ${proxy.counts.answersCut}`);
  });
}

journey("the first answers of both are lost at once: the shell's first line is typed once", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy({ upgrades: "refuse" });
  const view = await stage.page({ url: proxy.url });
  await view.waitForLink("poll");
  proxy.loseAnswers("link/send", { minBytes: 0 });
  proxy.loseAnswers("link/poll");
  await view.run("echo once-$((1+1))", /^once-2\s*$/m);
  await view.run("echo end-$((1+1))", /^end-2\s*$/m);
  const text = await view.text();
  assert.equal(text.match(/^once-2\s*$/gm)?.length, 1, text);
  assert.equal(text.match(/^\$ echo once-\$\(\(1\+1\)\)\s*$/gm)?.length, 1, text);
  assert.ok(proxy.counts.answersCut >= 2, `${proxy.counts.answersCut} answers lost`);
});

journey("cut after every 20,000 bytes: 10,000 lines arrive once", async (stage) => {
  const server = await stage.server();
  const proxy = await stage.cuttingProxy();
  const view = await stage.page({ url: proxy.url, settings: { probe_ms: 500, probe_max_ms: 500 } });
  // From here on; the page itself is larger than that.
  proxy.cruelty.cutAfterBytes = 20_000;
  proxy.cutAll();
  await view.run("node counter.mjs 2000 10000; echo end-$((1+1))", /^c5000\s*$/m);
  const tally = new Tally();
  tally.sample(await view.text());
  await view.waitForText(/^end-2\s*$/m, { timeout: 60_000 });
  assert.equal(tally.sample(await view.text()), 10_000);
  assert.ok(proxy.counts.cut >= 3, `${proxy.counts.cut} cuts`);
  assert.ok((await server.sessions()).length === 1);
});

journey("on a line of 1 MB/s Ctrl-C ends a flood", async (stage) => {
  await stage.server();
  const proxy = await stage.cuttingProxy({ bytesPerSecond: 1_000_000 });
  const view = await stage.page({ url: proxy.url });
  await view.run("yes a-flood-over-a-slow-line", /(^a-flood-over-a-slow-line\s*\n){20}/m);
  await view.press("Control+C");
  await view.run("echo status-$?", /^status-130\s*$/m);
});
