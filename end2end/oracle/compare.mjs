/**
 * Owns the comparison of two terminals: every cell of both screens, and all state that later bytes could show. Reads
 * private parts of the pinned xterm.js. Must not allow anything by itself: that is `allowed.mjs`.
 */

import * as allowed from "./allowed.mjs";

const MOST_REPORTED = 6;
const UNDERLINE = 0x10000000;
const HAS_EXTENDED = 0x10000000;
const COMBINED = 0x200000;
const CODE_POINT = 0x1fffff;
const WIDTH_SHIFT = 22;
const CELL = 3;
// Where xterm.js' parser may be: in what was collected so far, in the text of an OSC, in that of a DCS.
const COLLECTING = new Set([1, 2, 3, 4, 5, 9, 10, 12]);
const IN_OSC = 8;
const IN_DCS = 13;

/**
 * What differs between `left` (fed everything) and `right` (the copy), as lines of text, the first few.
 *
 * @param {import("./terminal.mjs").Terminal} left
 * @param {import("./terminal.mjs").Terminal} right
 * @param {{exactLinks: boolean, history: number}} how
 */
export function differences(left, right, how) {
  const found = [];
  compareState(state(left, how), state(right, how), found);
  compareJoining(left, right, found);
  comparePenLinks(left, right, how, found);
  for (const name of ["normal", "alt"]) {
    compareBuffer(name, left, right, how, found);
  }
  return found.slice(0, MOST_REPORTED);
}

/** Everything beside the cells, by name. */
function state(terminal, how) {
  const { core } = terminal;
  const input = core._inputHandler;
  const parser = input._parser;
  const service = core.coreService;
  const charsets = core._charsetService;
  const buffers = core._bufferService.buffers;
  const attributes = input._curAttrData;
  const result = {
    size: `${core.cols}x${core.rows}`,
    active: buffers.active === buffers.alt ? "alt" : "normal",
    attributes: `${hex(meant(attributes.fg))} ${hex(meant(attributes.bg & ~HAS_EXTENDED))}`,
    "underline's style": underlineStyle(attributes.fg, attributes.bg, attributes.extended),
    // What a later SGR could bring to light counts too, unless it is another colour than the present one.
    "underline's colour":
      attributes.fg & UNDERLINE && !(attributes.bg & HAS_EXTENDED) ? "0" : hex(meant(attributes.extended.underlineColor)),
    "has a link": attributes.extended.urlId !== 0,
    "shows its link": (attributes.bg & HAS_EXTENDED) !== 0 && attributes.extended.urlId !== 0,
    "cursor hidden": service.isCursorHidden,
    "insert mode": service.modes.insertMode,
    "mouse protocol": core.coreMouseService.activeProtocol,
    "mouse encoding": core.coreMouseService.activeEncoding,
    convertEol: core.optionsService.rawOptions.convertEol,
    cursorBlink: core.optionsService.rawOptions.cursorBlink,
    cursorStyle: core.optionsService.rawOptions.cursorStyle,
    charset: charset(charsets.charset),
    "charset level": charsets.glevel,
    charsets: [0, 1, 2, 3].map((g) => charset(charsets._charsets[g])).join(" "),
    colours: JSON.stringify([...terminal.colours].sort(([one], [other]) => one - other)),
    title: input._windowTitle,
    "titles' stack": JSON.stringify(input._windowTitleStack),
    "parser's state": parser.currentState,
  };
  for (const [name, value] of Object.entries(service.decPrivateModes)) result[`mode ${name}`] = value;
  if (COLLECTING.has(parser.currentState)) {
    result["parser's intermediates"] = hex(parser._collect);
    result["parser's parameters"] = JSON.stringify(parser._params.toArray());
  } else if (parser.currentState === IN_OSC) {
    const osc = parser._oscParser;
    result["parser's OSC"] = `${osc._state} ${osc._id} ${payload(osc)}`;
  } else if (parser.currentState === IN_DCS) {
    result["parser's DCS"] = `${parser._dcsParser._ident} ${payload(parser._dcsParser)}`;
  }
  for (const name of ["normal", "alt"]) {
    const buffer = buffers[name];
    const active = buffers.active === buffer;
    // The column of the other screen's cursor is overwritten when that screen comes back; its row decides what a
    // resize moves into history.
    if (active) result[`${name} cursor's column`] = buffer.x;
    if (active || name === "normal") result[`${name} cursor's row`] = buffer.y;
    result[`${name} margins`] = `${buffer.scrollTop}-${buffer.scrollBottom}`;
    result[`${name} tab stops`] = tabs(buffer, core.cols);
    const saved = buffer.savedCurAttrData;
    const savedRow = Math.min(Math.max(buffer.savedY - buffer.ybase, 0), core.rows - 1);
    const savedColumn = Math.min(buffer.savedX, core.cols - 1);
    result[`${name} saved cursor`] = `${savedColumn},${savedRow}`;
    result[`${name} saved attributes`] = `${hex(meant(saved.fg))} ${hex(meant(saved.bg & ~HAS_EXTENDED))}`;
    result[`${name} saved charset`] = charset(buffer.savedCharset);
    result[`${name} lines`] = Math.min(buffer.lines.length, core.rows + how.history);
    result[`${name} history`] = Math.min(buffer.ybase, how.history);
  }
  return result;
}

