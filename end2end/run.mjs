// Owns the one entry to the browser tests: `node end2end/run.mjs [filter]`. Runs the tests of the proxies and the journeys,
// two files at a time, those that measure alone, prints the time of each and closes with `N passed, N failed`. What fails
// runs once more at the end, alone: passing then, it is named as unsteady, a defect to mend, and does not fail the run.
// Must not build anything: it takes the binary it finds (BOWLINE_BIN, else target/release/bowline).

import { once } from "node:events";
import { readdirSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const filter = process.argv[2];

if (filter === "--help" || filter === "-h") {
  console.log(`usage: node end2end/run.mjs [filter]

filter: parts of files' names with commas between (basics, polling, …), or a part of a journey's name.
BOWLINE_BIN       the binary to test (target/release/bowline)
BOWLINE_CHROMIUM  the browser (/usr/bin/chromium)
BOWLINE_DOUBLE    the double of a Databricks workspace (beside the binary, target/debug/bowline-double)
BOWLINE_SDK       the environment with databricks-sdk (target/databricks-sdk)
BOWLINE_KEEPER    off: sessions in the server, where a journey does not say otherwise`);
  process.exit(0);
}

const all = ["unit", "journeys"].flatMap((folder) =>
  readdirSync(path.join(here, folder))
    .filter((name) => name.endsWith(".test.mjs"))
    .sort()
    .map((name) => path.join(here, folder, name)),
);
const parts = filter?.split(",");
const named = parts ? all.filter((file) => parts.some((part) => path.basename(file, ".test.mjs").includes(part))) : all;
// A filter that names no file is a part of a journey's name.
const byName = filter !== undefined && named.length === 0;
const escape = (/** @type {string} */ text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");
const titleOf = (/** @type {string} */ file) => path.basename(file, ".test.mjs");

let passed = 0;
/** @type {{file: string, name: string}[]} */
let failed = [];

// Most of a journey is waiting: two of them share two cores.
const AT_ONCE = 2;
// These measure, or fill the machine.
const ALONE = new Set(["cutting", "floods", "outage", "polling", "search", "snapshots", "takeover"]);
const pattern = byName ? new RegExp(escape(filter), "i") : undefined;
const files = byName ? all : named;
const isAlone = (/** @type {string} */ file) => ALONE.has(titleOf(file));
const together = files.filter((file) => !isAlone(file));
const work = async () => {
  for (let file = together.shift(); file; file = together.shift()) await runFile(file, pattern);
};
await Promise.all(Array.from({ length: AT_ONCE }, work));
for (const file of files.filter(isAlone)) await runFile(file, pattern);

const again = failed;
failed = [];
if (again.length > 0) console.log("\nonce more, what failed");
// A file that fails as a whole is named by its path.
for (const { file, name } of again) await runFile(file, path.resolve(name) === file ? undefined : new RegExp(`^${escape(name)}$`));
const unsteady = again.filter(({ file, name }) => !failed.some((other) => other.file === file && other.name === name));
const titles = (/** @type {typeof failed} */ list) => list.map(({ file, name }) => `  ${titleOf(file)}: ${name}`).join("\n");
if (unsteady.length > 0) console.log(`\nunsteady, passed at the second attempt:\n${titles(unsteady)}`);
if (failed.length > 0) console.log(`\nfailed:\n${titles(failed)}`);
const nothing = passed + failed.length === 0;
if (nothing) console.log(`nothing is named ${filter}`);
console.log(`\n${passed} passed, ${failed.length} failed`);
process.exitCode = nothing || failed.length > 0 ? 1 : 0;

/** Runs one file in a process of its own and prints the verdicts, each followed by its notes, once it has ended. */
async function runFile(/** @type {string} */ file, /** @type {RegExp | undefined} */ pattern) {
  const title = titleOf(file);
  /** What is printed: files that run beside each other don't mix. @type {string[]} */
  const lines = [];
  /** @type {string[]} */
  let notes = [];
  const printNotes = () => {
    lines.push(...notes.map(indented));
    notes = [];
  };
  const verdict = (/** @type {any} */ { name, details, skip }, /** @type {boolean} */ good) => {
    printNotes();
    // With a name filter, what does not match is reported as skipped; a file without a match as itself.
    if (skip !== undefined || (good && path.resolve(name) === file)) return;
    if (lines.length === 0) lines.push(`\n${title}`);
    if (good) passed += 1;
    else failed.push({ file, name });
    const seconds = (details.duration_ms / 1000).toFixed(1).padStart(6);
    lines.push(`  ${good ? "ok  " : "FAIL"} ${seconds} s  ${name}`);
    const error = details.error?.cause ?? details.error;
    if (!good) lines.push(indented(error?.stack ?? String(error)));
  };
  const stream = run({
    files: [file],
    concurrency: 1,
    ...(pattern ? { testNamePatterns: [pattern] } : {}),
  });
  stream.on("test:pass", (event) => verdict(event, true));
  stream.on("test:fail", (event) => verdict(event, false));
  stream.on("test:stdout", ({ message }) => lines.push(message.trimEnd()));
  stream.on("test:stderr", ({ message }) => lines.push(message.trimEnd()));
  stream.on("test:diagnostic", ({ message }) => {
    // The runner's own totals; ours close the run.
    if (!/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(message)) notes.push(message);
  });
  stream.resume();
  await once(stream, "end");
  printNotes();
  if (lines.length > 0) console.log(lines.join("\n"));
}

function indented(/** @type {string} */ text) {
  return `      ${text.replaceAll("\n", "\n      ")}`;
}
