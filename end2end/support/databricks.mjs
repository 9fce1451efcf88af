// Owns the double of a Databricks workspace during a test: starts `bowline-double`, gives it orders, ends it. What it answers
// is its own affair (double/). Must not know Bowline.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";

import { binary, repository } from "./server.mjs";
import { within } from "./wait.mjs";

/** Where it may be: named, beside the program that is tested, or as Rust's tests build it. */
const places = [
  process.env.BOWLINE_DOUBLE,
  path.join(path.dirname(binary), "bowline-double"),
  path.join(repository, "target/debug/bowline-double"),
];

/**
 * A token as the double tells of it.
 *
 * @typedef {{who: string, id: string, kind: string, made_ms: number, until_ms: number | null}} Token
 */

/**
 * What there is, and what was asked for.
 *
 * @typedef {object} State
 * @property {number} now_ms
 * @property {Record<string, Token>} tokens by what is shown
 * @property {number} minted
 * @property {string[]} revoked
 * @property {number} strangers
 * @property {number} exchanged
 * @property {{method: string, path: string, status: number, by: string | null, at_ms: number}[]} log
 */

export class DatabricksWorkspace {
  #child;
  url = "";
  control = "";

  static async start() {
    const program = places.find((place) => place !== undefined && existsSync(place));
    if (!program) {
      const how = "run `cargo build --package bowline-double`, or set BOWLINE_DOUBLE";
      throw new Error(`there is no bowline-double at ${places.filter(Boolean).join(", ")}: ${how}`);
    }
    const workspace = new DatabricksWorkspace(program);
    await workspace.#announced();
    return workspace;
  }

  /** @private use `start` */
  constructor(/** @type {string} */ program) {
    // It ends with its standard input, and so with this process however that ends.
    this.#child = spawn(program, { stdio: ["pipe", "pipe", "inherit"] });
  }

  async #announced() {
    const lines = createInterface({ input: this.#child.stdout });
    const failed = once(this.#child, "exit").then(() => {
      throw new Error("bowline-double ended before it said where it is");
    });
    const [line] = await within("the double's line", Promise.race([once(lines, "line"), failed]));
    const { url, control } = JSON.parse(line);
    this.url = url;
    this.control = control;
  }

  /** What there is. @returns {Promise<State>} */
  async state() {
    return (await fetch(this.control)).json();
  }

  /** Gives an order, as double/src/control.rs takes them; what there is then. @returns {Promise<State>} */
  async order(/** @type {Record<string, unknown>} */ order) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(this.control, { method: "POST", headers, body: JSON.stringify(order) });
    if (!answer.ok) throw new Error(`the double answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  }

  /** A token that somebody made by hand. */
  give(/** @type {string} */ token, /** @type {string} */ who) {
    return this.order({ do: "give", token, who });
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, "exit");
    this.#child.stdin.end();
    await within("the double's end", gone);
  }
}
