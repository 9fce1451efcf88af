/**
 * Owns one xterm.js terminal of the oracle: how it is made, fed, resized and reset, and what it answered.
 * Must not compare anything, and must not use what a page could not (beyond writing at once).
 */

import { createRequire } from "node:module";
import * as allowed from "./allowed.mjs";
import { provider } from "../../public/width.mjs";

// The package's ES module has no default export that Node's named imports could see.
const { Terminal: XtermTerminal } = createRequire(import.meta.url)("@xterm/headless");

/** The options that programs change and `reset()` leaves alone: whoever resets, sets them again. */
const CHANGED_BY_PROGRAMS = { convertEol: false, cursorBlink: false };
/** Ends any sequence, RIS, and all colours as they were. */
const RESET = "\x18\x1bc\x1b]104\x07\x1b]110\x07\x1b]111\x07\x1b]112\x07";

// As xterm.js numbers requests and colours.
const SET_COLOUR = 1;
const RESTORE_COLOUR = 2;
const FIRST_SPECIAL_COLOUR = 256;

/** How many bytes at the end of `bytes` begin a UTF-8 character that is not whole yet (0 to 3). */
export function unfinished(bytes) {
  for (let back = 1; back <= Math.min(3, bytes.length); back += 1) {
    const byte = bytes[bytes.length - back];
    if (byte >= 0x80 && byte < 0xc0) continue;
    const needed = byte >= 0xf8 ? 1 : byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? back : 0;
  }
  return 0;
}

export class Terminal {
  /**
   * @param {{cols: number, rows: number, scrollback: number}} size
   * @param {Uint8Array} table widths, see `public/width.mjs`
   */
  constructor({ cols, rows, scrollback }, table) {
    this.xterm = new XtermTerminal({
      cols,
      rows,
      scrollback,
      allowProposedApi: true,
      logLevel: "off",
      // The titles' stack is a thing that programs of today use; answers about pixels are nobody's here.
      windowOptions: { pushTitle: true, popTitle: true },
      ...CHANGED_BY_PROGRAMS,
    });
    this.xterm.unicode.register(provider(table));
    this.xterm.unicode.activeVersion = "bowline";
    allowed.copyOnlyOwnClusters(this.core._bufferService.buffer.lines.get(0));
    for (const prefix of [undefined, "?"]) {
      this.xterm.parser.registerCsiHandler({ prefix, final: "J" }, ([what]) => this.#erase(what, prefix === "?"));
    }
    // The page shows sixel, and says so; xterm.js alone answers as a VT100.
    this.xterm.parser.registerCsiHandler({ final: "c" }, ([what]) => {
      if (what === 0) this.core.coreService.triggerDataEvent("\x1b[?62;4;22c");
      return true;
    });
    /** The bytes of a character whose end has not come: xterm.js 6.0 loses `E2 80 | 94` cut like this. */
    this.tail = new Uint8Array(0);
    /** Colours that programs set, by their number. */
    this.colours = new Map();
    this.core._inputHandler.onColor((requests) => requests.forEach((request) => this.#colour(request)));
    this.answers = "";
    this.xterm.onData((data) => {
      this.answers += data;
    });
  }

  /** The private half of xterm.js, where the state is that its public half does not tell. */
  get core() {
    return this.xterm._core;
  }

  write(/** @type {Uint8Array} */ bytes) {
    const all = this.tail.length > 0 ? Buffer.concat([this.tail, bytes]) : bytes;
    const held = unfinished(all);
    this.tail = Uint8Array.from(all.subarray(all.length - held));
    const whole = all.subarray(0, all.length - held);
    // Synchronous, so that an exception is told where it happens.
    if (whole.length > 0) this.core.writeSync(whole);
  }

  resize(cols, rows) {
    allowed.forgetStopsBehindEdge(this.core);
    this.xterm.resize(cols, rows);
    allowed.forgetStopsBehindEdge(this.core);
    allowed.forgetOtherSizes(this.core);
  }

  /** What the page does before it writes a snapshot (`restore` in `app/src/xterm.rs`). */
  reset() {
    this.tail = new Uint8Array(0);
    Object.assign(this.xterm.options, CHANGED_BY_PROGRAMS);
    this.write(Buffer.from(RESET, "latin1"));
  }

  /** ED where xterm.js does something that the server or the page doesn't; says whether it was carried out. */
  #erase(what, protects) {
    const { x, y, ybase } = this.core._bufferService.buffer;
    const input = this.core._inputHandler;
    if (what === 3) {
      input.eraseInDisplay({ params: [3], length: 1 }, protects);
      allowed.keepSavedOnScreen(this.core);
      return true;
    }
    // In the last cell it throws; the page erases everything instead (`erase_from_the_last_cell` in `app/src/xterm.rs`).
    if (what !== 1 || ybase > 0 || y + 1 < this.core.rows || x + 1 < this.core.cols) return false;
    input.eraseInDisplay({ params: [2], length: 1 }, protects);
    return true;
  }

  /** xterm.js without a browser has no theme: what a program does to it is kept here. */
  #colour({ type, index, color }) {
    if (type === SET_COLOUR) this.colours.set(index, color.join());
    else if (type === RESTORE_COLOUR && index === undefined) {
      for (const one of this.colours.keys()) if (one < FIRST_SPECIAL_COLOUR) this.colours.delete(one);
    } else if (type === RESTORE_COLOUR) this.colours.delete(index);
  }

  takeAnswers() {
    const answers = this.answers;
    this.answers = "";
    return answers;
  }

  /**
   * The active screen's text with at most `limit` lines of history: wrapped lines joined, without blanks at the end of
   * lines and empty lines at the end.
   */
  text(limit) {
    const buffer = this.xterm.buffer.active;
    const lines = [];
    for (let y = Math.max(0, buffer.baseY - limit); y < buffer.length; y += 1) {
      const line = buffer.getLine(y);
      const text = line.translateToString(true);
      if (line.isWrapped && lines.length > 0) lines[lines.length - 1] += text;
      else lines.push(text);
    }
    return lines.map((line) => line.replace(/ +$/, "")).join("\n").replace(/\n+$/, "");
  }

  /** Whether a text printed by itself is one cluster. */
  isOne(/** @type {string} */ text) {
    return this.#properties(text).every((properties, at) => at === 0 || (properties & 1) === 1);
  }

  /** What a character behind this text would know of it. */
  joinState(/** @type {string} */ text) {
    return this.#properties(text).at(-1) ?? 0;
  }

  #properties(/** @type {string} */ text) {
    let before = 0;
    return [...text].map((char) => {
      before = this.core.unicodeService.charProperties(char.codePointAt(0), before);
      return before;
    });
  }

  /** The active screen, for people: rows with numbers, `W` for wrapped ones, `·` for empty cells, `<` behind wide ones. */
  shown() {
    const { x, y, ybase, lines, savedX, savedY } = this.core._bufferService.buffer;
    const rows = [`cursor ${x},${y} saved ${savedX},${savedY - ybase} history ${ybase}`];
    for (let at = 0; at < lines.length; at += 1) {
      const line = lines.get(at);
      const cells = Array.from({ length: line.length }, (_, column) =>
        line.getWidth(column) === 0 ? "<" : line.getString(column) || "·",
      );
      rows.push(`${String(at - ybase).padStart(5)}${line.isWrapped ? "W" : " "}|${cells.join("")}|`);
    }
    return rows.join("\n");
  }

  dispose() {
    this.xterm.dispose();
  }
}
