/**
 * Owns the oracle's conversation: scripts over numbered xterm.js terminals on stdin, what came out of each on stdout.
 * `node end2end/oracle/oracle.mjs` is started by `screen/tests/it/oracle.rs`, and ends with its stdin.
 *
 * A script is a frame, u32 length (little endian like all numbers) and commands of a letter, a slot (u8) and:
 *   T  u32 length, bytes             the table of widths, for every slot (its own number is ignored)
 *   n  u16 cols, u16 rows, u32 scrollback   a new terminal
 *   w  u32 length, bytes             write
 *   r  u16 cols, u16 rows            resize
 *   R                                reset, as the page does before a snapshot
 *   =  u8 other slot, u8 flags, u32 history   compare with another, that many lines of history at most
 *   d                                take what was answered
 *   t  u32 history                   text of the active screen
 * The answer is a frame: u32 length, a byte, and its text:
 *   0  done; per d and t: u32 length, bytes
 *   1  a comparison found this difference, the rest of the script was not carried out
 *   2  xterm.js threw this; the terminals of this script are not to be used any more
 *   3  the oracle itself failed with this
 * With BOWLINE_ORACLE_SHOW set, a difference comes with both screens as text.
 *
 * Must not know what is tested, nor which differences are allowed (`allowed.mjs`).
 */

import { differences } from "./compare.mjs";
import { Terminal } from "./terminal.mjs";

const EXACT_LINKS = 1;

const slots = new Map();
let table = new Uint8Array(0);

class Difference extends Error {}
class Thrown extends Error {}

/** Carries out what is xterm.js' own doing. */
function byXterm(action) {
  try {
    action();
  } catch (error) {
    throw new Thrown(String(error?.stack ?? error));
  }
}

class Reader {
  constructor(bytes) {
    this.bytes = bytes;
    this.at = 0;
  }
  get done() {
    return this.at >= this.bytes.length;
  }
  u8() {
    return this.bytes[this.at++];
  }
  u16() {
    this.at += 2;
    return this.bytes.readUInt16LE(this.at - 2);
  }
  u32() {
    this.at += 4;
    return this.bytes.readUInt32LE(this.at - 4);
  }
  block() {
    const length = this.u32();
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }
}

function terminal(slot) {
  const found = slots.get(slot);
  if (!found) throw new Error(`no terminal in slot ${slot}`);
  return found;
}

function put(slot, made) {
  slots.get(slot)?.dispose();
  slots.set(slot, made);
}

/** Carries out one script and returns the blocks it produced. */
function run(reader) {
  const blocks = [];
  while (!reader.done) {
    const command = String.fromCharCode(reader.u8());
    const slot = reader.u8();
    switch (command) {
      case "T":
        table = Uint8Array.from(reader.block());
        break;
      case "n":
        put(slot, new Terminal({ cols: reader.u16(), rows: reader.u16(), scrollback: reader.u32() }, table));
        break;
      case "w":
        byXterm(() => terminal(slot).write(reader.block()));
        break;
      case "r":
        byXterm(() => terminal(slot).resize(reader.u16(), reader.u16()));
        break;
      case "R":
        terminal(slot).reset();
        break;
      case "=": {
        const other = terminal(reader.u8());
        const exactLinks = (reader.u8() & EXACT_LINKS) !== 0;
        const found = differences(terminal(slot), other, { exactLinks, history: reader.u32() });
        if (found.length > 0) {
          if (process.env.BOWLINE_ORACLE_SHOW) found.push("left:", terminal(slot).shown(), "right:", other.shown());
          throw new Difference(found.join("\n"));
        }
        break;
      }
      case "d":
        blocks.push(Buffer.from(terminal(slot).takeAnswers(), "utf8"));
        break;
      case "t":
        blocks.push(Buffer.from(terminal(slot).text(reader.u32()), "utf8"));
        break;
      default:
        throw new Error(`no command ${JSON.stringify(command)}`);
    }
  }
  return blocks;
}

function answer(kind, parts) {
  const length = Buffer.alloc(5);
  length.writeUInt32LE(1 + parts.reduce((sum, part) => sum + part.length, 0));
  length.writeUInt8(kind, 4);
  process.stdout.write(Buffer.concat([length, ...parts]));
}

function serve(frame) {
  try {
    const parts = run(new Reader(frame)).flatMap((block) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(block.length);
      return [length, block];
    });
    answer(0, parts);
  } catch (error) {
    if (error instanceof Difference) answer(1, [Buffer.from(error.message, "utf8")]);
    else if (error instanceof Thrown) answer(2, [Buffer.from(error.message, "utf8")]);
    else answer(3, [Buffer.from(String(error?.stack ?? error), "utf8")]);
  }
}

/** @type {Buffer[]} */
let pending = [];
let have = 0;
process.stdin.on("data", (chunk) => {
  pending.push(chunk);
  have += chunk.length;
  for (;;) {
    if (have < 4) return;
    if (pending[0].length < 4) pending = [Buffer.concat(pending)];
    const length = pending[0].readUInt32LE(0);
    if (have < 4 + length) return;
    const all = pending.length > 1 ? Buffer.concat(pending) : pending[0];
    pending = [all.subarray(4 + length)];
    have -= 4 + length;
    serve(all.subarray(4, 4 + length));
  }
});
process.stdin.on("end", () => process.exit(0));