function compareState(left, right, found) {
  for (const [name, value] of Object.entries(left)) {
    if (value === right[name]) continue;
    found.push(`${name}: ${JSON.stringify(value)} | ${JSON.stringify(right[name])}`);
  }
}

/** What the next character joins. */
function compareJoining(left, right, found) {
  const [one, other] = [left, right].map((terminal) => {
    const { x, y, ybase, lines } = terminal.core._bufferService.buffer;
    const line = lines.get(ybase + y);
    const at = line.getWidth(x - 1) === 0 ? x - 2 : x - 1;
    // The last bit is whether that character itself was joined, which nothing asks.
    const joins = terminal.core._inputHandler._parser.precedingJoinState & ~1;
    return { joins, fits: at >= 0 && (terminal.joinState(line.getString(at)) & ~1) === joins };
  });
  if (one.joins === other.joins || allowed.joinsFromAfar(one, other)) return;
  found.push(`what the next character joins: ${one.joins} | ${other.joins}`);
}

/** The link that what is printed next will have. */
function comparePenLinks(left, right, how, found) {
  const [one, other] = [left, right].map((terminal) => ({
    link: link(terminal, terminal.core._inputHandler._curAttrData.extended.urlId),
  }));
  if (one.link === other.link || allowed.forgottenLink(one, other, how)) return;
  found.push(`link: ${JSON.stringify(one.link)} | ${JSON.stringify(other.link)}`);
}

function compareBuffer(name, left, right, how, found) {
  const [ours, theirs] = [left, right].map((terminal) => terminal.core._bufferService.buffers[name]);
  const lines = Math.min(ours.lines.length, left.core.rows + how.history);
  if (lines !== Math.min(theirs.lines.length, right.core.rows + how.history)) return;
  const [ourBase, theirBase] = [ours, theirs].map((buffer) => buffer.lines.length - lines);
  for (let y = 0; y < lines && found.length < MOST_REPORTED; y += 1) {
    const [a, b] = [ours.lines.get(ourBase + y), theirs.lines.get(theirBase + y)];
    const where = `${name} line ${y - (lines - left.core.rows)}`;
    // Whether the first line goes on from the one before is not told when that one is not there.
    const first = y === 0 && ourBase + theirBase > 0;
    if (a.isWrapped !== b.isWrapped && !first) found.push(`${where} wrapped: ${a.isWrapped} | ${b.isWrapped}`);
    compareLine(where, [a, b], [left, right], { ...how, name }, found);
  }
}

