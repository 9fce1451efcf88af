// Every control sequence that might make a terminal answer, and more: all prefixes, intermediates and finals, with
// parameters that known queries have. Run in a terminal it writes them all, reads nothing as text, and ends by a
// reset, `asked-everything`, and then when it reads Ctrl+D. Must not know which of them are answered.

import { argv, stdin, stdout } from "node:process";
import { fileURLToPath } from "node:url";

const PREFIXES = ["", "?", ">", "=", "<"];
const INTERMEDIATES = ["", " ", "!", '"', "#", "$", "%", "&", "'", "(", ")", "*", "+", ",", "-", ".", "/"];
const PARAMETERS = ["", "0", "1", "2", "4", "5", "6", "14", "15;2", "16", "18", "19", "20", "21", "25", "26", "53", "62", "75", "996", "1004", "1004;2004", "2026"];
const STRINGS = ["", "m", '"p', "r", "s", " q", '"q', "544e", "52474e"];
const COLOURS = ["?", "0;?", "1;?;2;?", "c;?", "#fff;?", ""];

const range = (/** @type {number} */ from, /** @type {number} */ to) =>
  Array.from({ length: to - from + 1 }, (_, at) => String.fromCharCode(from + at));

/**
 * @typedef {{kind: string, bytes: string}} Query a kind is the sequence without its parameters
 * @returns {Generator<Query>}
 */
export function* everyQuery() {
  const named = (/** @type {string[]} */ ...parts) => parts.filter((part) => part.trim() !== "").join(" ");
  yield { kind: "ENQ", bytes: "\x05" };
  for (const final of range(0x30, 0x7e)) {
    if (!"P[]X^_".includes(final)) yield { kind: `ESC ${final}`, bytes: `\x1b${final}` };
    for (const intermediate of INTERMEDIATES.slice(1)) {
      yield { kind: named("ESC", intermediate, final), bytes: `\x1b${intermediate}${final}` };
    }
  }
  for (const prefix of PREFIXES) {
    for (const intermediate of INTERMEDIATES) {
      for (const final of range(0x40, 0x7e)) {
        const kind = named("CSI", prefix, intermediate, final);
        for (const parameters of PARAMETERS) {
          yield { kind, bytes: `\x1b[${prefix}${parameters}${intermediate}${final}` };
        }
        for (const string of STRINGS) {
          yield { kind: named("DCS", prefix, intermediate, final), bytes: `\x1bP${prefix}${intermediate}${final}${string}\x1b\\` };
        }
      }
    }
  }
  for (const ident of [...Array(140).keys(), 633, 697, 777, 1337, 7777]) {
    for (const colours of COLOURS) yield { kind: `OSC ${ident}`, bytes: `\x1b]${ident};${colours}\x07` };
  }
  // The 8-bit forms.
  for (const final of ["c", "5n", "6n", ">c", ">q", "?6n", "?1$p"]) yield { kind: `C1 ${final}`, bytes: `\x9b${final}` };
  yield { kind: "DECID", bytes: "\x9a" };
}

if (argv[1] === fileURLToPath(import.meta.url)) {
  stdin.setRawMode(true);
  // What the terminal answers ends here and not at a prompt.
  stdin.on("data", (bytes) => {
    if (!bytes.includes(4)) return;
    stdin.setRawMode(false);
    stdin.pause();
  });
  for (const { bytes } of everyQuery()) stdout.write(bytes);
  // And where xterm.js 6.0 throws, which ends all its parsing: up to the cursor, which is in the last cell.
  stdout.write("\x18\x1bc\x1b[999;999H\x1b[1Jx\x1b[1J\x1b[?1J\x1b[H");
  stdout.write("\x1b[?1004;2004hasked-everything\r\n");
}
