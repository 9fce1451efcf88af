// Owns Databricks' own client for Python during a test: runs one check of end2end/sdk/checks.py, and asks `bowline` what a
// script would. Must not know what is checked.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { text } from "node:stream/consumers";

import { repository } from "./server.mjs";
import { within } from "./wait.mjs";

const venv = process.env.BOWLINE_SDK ?? path.join(repository, "target/databricks-sdk");
const python = path.join(venv, "bin/python");
const checks = path.join(repository, "end2end/sdk/checks.py");
/** The client waits for seconds where it is told to. */
const DEADLINE_MS = 120_000;

/** @typedef {import("./server.mjs").BowlineServer} BowlineServer */

/** Runs a program to its end; what it printed, if it ended well. */
async function run(
  /** @type {string} */ program,
  /** @type {string[]} */ words,
  /** @type {Record<string, string | undefined>} */ env,
  /** @type {string} */ input = "",
) {
  const child = spawn(program, words, { env: { PATH: process.env.PATH, LANG: "C.UTF-8", ...env } });
  child.stdin.end(input);
  const ended = Promise.all([text(child.stdout), text(child.stderr), once(child, "exit")]);
  const [printed, problems, [status]] = await within(`the end of ${words.join(" ")}`, ended, DEADLINE_MS);
  if (status !== 0) throw new Error(`${path.basename(program)} ${words.join(" ")} ended with ${status}:\n${problems}`);
  return printed;
}

/** Runs a check; what it tells, if it tells something. */
export async function checked(
  /** @type {string} */ check,
  /** @type {Record<string, string>} */ env,
  /** @type {string} */ input = "",
) {
  if (!existsSync(python)) {
    throw new Error(`there is no databricks-sdk at ${venv}: run \`cargo xtask test --only tools\`, or set BOWLINE_SDK`);
  }
  const printed = await run(python, ["-B", checks, check], env, input);
  return printed === "" ? undefined : JSON.parse(printed);
}

/** What a command of Bowline's prints, with the server's state folder. */
export function bowline(/** @type {BowlineServer} */ server, /** @type {string[]} */ words) {
  return run(server.binary, [...words, "--state-dir", server.stateDir], { HOME: server.home });
}
