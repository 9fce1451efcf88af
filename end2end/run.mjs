// Owns the one entry to the browser tests: `node end2end/run.mjs [filter]`. Runs the tests of the proxies, then the
// journeys one after the other, prints the time of each and closes with `N passed, N failed`.
// Must not build anything: it takes the binary it finds (BOWLINE_BIN, else target/release/bowline).

import { readdirSync } from "node:fs";
import path from "node:path";
import { run } from "node:test";
import { fileURLToPath } from "node:url";

const here = path.dirname(fileURLToPath(import.meta.url));
const filter = process.argv[2];

if (filter === "--help" || filter === "-h") {
  console.log(`usage: node end2end/run.mjs [filter]

filter: a part of a file's name (basics, polling, …) or of a journey's name.
BOWLINE_BIN       the binary to test (target/release/bowline)
BOWLINE_CHROMIUM  the browser (/usr/bin/chromium)`);
  process.exit(0);
}

const all = ["unit", "journeys"].flatMap((folder) =>
  readdirSync(path.join(here, folder))
    .filter((name) => name.endsWith(".test.mjs"))
    .sort()
    .map((name) => path.join(here, folder, name)),
);
const named = filter ? all.filter((file) => path.basename(file, ".test.mjs").includes(filter)) : all;
// A filter that names no file is a part of a journey's name.
const byName = filter !== undefined && named.length === 0;
const escaped = (filter ?? "").replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

let passed = 0;
let failed = 0;
const failures = [];

// One file at a time: journeys measure and share two cores with a browser.
const stream = run({
  files: byName ? all : named,
  concurrency: 1,
  ...(byName ? { testNamePatterns: [new RegExp(escaped, "i")] } : {}),
});

/** Diagnostics come before the verdict of the test that they belong to. @type {string[]} */
let notes = [];
let printedFile = "";

stream.on("test:diagnostic", ({ message, nesting }) => {
  if (nesting > 0 || !/^(tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) [\d.]+$/.test(message)) notes.push(message);
});
stream.on("test:stderr", ({ message }) => process.stderr.write(message));
stream.on("test:stdout", ({ message }) => process.stdout.write(message));
stream.on("test:pass", (event) => verdict(event, true));
stream.on("test:fail", (event) => verdict(event, false));
stream.on("end", () => {
  flush();
  if (failures.length > 0) console.log(`\nfailed:\n${failures.map((name) => `  ${name}`).join("\n")}`);
  if (passed + failed === 0) {
    console.log(`nothing is named ${filter}`);
    failed = 1;
  }
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
});
stream.resume();

/** A verdict waits for the notes that follow it. @type {(() => void) | undefined} */
let pending;

function flush() {
  pending?.();
  pending = undefined;
  for (const note of notes) console.log(`      ${note.replaceAll("\n", "\n      ")}`);
  notes = [];
}

function verdict(/** @type {any} */ { name, file, details, skip }, /** @type {boolean} */ good) {
  flush();
  // With a name filter, what does not match is reported as skipped.
  if (skip !== undefined || (good && details?.type === "suite")) return;
  if (file !== undefined && file !== printedFile) {
    printedFile = file;
    console.log(`\n${path.basename(file, ".test.mjs")}`);
  }
  if (good) passed += 1;
  else {
    failed += 1;
    failures.push(name);
  }
  const seconds = (details.duration_ms / 1000).toFixed(1).padStart(6);
  console.log(`  ${good ? "ok  " : "FAIL"} ${seconds} s  ${name}`);
  if (good) return;
  const error = details.error?.cause ?? details.error;
  const shown = error?.stack ?? String(error);
  console.log(`      ${shown.replaceAll("\n", "\n      ")}`);
}
