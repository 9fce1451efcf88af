// Owns the figures that only a real Chromium can give, as rows of the benchmark's table: `node end2end/figures.mjs`.
// Each stands beside what bounds it, measured in the same run. Must not decide anything: no figure fails the run.

import { execFile } from "node:child_process";
import path from "node:path";
import { promisify } from "node:util";

import { firstLoad, untilNextPaint } from "./support/firstload.mjs";
import { Stage, closeBrowser } from "./support/stage.mjs";
import { commandTime, ctrlCTimes, quantile, reloadTime, watchLoads } from "./support/stopwatch.mjs";

const isQuick = (process.env.BOWLINE_BENCH_QUICK ?? "0") !== "0";
const ROUNDS = isQuick ? 1 : 5;
const INTERRUPTS = isQuick ? 3 : 20;
const LINES = isQuick ? 250_000 : 2_500_000;

const run = promisify(execFile);
const ms = (/** @type {number} */ time) => `${time.toFixed(0)} ms`;
const row = (/** @type {string[]} */ ...cells) => console.log(`| ${cells.join(" | ")} |`);
/** A figure and what bounds it, in milliseconds. */
function compared(/** @type {string} */ name, /** @type {number} */ ours, /** @type {string} */ bound, /** @type {number} */ theirs) {
  row(name, ms(ours), `${bound}: ${ms(theirs)}`, (ours / theirs).toFixed(2));
}
const median = (/** @type {number[]} */ values) => quantile(values, 0.5);

const stage = new Stage((line) => console.error(line));
try {
  const server = await stage.server();
  const view = await stage.page();

  const file = path.join(server.home, "long");
  await view.run(`seq -f 'a line of a long file, number %010.0f' ${LINES} > long; echo written-$((1+1))`, /^written-2\s*$/m);
  const [ours, pumped] = [/** @type {number[]} */ ([]), /** @type {number[]} */ ([])];
  for (let round = 0; round < ROUNDS; round += 1) {
    await view.run("clear");
    ours.push(await commandTime(view, `cat long; echo all-$((${round}+100))`, `all-${round + 100}`));
    const begun = performance.now();
    await run("script", ["-q", "-c", `cat ${file}`, "/dev/null"], { maxBuffer: 2 ** 30, encoding: "buffer" });
    pumped.push(performance.now() - begun);
  }
  const size = `${((LINES * 40) / 1e6).toFixed(0)} MB`;
  compared(`Chromium: \`cat\` of ${size} to what follows being drawn`, median(ours), "the same under `script`, to nowhere", median(pumped));

  const near = await ctrlCTimes(view, INTERRUPTS);
  const idle = [];
  for (let time = 0; time < INTERRUPTS; time += 1) idle.push(await commandTime(view, `clear; echo at-$((${time}+100))`, `at-${time + 100}`));
  const both = (/** @type {number[]} */ times) => `${quantile(times, 0.5).toFixed(0)} / ${quantile(times, 0.95).toFixed(0)} ms`;
  const ratio = (/** @type {number[]} */ one, /** @type {number[]} */ other) =>
    [0.5, 0.95].map((share) => (quantile(one, share) / quantile(other, share)).toFixed(2)).join(" / ");
  const bound = `a command at a quiet prompt: ${both(idle)}`;
  row("Chromium: Ctrl-C under `yes` to the prompt drawn, p50 / p95", both(near), bound, ratio(near, idle));
  const proxy = await stage.cuttingProxy({ bytesPerSecond: 1_000_000 });
  const far = await stage.page({ url: proxy.url, login: "token" });
  const slow = await ctrlCTimes(far, INTERRUPTS);
  await far.page.context().close();
  row("Chromium: the same through 1 MB/s behind 64 KiB, p50 / p95", both(slow), bound, ratio(slow, idle));

  // The one has nothing above its screen, the other 10,000 lines.
  const loads = [];
  for (const [text, command] of [
    ["an-empty-history", "clear; echo an-empty-history"],
    ["line 20000 of many", "seq -f 'line %.0f of many' 20000"],
  ]) {
    const other = await stage.page({ login: "token" });
    await other.run(command, new RegExp(`^${text}`, "m"));
    await watchLoads(other, text);
    const times = [];
    for (let round = 0; round < ROUNDS * 3; round += 1) times.push(await reloadTime(other));
    loads.push(median(times));
    await other.page.context().close();
  }
  compared("Chromium: reload to the screen drawn, with a full history", loads[1], "with an empty one", loads[0]);

  const first = [];
  for (let round = 0; round < ROUNDS; round += 1) first.push(await firstLoad(stage, server));
  const of = (/** @type {(load: typeof first[0]) => number} */ part) => median(first.map(part));
  row("Chromium: first load, until something is painted", ms(of(({ paint }) => paint)), "–", "–");
  row("Chromium: first load, from there to the prompt drawn", ms(of(({ prompt, paint }) => prompt - paint)), "aim: 1000 ms", (of(({ prompt, paint }) => prompt - paint) / 1000).toFixed(2));
  const kib = of(({ bytes }) => bytes) / 1024;
  row(`Chromium: first load, bytes of ${of(({ requests }) => requests)} requests until then`, `${kib.toFixed(0)} KiB`, "aim: 450 KiB", (kib / 450).toFixed(2));

  const palette = () => view.press("Alt+Shift+P");
  const quiet = await untilNextPaint(view, INTERRUPTS * 2, palette);
  await view.run("yes a-flood", /(^a-flood\s*\n){20}/m);
  const flooded = await untilNextPaint(view, INTERRUPTS * 2, palette);
  await view.press("Control+c");
  row("Chromium: a key that opens or shuts the palette under `yes`, to the next frame, p50 / p95", both(flooded), `without the flood: ${both(quiet)}`, ratio(flooded, quiet));
} finally {
  await stage.end();
  await closeBrowser();
}