function compareLine(where, [a, b], terminals, how, found) {
  if (a.length !== b.length) {
    found.push(`${where} length: ${a.length} | ${b.length}`);
    return;
  }
  const [left, right] = [a._data, b._data];
  for (let x = 0; x < a.length; x += 1) {
    const at = x * CELL;
    const same =
      left[at] === right[at] &&
      left[at + 1] === right[at + 1] &&
      left[at + 2] === right[at + 2] &&
      !(left[at] & COMBINED) &&
      !(left[at + 2] & HAS_EXTENDED);
    if (same) continue;
    const [one, other] = [cell(a, x, terminals[0]), cell(b, x, terminals[1])];
    const place = { ...how, x, cols: a.length };
    if (equalCells(one, other, place, terminals[0])) continue;
    found.push(`${where} column ${x}: ${shown(one)} | ${shown(other)}`);
    if (found.length >= MOST_REPORTED) return;
  }
}

function equalCells(one, other, place, terminal) {
  if (allowed.halfOfAWideCharacter(one)) return true;
  const text =
    (one.content === other.content && one.text === other.text) ||
    allowed.secondHalfAlone(one, other) ||
    allowed.erasedUnderPendingWrap(one, other, place) ||
    allowed.joinedByAccident(one, other, (cluster) => terminal.isOne(cluster));
  const links = one.linked === other.linked && (one.link === other.link || allowed.forgottenLink(one, other, place));
  return text && links && one.fg === other.fg && one.bg === other.bg && one.underline === other.underline;
}

function cell(line, x, terminal) {
  const [content, fg, bg] = line._data.subarray(x * CELL, (x + 1) * CELL);
  const extended = bg & HAS_EXTENDED ? line._extendedAttrs[x] : undefined;
  const style = underlineStyle(fg, bg, extended);
  const colour = style !== 0 && extended ? meant(extended.underlineColor) : 0;
  return {
    // The code point of a combined cell is in its text.
    content: content & COMBINED ? content & ~CODE_POINT : content,
    text: line.getString(x),
    half: content >>> WIDTH_SHIFT === 2 && (x + 1 === line.length || line.getWidth(x + 1) !== 0),
    orphan: content === 0 && (x === 0 || line.getWidth(x - 1) !== 2),
    fg: meant(fg),
    bg: meant(bg & ~HAS_EXTENDED),
    underline: style === 0 ? "" : `underline ${style} ${hex(colour)}`,
    linked: extended ? extended.urlId !== 0 : false,
    link: extended ? link(terminal, extended.urlId) : "",
  };
}

/**
 * The line that is drawn: what the flag says, in the style that the extension has. A flag without a style, which
 * DECRC can leave behind, is drawn as a single line.
 */
function underlineStyle(fg, bg, extended) {
  if (!(fg & UNDERLINE)) return 0;
  return (bg & HAS_EXTENDED && extended.underlineStyle) || 1;
}

/** What the handlers of a string have of it so far. */
function payload(stringParser) {
  return JSON.stringify((stringParser._active ?? []).map((handler) => handler._data));
}

function link(terminal, id) {
  return id ? terminal.core._oscLinkService.getLinkData(id)?.uri : "";
}

function shown({ content, text, fg, bg, underline, linked, link: uri }) {
  const width = content >>> WIDTH_SHIFT;
  const address = linked ? ` link ${uri}` : "";
  return `${JSON.stringify(text)} width ${width} fg ${hex(fg)} bg ${hex(bg)}${underline && ` ${underline}`}${address}`;
}

function tabs(buffer, cols) {
  return Object.keys(buffer.tabs)
    .filter((column) => Number(column) < cols && buffer.tabs[column])
    .join(" ");
}

/** A character set by what it does with two characters that tell them apart. */
function charset(set) {
  return set ? `${set["#"] ?? ""}${set["["] ?? ""}${set["@"] ?? ""}${set.q ?? ""}` : "US";
}

/** Without what a truecolor value leaves behind in the unused bits of a palette's number. */
function meant(value) {
  const mode = value & 0x3000000;
  return mode === 0x1000000 || mode === 0x2000000 ? value & ~0xffff00 : value;
}

function hex(value) {
  return (value >>> 0).toString(16);
}
