// Owns how programs that journeys started are ended. Must not start any.

import { once } from "node:events";

import { within } from "./wait.mjs";

/**
 * Asks a program to end and waits until it has; one that takes longer than `patience` milliseconds is killed.
 *
 * @param {import("node:child_process").ChildProcess | undefined} child
 * @param {string} what for whoever reads that it took too long
 * @param {number} [patience]
 */
export async function endChild(child, what, patience = 5_000) {
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await within(`${what}'s end`, gone, patience).catch(() => child.kill("SIGKILL"));
}
